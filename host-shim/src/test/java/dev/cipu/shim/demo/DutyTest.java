package dev.cipu.shim.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.shim.assembly.BlkSpec;
import dev.cipu.shim.assembly.CardAssembly;
import dev.cipu.shim.assembly.CardSpec;
import dev.cipu.shim.assembly.EndpointSpec;
import dev.cipu.shim.assembly.StoreSpec;
import dev.cipu.shim.card.EmbeddedGuest;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.driver.DriverQueue;
import dev.cipu.virtio.memory.Le;
import dev.cipu.virtio.ring.SplitLayout;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class DutyTest {
    private static final int QUEUE_SIZE = 8;

    /** Does nothing of its own accord. */
    private static final class Idle extends Duty {
        Idle(EmbeddedGuest guest) {
            super(guest);
        }

        @Override
        boolean step(boolean starting, boolean measured) {
            return false;
        }

        @Override
        boolean isQuiet() {
            return true;
        }
    }

    @Test
    void aQueueThatTheCardBrokeOffIsAProblem() throws Exception {
        BlkSpec disk = new BlkSpec("blk0", EndpointSpec.EMBEDDED, "m", false, 1, "demo", BlkSpec.DEFAULT_BLOCK_SIZE);
        CardSpec spec = new CardSpec(
                List.of(), null, null, Map.of("m", new StoreSpec.Memory(1 << 20)), List.of(), List.of(disk));
        try (CardAssembly card = CardAssembly.start(spec);
                Idle duty = new Idle(
                        new EmbeddedGuest(card.function(disk.id()), FeatureSet.of(RingFeature.VERSION_1), 1 << 20))) {
            DriverQueue ring = duty.guest.start(0, QUEUE_SIZE, 0);
            assertThat(duty.problem()).isNull();

            long avail = duty.guest.memory().offset(ring.driverAreaAddress());
            // more than the ring holds: no driver that keeps to the rules writes this
            duty.guest.memory().segment().set(Le.SHORT_UNALIGNED, avail + SplitLayout.INDEX, (short) (QUEUE_SIZE + 1));
            duty.guest.kick(0);
            while (duty.guest.brokenQueues() == 0) {
                Thread.sleep(1);
            }

            assertThat(duty.problem()).contains("broke off a queue");
            duty.complain("worse");
            assertThat(duty.problem()).isEqualTo("worse");
        }
    }
}
