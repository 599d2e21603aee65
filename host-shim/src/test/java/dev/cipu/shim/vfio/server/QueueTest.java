package dev.cipu.shim.vfio.server;

import static dev.cipu.shim.vfio.server.RawClient.AVAIL;
import static dev.cipu.shim.vfio.server.RawClient.GUEST;
import static dev.cipu.shim.vfio.server.RawClient.MEMORY;
import static dev.cipu.shim.vfio.server.RawClient.SIZE;
import static dev.cipu.shim.vfio.server.RawClient.USED;
import static dev.cipu.shim.vfio.server.RawClient.map;
import static dev.cipu.shim.vfio.server.RawClient.setup;
import static dev.cipu.shim.vfio.server.RawClient.unmap;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.shim.posix.EventFd;
import dev.cipu.shim.posix.Fd;
import dev.cipu.shim.posix.Memfd;
import dev.cipu.shim.posix.OpenDescriptors;
import dev.cipu.shim.posix.OpenFlag;
import dev.cipu.shim.vfio.Command;
import dev.cipu.shim.vfio.ErrorNumber;
import dev.cipu.shim.vfio.VfioLayout;
import dev.cipu.virtio.DeviceStatus;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.driver.DriverQueue;
import dev.cipu.virtio.ring.RingFormat;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Queues over a client's memory: how they start, what becomes of them while memory comes and goes. */
@Timeout(60)
class QueueTest {
    private static final int PAGE = 4096;

    @TempDir
    Path folder;

    @Test
    void aQueueIsServedAndCallsItsDriver() {
        try (ServerUnderTest server = ServerUnderTest.running();
                EventFd call = EventFd.create()) {
            RawClient client = server.client;
            assertThat(client.setIrqs(VfioLayout.SET_EVENTFD | VfioLayout.SET_TRIGGER, 2, 0, 1, call.fd()))
                    .isZero();
            client.expose(0, 3);
            assertThat(server.card.serve(0)).containsExactly(3);
            assertThat(client.usedIndex(0)).isEqualTo(1);
            assertThat(call.drain()).isEqualTo(1);
            assertThat(client.write(FakePciFunction.STOP, new byte[4])).isZero();
            assertThat(server.card.isAttached(0)).isFalse();
        }
    }

    @Test
    void aPackedQueueRunsWhereItWasNegotiated() {
        try (ServerUnderTest server = new ServerUnderTest(false, RingFeature.RING_PACKED)) {
            RawClient client = server.client.negotiate();
            client.shareMemory();
            var driver = DriverQueue.of(
                    client.mapping.segment(),
                    GUEST,
                    48,
                    dev.cipu.virtio.FeatureSet.of(RingFeature.VERSION_1, RingFeature.RING_PACKED),
                    0);
            assertThat(driver.format()).isEqualTo(RingFormat.PACKED);
            assertThat(client.start(setup(
                            0, 48, driver.descriptorAddress(), driver.driverAreaAddress(), driver.deviceAreaAddress())))
                    .isTrue();
            assertThat(server.card.sizeOf(0)).isEqualTo(48);
            assertThat(client.error(Command.DMA_MAP, map(GUEST * 2, PAGE, 0, 3), client.memory.fd()))
                    .isZero();
            assertThat(server.card.isAttached(0)).isTrue();
        }
    }

    @Test
    void aQueueWhoseRingIsNotInMemoryDoesNotStart() {
        try (ServerUnderTest server = ServerUnderTest.negotiated()) {
            RawClient client = server.client;
            assertThat(client.start(0)).as("nothing mapped").isFalse();
            client.shareMemory();
            long end = GUEST + MEMORY;
            for (byte[] bad : new byte[][] {
                setup(0, SIZE, 0, GUEST + AVAIL, GUEST + USED),
                setup(0, SIZE, GUEST, -4096, GUEST + USED),
                setup(0, SIZE, GUEST, GUEST + AVAIL, end - 4),
                setup(0, SIZE, end - 16, GUEST + AVAIL, GUEST + USED),
                setup(0, SIZE, GUEST + 8, GUEST + AVAIL, GUEST + USED),
                setup(0, 0, GUEST, GUEST + AVAIL, GUEST + USED),
                setup(0, 3, GUEST, GUEST + AVAIL, GUEST + USED),
                setup(0, 0x10000, GUEST, GUEST + AVAIL, GUEST + USED),
                setup(0, -1, GUEST, GUEST + AVAIL, GUEST + USED)
            }) {
                assertThat(client.start(bad)).isFalse();
            }
            assertThat(server.card.attachments()).isZero();
            assertThat(client.start(0)).isTrue();
        }
    }

