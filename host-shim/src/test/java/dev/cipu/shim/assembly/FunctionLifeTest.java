package dev.cipu.shim.assembly;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.device.virtio.CommonLayout;
import dev.cipu.shim.assembly.RunningCard.Held;
import dev.cipu.shim.probe.Pause;
import dev.cipu.virtio.DeviceStatus;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.blk.BlkRequest;
import dev.cipu.virtio.net.NetFeature;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What happens to a function in its life, as a driver at work sees it. */
@Timeout(60)
class FunctionLifeTest {
    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"n", "n.vf0"})
    void aCableIsPulledAndPluggedIn(String id) {
        try (RunningCard running = new RunningCard(folder, "net id=n,vfs=1");
                NetGuest physical = running.net("n")) {
            physical.enable(1);
            try (NetGuest guest = id.equals("n") ? physical : running.net(id)) {
                for (int round = 0; round < 3; round++) {
                    assertThat(guest.linkUp()).isTrue();
                    int generation = guest.registers.common(CommonLayout.GENERATION);
                    assertThat(guest.hasChanged()).isFalse();
                    running.card.link(id, false);
                    assertThat(guest.changed()).isTrue();
                    assertThat(guest.linkUp()).isFalse();
                    assertThat(guest.registers.common(CommonLayout.GENERATION)).isNotEqualTo(generation);
                    running.card.link(id, true);
                    assertThat(guest.changed()).isTrue();
                }
                assertThat(guest.registers.offered().has(NetFeature.STATUS)).isTrue();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"b", "b.vf0"})
    void aDiskGrows(String id) throws Exception {
        String keys = "blk id=b,size=1M,store=file:" + folder + "/b.img,vfs=1,vf-size=1M,vf-store=file:" + folder
                + "/b.vf%d.img";
        try (RunningCard running = new RunningCard(folder, keys);
                BlkGuest physical = running.blk("b")) {
            physical.enable(1);
            try (BlkGuest guest = id.equals("b") ? physical : running.blk(id)) {
                assertThat(guest.sectors()).isEqualTo(2048);
                running.card.refresh();
                assertThat(guest.hasChanged()).as("nothing to tell").isFalse();
                try (RandomAccessFile file =
                        new RandomAccessFile(folder.resolve(id + ".img").toFile(), "rw")) {
                    file.setLength(2 << 20);
                }
                running.card.refresh();
                assertThat(guest.changed()).isTrue();
                assertThat(guest.sectors()).isEqualTo(4096);
                guest.write(511, 9);
                assertThat(guest.read(511)).isEqualTo(9);
            }
        }
    }

    @Test
    void aFunctionIsPulledOutUnderItsDriver() {
        try (RunningCard running = new RunningCard(folder, "blk id=b,store=mem:1M", "blk id=o,store=mem:1M");
                BlkGuest neighbour = running.blk("o")) {
            neighbour.write(1, 1);
            Held before = Held.now();
            for (int round = 0; round < 10; round++) {
                try (BlkGuest guest = running.blk("b")) {
                    guest.write(1, round);
                    guest.give(BlkRequest.IN, 1);
                    running.card.detach("b");
                    assertThat(guest.isEnded())
                            .as("an end, and nothing half done")
                            .isTrue();
                    assertThat(running.socket("b")).doesNotExist();
                    assertThat(neighbour.read(1)).isEqualTo(1);
                }
                assertThat(Pause.until(() -> Held.now().sessions() == before.sessions(), FunctionDriver.LIMIT))
                        .as("the neighbour's session and no other")
                        .isTrue();
                running.card.attach(words -> words.blk(KeyValues.parse(
                        "test", "id=b,store=mem:1M,transport=vfio-user,socket=" + running.socket("b"))));
            }
            assertThat(Held.settled(before)).isEqualTo(before);
        }
    }

    @Test
    void aDeviceIsSuspendedAndGoesOn() {
        try (RunningCard running = new RunningCard(folder, "blk id=b,store=mem:1M");
                BlkGuest guest = new BlkGuest(running.socket("b"), FeatureSet.of(RingFeature.SUSPEND))) {
            assertThat(guest.registers.offered().has(RingFeature.SUSPEND)).isTrue();
            guest.write(1, 1);
            for (int round = 0; round < 10; round++) {
                guest.status(guest.status() | DeviceStatus.SUSPEND);
                assertThat(guest.status() & (DeviceStatus.SUSPEND | DeviceStatus.DRIVER_OK))
                        .isEqualTo(DeviceStatus.SUSPEND);
                long reads = running.counted("b/0").getOrDefault("reads", -1L);
                guest.give(BlkRequest.IN, 1);
                running.card.refresh();
                assertThat(running.counted("b/0")).as("it stands still").containsEntry("reads", reads);
                guest.status((guest.status() | DeviceStatus.DRIVER_OK) & ~DeviceStatus.SUSPEND);
                assertThat(guest.take())
                        .as("what was asked meanwhile is answered")
                        .isTrue();
                assertThat(guest.read(1)).isEqualTo(1);
            }
        }
    }

    @Test
    void aFunctionIsResetWhileItIsBusy() {
        try (RunningCard running = new RunningCard(folder, "blk id=b,store=mem:1M");
                BlkGuest guest = running.blk("b")) {
            for (int round = 0; round < 20; round++) {
                guest.write(round, round);
                guest.give(BlkRequest.IN, round);
                guest.functionReset();
                assertThat(guest.status()).isZero();
                guest.again();
                assertThat(guest.read(round)).isEqualTo(round);
            }
            assertThat(running.counted("b/session")).containsEntry("failed_sessions", 0L);
        }
    }
}
