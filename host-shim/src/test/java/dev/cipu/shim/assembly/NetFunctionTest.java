package dev.cipu.shim.assembly;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.dataplane.IdlePolicy;
import dev.cipu.shim.card.EmbeddedGuest;
import dev.cipu.shim.card.FunctionListener;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.driver.NetControl;
import dev.cipu.virtio.net.NetConfig;
import dev.cipu.virtio.net.NetDevice;
import dev.cipu.virtio.net.NetFeature;
import dev.cipu.virtio.net.control.NetControlLayout;
import dev.cipu.virtio.ring.Violation;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** An embedded guest commands its network device, whose queues a sleeping worker of the card serves. */
@Timeout(60)
class NetFunctionTest {
    private static final FeatureSet WANTED = FeatureSet.of(
            RingFeature.VERSION_1,
            RingFeature.EVENT_IDX,
            NetFeature.MAC,
            NetFeature.STATUS,
            NetFeature.CTRL_VQ,
            NetFeature.CTRL_RX,
            NetFeature.CTRL_MAC_ADDR,
            NetFeature.GUEST_ANNOUNCE,
            NetFeature.MQ);

    @TempDir
    private Path directory;

    private CardAssembly card() {
        NetSpec net = new NetSpec("net1", EndpointSpec.EMBEDDED, "02:00:00:00:00:01", 2, 1500, "sw0");
        return CardAssembly.start(new CardSpec(
                List.of(),
                IdlePolicy.SLEEP,
                directory.resolve("counters"),
                Map.of(),
                List.of(new SwitchSpec("sw0", SwitchSpec.Uplink.NONE)),
                List.of(net)));
    }

    private static NetControl control(EmbeddedGuest guest, NetFunction function) {
        int index = function.device().controlQueue();
        int[] left = {10_000};
        return new NetControl(guest.start(index, 16, 0), guest.memory(), 64, () -> guest.kick(index), () -> {
            LockSupport.parkNanos(100_000);
            return --left[0] > 0;
        });
    }

    private static int status(NetDevice device) {
        byte[] status = new byte[1];
        device.readConfig(NetConfig.STATUS, status);
        return status[0];
    }

    @Test
    void commandsAreServedOnTheWorkerAndSurviveAPause() {
        try (CardAssembly card = card()) {
            NetFunction function = (NetFunction) card.function("net1");
            try (EmbeddedGuest guest = new EmbeddedGuest(function, WANTED, 1 << 20)) {
                NetControl control = control(guest, function);
                assertThat(control.pairs(2)).isEqualTo(NetControlLayout.OK);
                assertThat(control.mac(new byte[] {2, 9, 9, 9, 9, 9})).isEqualTo(NetControlLayout.OK);
                int index = function.device().controlQueue();
                guest.pause(index);
                guest.resume(index);
                assertThat(control.mode(NetControlLayout.RX_PROMISC, false)).isEqualTo(NetControlLayout.OK);
                assertThat(control.pairs(3)).isEqualTo(NetControlLayout.ERR);
                assertThat(function.device().control().pairsInUse()).isEqualTo(2);
                byte[] mac = new byte[6];
                function.device().readConfig(NetConfig.MAC, mac);
                assertThat(mac).containsExactly(2, 9, 9, 9, 9, 9);
            }
            assertThat(function.device().control().pairsInUse())
                    .as("after the guest's reset")
                    .isEqualTo(1);
        }
    }

    @Test
    void theDriverHearsOfTheLinkAndIsAskedToAnnounce() {
        AtomicInteger changes = new AtomicInteger();
        try (CardAssembly card = card()) {
            NetFunction function = (NetFunction) card.function("net1");
            try (EmbeddedGuest guest = new EmbeddedGuest(function, WANTED, 1 << 20)) {
                function.listen(new Changes(changes));
                assertThat(function.askToAnnounce())
                        .as("nobody serves commands yet")
                        .isFalse();
                NetControl control = control(guest, function);
                assertThat(function.askToAnnounce()).isTrue();
                assertThat(status(function.device())).isEqualTo(NetConfig.STATUS_LINK_UP | NetConfig.STATUS_ANNOUNCE);
                assertThat(control.send(NetControlLayout.ANNOUNCE, NetControlLayout.ANNOUNCE_ACK))
                        .isEqualTo(NetControlLayout.OK);
                assertThat(status(function.device())).isEqualTo(NetConfig.STATUS_LINK_UP);
                function.link(false);
                assertThat(status(function.device())).isZero();
                assertThat(changes).hasValue(2);
            }
        }
    }

    private record Changes(AtomicInteger count) implements FunctionListener {
        @Override
        public void queueBroken(int queue, Violation kind) {}

        @Override
        public void queueFaulted(int queue, boolean alone) {}

        @Override
        public void memoryFault() {}

        @Override
        public void configChanged() {
            count.incrementAndGet();
        }
    }
}
