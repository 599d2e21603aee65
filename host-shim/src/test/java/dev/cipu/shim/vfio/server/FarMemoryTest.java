package dev.cipu.shim.vfio.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.dataplane.IdlePolicy;
import dev.cipu.device.virtio.CommonLayout;
import dev.cipu.shim.assembly.BlkSpec;
import dev.cipu.shim.assembly.CardAssembly;
import dev.cipu.shim.assembly.CardSpec;
import dev.cipu.shim.assembly.CounterFile;
import dev.cipu.shim.assembly.DeviceSpec;
import dev.cipu.shim.assembly.EndpointSpec;
import dev.cipu.shim.assembly.NetSpec;
import dev.cipu.shim.assembly.StoreSpec;
import dev.cipu.shim.assembly.SwitchSpec;
import dev.cipu.shim.posix.OpenDescriptors;
import dev.cipu.shim.probe.Peer;
import dev.cipu.shim.vfio.client.PciRig;
import dev.cipu.virtio.DeviceStatus;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.blk.BlkRequest;
import dev.cipu.virtio.driver.BlkDriver;
import dev.cipu.virtio.driver.DriverQueue;
import dev.cipu.virtio.driver.NetDriver;
import dev.cipu.virtio.ring.RingFormat;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Real devices and drivers whose memory the card has to ask for, byte by byte. */
@Timeout(120)
class FarMemoryTest {
    private static final Duration MOMENT = Duration.ofMillis(2);
    private static final int SECTORS = 2048;
    private static final int SIZE = 32;
    private static final int FRAME = 1000;

    @TempDir
    Path folder;

    static Stream<FeatureSet> formats() {
        return Stream.of(
                FeatureSet.NONE,
                FeatureSet.of(RingFeature.EVENT_IDX),
                FeatureSet.of(RingFeature.RING_PACKED),
                FeatureSet.of(RingFeature.RING_PACKED, RingFeature.EVENT_IDX),
                FeatureSet.of(RingFeature.INDIRECT_DESC),
                FeatureSet.of(RingFeature.RING_PACKED, RingFeature.INDIRECT_DESC));
    }

    private EndpointSpec at(String id, boolean mapped) {
        return new EndpointSpec(
                EndpointSpec.Mode.SERVER,
                folder.resolve(id),
                -1,
                mapped ? EndpointSpec.Transport.VFIO_USER : EndpointSpec.Transport.VFIO_USER_TRAPPED);
    }

    private CardAssembly card(boolean mapped) {
        List<DeviceSpec> devices = List.of(
                new BlkSpec("blk0", at("blk0", mapped), "disk", false, 1, "serial", 512),
                new NetSpec("net0", at("net0", mapped), "52:54:00:77:00:01", 1, 1500, "sw0"),
                new NetSpec("net1", at("net1", mapped), "52:54:00:77:00:02", 1, 1500, "sw0"));
        CardAssembly card = CardAssembly.start(new CardSpec(
                List.of(),
                IdlePolicy.SLEEP,
                folder.resolve("counters"),
                Map.of("disk", new StoreSpec.Memory(SECTORS * 512L)),
                List.of(new SwitchSpec("sw0", SwitchSpec.Uplink.NONE)),
                devices));
        devices.forEach(card::serve);
        return card;
    }

    private PciRig connect(String id, FeatureSet more) {
        return PciRig.connect(Peer.of(folder.resolve(id), Duration.ofSeconds(10)))
                .keep()
                .accept(more);
    }