    @Test
    void aRingDoesNotLieWhereTheDeviceMayNotWrite() {
        try (ServerUnderTest server = ServerUnderTest.negotiated()) {
            RawClient client = server.client;
            assertThat(client.error(Command.DMA_MAP, map(GUEST, MEMORY, 0, 1), client.memory.fd()))
                    .isZero();
            assertThat(client.error(Command.DMA_MAP, map(GUEST * 2, MEMORY, 0, 1)))
                    .isZero();
            assertThat(client.start(0)).as("read-only").isFalse();
            assertThat(client.start(setup(0, SIZE, GUEST * 2, GUEST * 2 + AVAIL, GUEST * 2 + USED)))
                    .as("read-only and far")
                    .isFalse();
            assertThat(client.error(Command.DMA_MAP, map(GUEST * 3, MEMORY, 0, 3), client.memory.fd()))
                    .isZero();
            assertThat(client.start(setup(0, SIZE, GUEST, GUEST + AVAIL, GUEST * 3 + USED)))
                    .as("read-only where the device only reads")
                    .isTrue();
        }
    }

    @Test
    void aFileThatMayOnlyBeReadIsMapped() throws Exception {
        try (ServerUnderTest server = ServerUnderTest.running()) {
            Path file = folder.resolve("rom");
            try (Fd writable = Fd.open(file, OpenFlag.READ_WRITE | OpenFlag.CREATE, 0600)) {
                writable.truncate(PAGE);
            }
            try (Fd rom = Fd.open(file, OpenFlag.READ_ONLY, 0)) {
                assertThat(server.client.error(Command.DMA_MAP, map(0, PAGE, 0, 3), rom))
                        .isEqualTo(ErrorNumber.INVALID);
                assertThat(server.client.error(Command.DMA_MAP, map(0, PAGE, 0, 1), rom))
                        .isZero();
            }
            server.client.expose(0, 1, 0, false);
            assertThat(server.card.serve(0)).containsExactly(1);
            server.client.expose(0, 2, 0, true);
            assertThat(server.card.serve(0)).isEmpty();
            assertThat(RawClient.eventually(() -> !server.card.isAttached(0))).isTrue();
        }
    }

    @Test
    void memoryThatComesWhileAQueueRunsIsUsed() {
        try (ServerUnderTest server = ServerUnderTest.running();
                Memfd more = Memfd.create("more", PAGE)) {
            assertThat(server.client.error(Command.DMA_MAP, map(0x8000, PAGE, 0, 3), more.fd()))
                    .isZero();
            server.client.expose(0, 1, 0x8000, true);
            assertThat(server.card.serve(0)).containsExactly(1);
            assertThat(server.card.attachments()).as("it went on").isEqualTo(1);
        }
    }

    @Test
    void memoryIsUnmappedOnceNothingIsUnderWay() throws Exception {
        try (ServerUnderTest server = ServerUnderTest.running();
                Memfd more = Memfd.create("more", PAGE)) {
            assertThat(server.client.error(Command.DMA_MAP, map(0x8000, PAGE, 0, 3), more.fd()))
                    .isZero();
            int before = server.card.quiesced();
            RawClient.Reply reply = server.client.ask(Command.DMA_UNMAP, unmap(0x8000, PAGE, 0));
            assertThat(reply.bytes()).isEqualTo(unmap(0x8000, PAGE, 0));
            assertThat(server.card.quiesced()).isEqualTo(before + 1);
            assertThat(OpenDescriptors.mappings("memfd:more")).isZero();
            server.client.expose(0, 1, 0x8000, true);
            assertThat(server.card.serve(0)).isEmpty();
            assertThat(RawClient.eventually(() -> server.pci.events().contains("needs reset")))
                    .isTrue();
        }
    }

