package dev.cipu.dataplane.blk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.dataplane.Allocation;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.blk.BlkConfig;
import dev.cipu.virtio.blk.BlkRequest;
import dev.cipu.virtio.conformance.Conforms;
import dev.cipu.virtio.driver.BlkDriver;
import dev.cipu.virtio.ring.Violation;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class BlockQueueTest {
    private static final long DISK = 16 << 20;

    private final MemoryStore store = new MemoryStore(DISK);

    private static FeatureSet features(boolean modern) {
        return modern ? FeatureSet.of(RingFeature.INDIRECT_DESC, RingFeature.EVENT_IDX) : FeatureSet.NONE;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void writtenDataIsReadBack(boolean modern) {
        BlkGuest guest = new BlkGuest(store, false, features(modern));
        long out = guest.buffer(1 << 20);
        long in = guest.buffer(1 << 20);
        Random random = new Random(7);
        byte[] mirror = new byte[(int) DISK];
        for (int i = 0; i < 300; i++) {
            int bytes = 512 * (1 + random.nextInt(i % 10 == 0 ? 2048 : 16));
            long sector = random.nextLong((DISK - bytes) / 512 + 1);
            if (random.nextBoolean()) {
                guest.fill(out, bytes, random.nextInt());
                System.arraycopy(guest.bytes(out, bytes), 0, mirror, (int) sector * 512, bytes);
                assertThat(guest.run(BlkRequest.OUT, sector, out, bytes)).isEqualTo(BlkRequest.OK);
            } else {
                guest.fill(in, bytes, 99);
                assertThat(guest.run(BlkRequest.IN, sector, in, bytes)).isEqualTo(BlkRequest.OK);
                assertThat(guest.ring.usedLength()).isEqualTo(bytes + 1);
                assertThat(guest.bytes(in, bytes))
                        .isEqualTo(Arrays.copyOfRange(mirror, (int) sector * 512, (int) sector * 512 + bytes));
            }
        }
        assertThat(guest.counters.get("reads") + guest.counters.get("writes")).isEqualTo(300);
        assertThat(guest.served.inFlight()).isZero();
    }

    @Test
    void aRequestIsAnsweredInThePollThatPoppedIt() {
        BlkGuest guest = new BlkGuest(store);
        long data = guest.buffer(4096);
        guest.driver.submit(BlkRequest.IN, 0, data, 4096);
        guest.driver.publish();
        assertThat(guest.served.poll()).isEqualTo(1);
        assertThat(guest.driver.poll()).isNotNegative();
        assertThat(guest.served.poll()).isZero();
    }

    @Test
    void aBurstIsBoundedInRequestsAndBytes() {
        BlkGuest guest = new BlkGuest(new NullStore(DISK), false, features(true));
        long data = guest.buffer(1 << 20);
        for (int i = 0; i < 100; i++) {
            guest.driver.submit(BlkRequest.IN, 0, data, 512);
        }
        guest.driver.publish();
        assertThat(guest.served.poll()).isEqualTo(16);
        while (guest.served.poll() > 0) {}
        while (guest.driver.poll() >= 0) {}
        for (int i = 0; i < 8; i++) {
            guest.driver.submit(BlkRequest.IN, 0, data, 1 << 19);
        }
        guest.driver.publish();
        assertThat(guest.served.poll()).isEqualTo(2);
    }

    @Test
    @Conforms({"BK-024", "BK-025", "BK-026"})
    void zeroedAndDiscardedBlocksReadAsZeroes() {
        BlkGuest guest = new BlkGuest(store);
        long data = guest.buffer(1 << 20);
        guest.fill(data, 1 << 20, 1);
        assertThat(guest.run(BlkRequest.OUT, 0, data, 1 << 20)).isEqualTo(BlkRequest.OK);
        assertThat(store.residentBytes()).isEqualTo(1 << 20);
        BlkGuest.Raw zero = guest.raw().header(BlkRequest.WRITE_ZEROES, 0);
        zero.segment(1, 1, 0).segment(3, 2, BlkRequest.SEGMENT_UNMAP).segment(8, 0, 0);
        assertThat(zero.status()).isEqualTo(BlkRequest.OK);
        assertThat(guest.raw()
                        .header(BlkRequest.DISCARD, 0)
                        .segment(500, 1024, 0)
                        .status())
                .isEqualTo(BlkRequest.OK);
        // the discard covered one whole chunk
        assertThat(store.residentBytes()).isEqualTo((1 << 20) - (1 << 18));
        byte[] expected = guest.bytes(data, 1 << 20);
        Arrays.fill(expected, 512, 1024, (byte) 0);
        Arrays.fill(expected, 3 * 512, 5 * 512, (byte) 0);
        Arrays.fill(expected, 500 * 512, 1524 * 512, (byte) 0);
        assertThat(guest.run(BlkRequest.IN, 0, data, 1 << 20)).isEqualTo(BlkRequest.OK);
        assertThat(guest.bytes(data, 1 << 20)).isEqualTo(expected);
        assertThat(guest.counters.get("write_zeroes")).isEqualTo(1);
        assertThat(guest.counters.get("discards")).isEqualTo(1);
    }

    @Test
    void aDiskTakesNoMemoryUntilItIsWritten() {
        MemoryStore huge = new MemoryStore(1L << 40);
        BlkGuest guest = new BlkGuest(huge);
        long data = guest.buffer(4096);
        guest.fill(data, 4096, 3);
        long last = huge.sectors() - 8;
        assertThat(guest.run(BlkRequest.IN, last, data, 4096)).isEqualTo(BlkRequest.OK);
        assertThat(guest.bytes(data, 4096)).containsOnly(0);
        assertThat(huge.residentBytes()).isZero();
        guest.fill(data, 4096, 3);
        assertThat(guest.run(BlkRequest.OUT, last, data, 4096)).isEqualTo(BlkRequest.OK);
        assertThat(huge.residentBytes()).isEqualTo(1 << 18);
    }

    @Test
    void aWriteThatNoMemoryIsLeftForFailsInBandAndAsksNotAgainForAWhile() {
        int[] asked = new int[1];
        long[] now = new long[1];
        MemoryStore tight = new MemoryStore(
                4 * MemoryStore.CHUNK_BYTES,
                () -> {
                    if (++asked[0] == 2) {
                        throw new OutOfMemoryError("as the limit says");
                    }
                    return Arena.ofAuto().allocate(MemoryStore.CHUNK_BYTES, 4096);
                },
                () -> now[0]);
        BlkGuest guest = new BlkGuest(tight);
        long data = guest.buffer(4096);
        long chunk = MemoryStore.CHUNK_BYTES / BlkRequest.SECTOR_BYTES;
        assertThat(guest.run(BlkRequest.OUT, 0, data, 4096)).isEqualTo(BlkRequest.OK);
        assertThat(guest.run(BlkRequest.OUT, chunk, data, 4096)).isEqualTo(BlkRequest.IOERR);
        assertThat(guest.run(BlkRequest.OUT, chunk, data, 4096)).isEqualTo(BlkRequest.IOERR);
        assertThat(asked[0]).isEqualTo(2);
        assertThat(guest.run(BlkRequest.OUT, 8, data, 4096))
                .as("where there is memory")
                .isEqualTo(BlkRequest.OK);
        assertThat(guest.counters.get("errors")).isEqualTo(2);
        now[0] += MemoryStore.FULL_NANOS;
        assertThat(guest.run(BlkRequest.OUT, chunk, data, 4096)).isEqualTo(BlkRequest.OK);
    }

    @Test
    @Conforms("BK-031")
    void writesAreDurableExactlyWhenTheCacheIsOff() {
        RecordingStore slow = new RecordingStore(DISK);
        BlkGuest guest = new BlkGuest(slow);
        long data = guest.buffer(512);
        slow.automatic = true;
        guest.run(BlkRequest.OUT, 0, data, 512);
        guest.run(BlkRequest.FLUSH, 0, 0, 0);
        assertThat(guest.device.writeConfig(BlkConfig.WRITEBACK, new byte[] {0}))
                .isTrue();
        guest.run(BlkRequest.OUT, 0, data, 512);
        guest.raw().header(BlkRequest.WRITE_ZEROES, 0).segment(0, 1, 0).status();
        assertThat(slow.seen).containsExactly("WRITE", "FLUSH durable", "WRITE durable", "WRITE_ZEROES durable");
    }

    @Test
    void aSlowStoreAnswersOutOfOrder() {
        RecordingStore slow = new RecordingStore(DISK);
        BlkGuest guest = new BlkGuest(slow);
        long data = guest.buffer(512);
        int first = guest.driver.submit(BlkRequest.OUT, 0, data, 512);
        int second = guest.driver.submit(BlkRequest.OUT, 1, data, 512);
        guest.driver.publish();
        guest.served.poll();
        assertThat(guest.driver.poll()).isNegative();
        assertThat(guest.served.inFlight()).isEqualTo(2);
        slow.release(1);
        guest.served.poll();
        assertThat(guest.driver.poll()).isEqualTo(second);
        slow.release(0);
        guest.served.poll();
        assertThat(guest.driver.poll()).isEqualTo(first);
    }

    @Test
    void drainingStopsPoppingAndNeverWaitsForWhatIsInFlight() {
        RecordingStore slow = new RecordingStore(DISK);
        BlkGuest guest = new BlkGuest(slow);
        long data = guest.buffer(512);
        guest.driver.submit(BlkRequest.OUT, 0, data, 512);
        guest.driver.publish();
        guest.served.poll();
        assertThat(guest.served.arm())
                .as("work in flight keeps the worker awake")
                .isFalse();
        guest.driver.submit(BlkRequest.OUT, 1, data, 512);
        guest.driver.publish();
        assertThat(guest.served.drained()).isFalse();
        assertThat(guest.served.drained()).isFalse();
        slow.release(0);
        assertThat(guest.served.drained()).isTrue();
        assertThat(guest.served.inFlight()).isZero();
        assertThat(guest.driver.poll()).isNotNegative();
        assertThat(guest.driver.poll()).isNegative();
        guest.served.poll();
        assertThat(guest.queue.position()).isEqualTo(1);
        guest.served.resume();
        guest.served.poll();
        assertThat(guest.queue.position()).isEqualTo(2);
    }

    @Test
    void kicksAreSuppressedWhilePollingAndNoneIsLostWhenArming() {
        for (boolean modern : new boolean[] {false, true}) {
            BlkGuest guest = new BlkGuest(store, false, features(modern));
            long data = guest.buffer(512);
            guest.served.disarm();
            guest.driver.submit(BlkRequest.IN, 0, data, 512);
            assertThat(guest.driver.publish()).as("wants a kick").isFalse();
            assertThat(guest.served.arm()).as("a request arrived before").isFalse();
            guest.served.disarm();
            guest.served.poll();
            assertThat(guest.served.arm()).isTrue();
            guest.driver.submit(BlkRequest.IN, 0, data, 512);
            assertThat(guest.driver.publish()).as("wants a kick").isTrue();
        }
    }

    @Test
    void aBrokenRingStopsThisQueueOnceAndAnswersWhatItHeld() {
        RecordingStore slow = new RecordingStore(DISK);
        BlkGuest guest = new BlkGuest(slow);
        long data = guest.buffer(512);
        int good = guest.driver.submit(BlkRequest.OUT, 0, data, 512);
        guest.driver.publish();
        guest.served.poll();
        guest.raw().header(BlkRequest.IN, 0);
        guest.ring.add(new long[] {0x10}, new int[] {16}, 1, 1);
        guest.ring.publish();
        guest.served.poll();
        guest.served.poll();
        assertThat(guest.violations).containsExactly(Violation.ADDRESS_UNMAPPED);
        assertThat(guest.counters.get("violations")).isEqualTo(1);
        slow.release(0);
        guest.served.poll();
        assertThat(guest.driver.poll()).isEqualTo(good);
    }

    @Test
    void line52_aFileCutUnderTheGuestStopsTheQueueOnly(@TempDir Path dir) throws Exception {
        Path file = dir.resolve("guest");
        Files.write(file, new byte[4 << 20]);
        try (Arena arena = Arena.ofShared();
                FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            MemorySegment shared = channel.map(FileChannel.MapMode.READ_WRITE, 0, 4 << 20, arena);
            BlkGuest guest = new BlkGuest(store, false, FeatureSet.NONE, shared);
            long data = guest.buffer(1 << 20);
            assertThat(guest.run(BlkRequest.OUT, 0, data, 1 << 20)).isEqualTo(BlkRequest.OK);
            guest.driver.submit(BlkRequest.OUT, 0, data, 1 << 20);
            guest.driver.publish();
            // the rings stay, the data goes
            channel.truncate(64 << 10);
            try {
                guest.served.poll();
            } catch (InternalError e) {
                // the fault may surface behind the poll; the worker then passes it on
                assertThat(guest.served.failed(e)).isTrue();
            }
            assertThat(guest.memoryFaults).isEqualTo(1);
            assertThat(guest.counters.get("faults")).isEqualTo(1);
            assertThat(guest.served.poll()).isZero();
            assertThat(guest.served.arm()).isTrue();
            guest.served.close();
        }
    }

    @Test
    void nothingIsAllocatedPerRequest() {
        steady(new BlkGuest(new NullStore(DISK), false, features(true)), 1_000_000);
        BlkGuest memory = new BlkGuest(store, false, features(false));
        long data = memory.buffer(1 << 20);
        for (int i = 0; i < 8; i++) {
            memory.run(BlkRequest.OUT, i * 2048L, data, 1 << 20);
        }
        steady(memory, 1_000_000);
    }

    private static void steady(BlkGuest guest, int requests) {
        long data = guest.buffer(4096);
        BlkDriver driver = guest.driver;
        assertThat(Allocation.inSteadyState(() -> {
                    long sector = 0;
                    for (int done = 0; done < requests; ) {
                        sector = (sector + 8 * 37) % (DISK / 512 - 8);
                        if (driver.submit(done % 3 == 0 ? BlkRequest.OUT : BlkRequest.IN, sector, data, 4096) < 0) {
                            driver.publish();
                            while (guest.served.poll() > 0) {}
                            while (driver.poll() >= 0) {
                                done++;
                            }
                        }
                    }
                }))
                .isZero();
    }
}