    private static boolean attending(PciRig rig, BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline || (rig.status() & DeviceStatus.NEEDS_RESET) != 0) {
                return false;
            }
            boolean _ = rig.client().attend(MOMENT);
        }
        return true;
    }

    private static DriverQueue ring(PciRig rig, FeatureSet more, FeatureSet least) {
        int entries = more.has(RingFeature.INDIRECT_DESC) ? 4 : 0;
        FeatureSet all = more.or(least);
        long bytes = DriverQueue.bytes(RingFormat.of(all), SIZE, entries);
        long at = rig.memory().allocate(bytes, 4096);
        return DriverQueue.of(rig.memory().slice(at, bytes), at, SIZE, all, entries);
    }

    private static boolean serve(PciRig rig, BlkDriver disk, int type, long sector, long data, int bytes) {
        assertThat(disk.submit(type, sector, data, bytes)).isNotNegative();
        if (disk.publish()) {
            rig.registers().kick(0);
        }
        return attending(rig, () -> disk.poll() >= 0) && disk.status() == BlkRequest.OK;
    }

    @ParameterizedTest
    @MethodSource("formats")
    void aDiskReadsAndWritesWhatItHasToAskFor(FeatureSet more) {
        try (CardAssembly card = card(false);
                PciRig rig = connect("blk0", more)) {
            assertThat(card.function("blk0").device().negotiated().and(more)).isEqualTo(more);
            DriverQueue ring = ring(rig, more, PciRig.LEAST);
            BlkDriver disk = new BlkDriver(ring, rig.memory());
            rig.start(0, ring, CommonLayout.NO_VECTOR);
            rig.driverOk();
            long out = rig.memory().allocate(65_536, 512);
            long in = rig.memory().allocate(65_536, 512);
            Random random = new Random(7);
            for (int round = 0; round < 100; round++) {
                int bytes = 512 * (1 + random.nextInt(128));
                long sector = random.nextInt(SECTORS - 128);
                byte[] data = new byte[bytes];
                random.nextBytes(data);
                rig.memory().slice(out, bytes).copyFrom(MemorySegment.ofArray(data));
                rig.memory().slice(in, bytes).fill((byte) 0x55);
                assertThat(serve(rig, disk, BlkRequest.OUT, sector, out, bytes)).isTrue();
                assertThat(serve(rig, disk, BlkRequest.IN, sector, in, bytes)).isTrue();
                assertThat(rig.memory().slice(in, bytes).toArray(ValueLayout.JAVA_BYTE))
                        .as("round %d", round)
                        .isEqualTo(data);
            }
            assertThat(serve(rig, disk, BlkRequest.IN, SECTORS, in, 512))
                    .as("beyond the end")
                    .isFalse();
            assertThat(disk.status()).isEqualTo(BlkRequest.IOERR);
        }
    }

    @ParameterizedTest
    @MethodSource("formats")
    void manyRequestsAtATimeComeBackEachOnce(FeatureSet more) {
        try (CardAssembly _ = card(false);
                PciRig rig = connect("blk0", more)) {
            DriverQueue ring = ring(rig, more, PciRig.LEAST);
            BlkDriver disk = new BlkDriver(ring, rig.memory());
            rig.useVectors();
            rig.start(0, ring, 0);
            rig.driverOk();
            long data = rig.memory().allocate(SIZE * 512L, 512);
            int done = 0;
            for (int round = 0; round < 40; round++) {
                int given = 0;
                boolean _ = ring.awaitCalls();
                while (disk.submit(BlkRequest.OUT, given, data + 512L * given, 512) >= 0) {
                    given++;
                }
                assertThat(disk.publish()).as("a kick is wanted").isTrue();
                rig.registers().kick(0);
                assertThat(attending(rig, () -> !rig.takeVectors().isEmpty()))
                        .as("an interrupt in round %d", round)
                        .isTrue();
                assertThat(attending(rig, () -> {
                            while (disk.poll() >= 0) {
                                assertThat(disk.status()).isEqualTo(BlkRequest.OK);
                            }
                            return disk.inFlight() == 0;
                        }))
                        .isTrue();
                done += given;
                while (rig.client().attend(MOMENT)) {
                    boolean _ = rig.takeVectors().isEmpty();
                }
            }
            assertThat(done).isGreaterThan(40 * SIZE / 4);
            assertThat(rig.status() & DeviceStatus.NEEDS_RESET).isZero();
        }
    }

    @ParameterizedTest
    @MethodSource("formats")
    void framesPassBetweenTwoGuestsThatShareNothing(FeatureSet more) {
        try (CardAssembly card = card(false);
                PciRig left = connect("net0", more);
                PciRig right = connect("net1", more)) {
            assertThat(card.function("net0").device().negotiated().and(more)).isEqualTo(more);
            NetDriver from = network(left, more);
            NetDriver to = network(right, more);
            for (int round = 0; round < 100; round++) {
                byte[] frame = pass(left, from, right, to, round);
                assertThat(to.segment().asSlice(to.receivedOffset() + 12, FRAME).toArray(ValueLayout.JAVA_BYTE))
                        .isEqualTo(frame);
                to.recycle();
                if (to.publishReceive()) {
                    right.registers().kick(0);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("formats")
    void aFarQueueGoesOnWhenItsMemoryIsMappedAnew(FeatureSet more) {
        try (CardAssembly _ = card(false);
                PciRig left = connect("net0", more);
                PciRig right = connect("net1", more)) {
            NetDriver from = network(left, more);
            NetDriver to = network(right, more);
            for (int round = 0; round < 20; round++) {
                // its receive buffers are with the worker meanwhile
                right.unshare();
                right.keep();
                while (right.client().attend(Duration.ofMillis(20))) {
                    // it is looked at anew
                }
                byte[] frame = pass(left, from, right, to, round);
                assertThat(to.segment().asSlice(to.receivedOffset() + 12, FRAME).toArray(ValueLayout.JAVA_BYTE))
                        .as("round %d", round)
                        .isEqualTo(frame);
                to.recycle();
                if (to.publishReceive()) {
                    right.registers().kick(0);
                }
            }
        }
    }

    /** While its memory is away no worker has its queues, and they come back one after the other. */
    @ParameterizedTest
    @MethodSource("formats")
    void whatComesWhileAPairIsAwayIsCountedAndWhatItSendsWaits(FeatureSet more) throws IOException {
        try (CardAssembly card = card(false);
                PciRig left = connect("net0", more);
                PciRig right = connect("net1", more)) {
            NetDriver from = network(left, more);
            NetDriver to = network(right, more);
            int rounds = 20;
            List<Integer> arrived = new ArrayList<>();
            List<Integer> answered = new ArrayList<>();
            for (int round = 0; round < rounds; round++) {
                right.unshare();
                number(left, from, 2, 1, 2 * round);
                number(right, to, 1, 2, round);
                if (round % 2 == 0) {
                    // it is delivered before the pair is back
                    assertThat(attending(left, () -> from.inFlight() == 0 || from.reclaim()))
                            .isTrue();
                }
                right.keep();
                number(left, from, 2, 1, 2 * round + 1);
                assertThat(attending(left, () -> {
                            while (right.client().attend(Duration.ZERO)) {
                                // the other side asks, too
                            }
                            while (from.reclaim() || to.reclaim()) {
                                // what was sent
                            }
                            collect(right, to, arrived);
                            collect(left, from, answered);
                            return from.inFlight() == 0 && to.inFlight() == 0;
                        }))
                        .as("round %d: nothing stands still", round)
                        .isTrue();
            }
            long dropped = dropped(card, "net1");
            assertThat(attending(left, () -> {
                        while (right.client().attend(Duration.ZERO)) {
                            // the last ones
                        }
                        collect(right, to, arrived);
                        collect(left, from, answered);
                        return arrived.size() + dropped == 2L * rounds && answered.size() == rounds;
                    }))
                    .as("%s arrived and %d were counted; %s were answered", arrived, dropped, answered)
                    .isTrue();
            assertThat(arrived).isSorted().doesNotHaveDuplicates();
            assertThat(answered).isSorted().doesNotHaveDuplicates();
        }
    }

    private static long dropped(CardAssembly card, String device) throws IOException {
        return CounterFile.read(card.counters()).groups().stream()
                .filter(group -> group.owner().equals(device))
                .mapToLong(group -> group.values().getOrDefault("rx_dropped_no_buffer", -1L))
                .sum();
    }

    /** Sends a frame with a number in it. */
    private static void number(PciRig rig, NetDriver driver, int to, int from, int number) {
        byte[] frame = new byte[FRAME];
        byte[] head = {0x52, 0x54, 0, 0x77, 0, (byte) to, 0x52, 0x54, 0, 0x77, 0, (byte) from, (byte) 0x88, (byte) 0xb5
        };
        System.arraycopy(head, 0, frame, 0, head.length);
        frame[head.length] = (byte) number;
        long at = driver.frameOffset(driver.transmitSlot());
        MemorySegment.copy(frame, 0, driver.segment(), ValueLayout.JAVA_BYTE, at, FRAME);
        assertThat(driver.send(FRAME)).isTrue();
        if (driver.publishTransmit()) {
            rig.registers().kick(1);
        }
    }

    /** Takes the numbers of the frames that are there. */
    private static void collect(PciRig rig, NetDriver driver, List<Integer> numbers) {
        boolean some = false;
        while (driver.receive() >= 0) {
            some = true;
            numbers.add((int) driver.segment().get(ValueLayout.JAVA_BYTE, driver.receivedOffset() + 12 + 14));
            driver.recycle();
        }
        if (some && driver.publishReceive()) {
            rig.registers().kick(0);
        }
    }

    /** Sends a frame from one to the other; returns it. */
    private static byte[] pass(PciRig left, NetDriver from, PciRig right, NetDriver to, int round) {
        byte[] frame = new byte[FRAME];
        new Random(round).nextBytes(frame);
        byte[] head = {0x52, 0x54, 0, 0x77, 0, 2, 0x52, 0x54, 0, 0x77, 0, 1, (byte) 0x88, (byte) 0xb5};
        System.arraycopy(head, 0, frame, 0, head.length);
        MemorySegment.copy(
                frame, 0, from.segment(), ValueLayout.JAVA_BYTE, from.frameOffset(from.transmitSlot()), FRAME);
        assertThat(from.send(FRAME)).isTrue();
        if (from.publishTransmit()) {
            left.registers().kick(1);
        }
        int[] got = {-1};
        assertThat(attending(left, () -> {
                    while (right.client().attend(Duration.ZERO)) {
                        // the other side asks, too
                    }
                    got[0] = got[0] < 0 ? to.receive() : got[0];
                    return got[0] >= 0 && (from.inFlight() == 0 || from.reclaim());
                }))
                .as("round %d", round)
                .isTrue();
        assertThat(got[0]).isEqualTo(12 + FRAME);
        return frame;
    }

    private static NetDriver network(PciRig rig, FeatureSet more) {
        DriverQueue receive = ring(rig, more, PciRig.LEAST);
        DriverQueue transmit = ring(rig, more, PciRig.LEAST);
        NetDriver driver = new NetDriver(receive, transmit, rig.memory(), 2048);
        rig.start(0, receive, CommonLayout.NO_VECTOR);
        rig.start(1, transmit, CommonLayout.NO_VECTOR);
        rig.driverOk();
        boolean _ = driver.publishReceive();
        rig.registers().kick(0);
        while (rig.client().attend(Duration.ofMillis(50))) {
            // its buffers are looked at
        }
        return driver;
    }

    @ParameterizedTest
    @MethodSource("formats")
    void aRingInSharedMemoryGoesOnWhenItsBuffersAreFar(FeatureSet more) {
        long far = 4 * PciRig.GUEST;
        long bytes = 1 << 20;
        try (CardAssembly _ = card(false);
                Arena arena = Arena.ofShared();
                PciRig rig = PciRig.connect(Peer.of(folder.resolve("blk0"), Duration.ofSeconds(10)))) {
            MemorySegment kept = arena.allocate(bytes, 4096);
            rig.share().accept(more);
            rig.client().mapKept(far, kept);
            DriverQueue ring = ring(rig, more, PciRig.LEAST);
            BlkDriver disk = new BlkDriver(ring, rig.memory());
            rig.start(0, ring, CommonLayout.NO_VECTOR);
            rig.driverOk();
            long near = rig.memory().allocate(4096, 512);
            byte[] data = new byte[4096];
            for (int round = 0; round < 30; round++) {
                new Random(round).nextBytes(data);
                kept.asSlice(8192L * round % bytes, 4096).copyFrom(MemorySegment.ofArray(data));
                long at = far + 8192L * round % bytes;
                assertThat(serve(rig, disk, BlkRequest.OUT, 8, near, 4096)).isTrue();
                if (round > 5) {
                    assertThat(serve(rig, disk, BlkRequest.OUT, 8L * round, at, 4096))
                            .isTrue();
                    assertThat(serve(rig, disk, BlkRequest.IN, 8L * round, near, 4096))
                            .isTrue();
                    assertThat(rig.memory().slice(near, 4096).toArray(ValueLayout.JAVA_BYTE))
                            .isEqualTo(data);
                }
            }
            assertThat(serve(rig, disk, BlkRequest.OUT, 8, 2 * far, 4096)).isFalse();
            assertThat(rig.status() & DeviceStatus.NEEDS_RESET)
                    .as("an address that is nowhere")
                    .isNotZero();
        }
    }

    @Test
    void aDoorbellThatIsMappedIsLookedAtByTheClock() {
        try (CardAssembly _ = card(true);
                PciRig rig = PciRig.connect(Peer.of(folder.resolve("blk0"), Duration.ofSeconds(10)))) {
            // mapped before anybody knows what memory comes
            assertThat(rig.client().regionBytes(2)).isPositive();
            rig.keep().accept(FeatureSet.NONE);
            DriverQueue ring = ring(rig, FeatureSet.NONE, PciRig.LEAST);
            BlkDriver disk = new BlkDriver(ring, rig.memory());
            rig.start(0, ring, CommonLayout.NO_VECTOR);
            rig.driverOk();
            long data = rig.memory().allocate(512, 512);
            for (int round = 0; round < 20; round++) {
                assertThat(disk.submit(BlkRequest.IN, 0, data, 512)).isNotNegative();
                boolean _ = disk.publish();
                assertThat(attending(rig, () -> disk.poll() >= 0)).as("no kick").isTrue();
            }
            assertThat(rig.status() & DeviceStatus.NEEDS_RESET).isZero();
        }
    }

    @Test
    void theCardHoldsNoMoreThanIsUnderWayAndNothingAfterwards() throws Exception {
        try (CardAssembly _ = card(false)) {
            try (PciRig rig = connect("blk0", FeatureSet.NONE)) {
                assertThat(OpenDescriptors.mappings("memfd:cipu-far")).isEqualTo(1);
                DriverQueue ring = ring(rig, FeatureSet.NONE, PciRig.LEAST);
                BlkDriver disk = new BlkDriver(ring, rig.memory());
                rig.start(0, ring, CommonLayout.NO_VECTOR);
                rig.driverOk();
                long data = rig.memory().allocate(1 << 20, 4096);
                for (int round = 0; round < 64; round++) {
                    assertThat(serve(rig, disk, BlkRequest.IN, 0, data + 16_384L * round, 16_384))
                            .isTrue();
                }
                assertThat(OpenDescriptors.bytesHeld("memfd:cipu-far")).isLessThan(64 << 10);
            }
            assertThat(attendClosed()).isTrue();
        }
    }

    private static boolean attendClosed() {
        return RawClient.eventually(() -> {
            try {
                return OpenDescriptors.mappings("memfd:cipu-far") == 0;
            } catch (java.io.IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });
    }
}