    @Test
    void aQueueThatLosesItsRingGoesOnWhereItWasWhenItIsBack() throws Exception {
        try (ServerUnderTest server = ServerUnderTest.running()) {
            RawClient client = server.client;
            client.expose(0, 1);
            assertThat(server.card.serve(0)).containsExactly(1);
            assertThat(client.error(Command.DMA_UNMAP, unmap(GUEST, MEMORY, 0))).isZero();
            assertThat(server.card.isAttached(0)).isFalse();
            assertThat(OpenDescriptors.mappings("memfd:guest"))
                    .as("the client's own")
                    .isEqualTo(1);
            client.expose(0, 2);
            client.shareMemory();
            assertThat(server.card.isAttached(0)).isTrue();
            assertThat(server.card.serve(0)).containsExactly(2);
            assertThat(client.usedIndex(0)).isEqualTo(2);
            assertThat(server.pci.events()).isEmpty();
        }
    }

    @Test
    void everythingIsUnmappedAtOnce() throws Exception {
        try (ServerUnderTest server = ServerUnderTest.running()) {
            assertThat(server.client.error(Command.DMA_MAP, map(0, PAGE, 0, 1))).isZero();
            assertThat(server.client.error(Command.DMA_UNMAP, unmap(0, 0, VfioLayout.UNMAP_ALL)))
                    .isZero();
            assertThat(server.card.isAttached(0)).isFalse();
            assertThat(OpenDescriptors.mappings("memfd:guest")).isEqualTo(1);
            assertThat(server.client.error(Command.DMA_UNMAP, unmap(GUEST, MEMORY, 0)))
                    .isEqualTo(ErrorNumber.NO_ENTRY);
        }
    }

    @Test
    void aBrokenQueueMakesTheDeviceNeedAReset() {
        try (ServerUnderTest server = ServerUnderTest.running()) {
            server.client.expose(0, 1, 0x1234, false);
            assertThat(server.card.serve(0)).isEmpty();
            assertThat(RawClient.eventually(() -> server.pci.events().equals(java.util.List.of("needs reset"))))
                    .isTrue();
            assertThat(server.card.isAttached(0)).isFalse();
            assertThat(server.counters.brokenQueues()).isEqualTo(1);
            assertThat(server.card.device().status() & DeviceStatus.NEEDS_RESET).isNotZero();
            // memory that changes does not wake it
            assertThat(server.client.error(Command.DMA_MAP, map(0, PAGE, 0, 3), server.client.memory.fd()))
                    .isZero();
            assertThat(server.card.isAttached(0)).isFalse();
            assertThat(server.client.error(Command.DEVICE_RESET, new byte[0])).isZero();
            assertThat(server.client.start(1)).isTrue();
        }
    }

    @Test
    void aConfigurationChangeReachesTheFunction() {
        try (ServerUnderTest server = ServerUnderTest.running()) {
            server.card.transport().configChanged();
            assertThat(RawClient.eventually(() -> server.pci.events().contains("configuration")))
                    .isTrue();
        }
    }

    @Test
    void aQueueIsNotServedWhileTheDeviceIsSuspended() {
        try (ServerUnderTest server = ServerUnderTest.running()) {
            server.client.sync();
            server.queues.serve(false);
            assertThat(server.card.isEnabled(0)).isFalse();
            server.queues.serve(true);
            assertThat(server.card.isEnabled(0)).isTrue();
        }
    }

    @Test
    void aQueueGoesOnAfterANeighboursFault() {
        try (ServerUnderTest server = ServerUnderTest.running()) {
            server.client.expose(0, 5);
            assertThat(server.card.hold(0)).containsExactly(5);
            server.card.fault(0, false);
            assertThat(RawClient.eventually(() -> server.card.attachments() == 2))
                    .isTrue();
            server.client.sync();
            assertThat(server.card.serve(0)).as("taken again").containsExactly(5);
            assertThat(server.counters.memoryFaults()).isEqualTo(1);
        }
    }

    @Test
    void aTruncatedFileEndsTheSessionAndNotTheProcess() throws Exception {
        try (ServerUnderTest server = ServerUnderTest.negotiated();
                Fd file = Fd.open(folder.resolve("ram"), OpenFlag.READ_WRITE | OpenFlag.CREATE, 0600)) {
            file.truncate(MEMORY);
            RawClient client = server.client;
            assertThat(client.error(Command.DMA_MAP, map(GUEST, MEMORY, 0, 3), file))
                    .isZero();
            assertThat(client.start(0)).isTrue();
            file.truncate(0);
            server.card.serve(0);
            assertThat(server.end().failed()).isTrue();
            assertThat(server.card.isAttached(0)).isFalse();
        }
    }
}
