package dev.cipu.virtio.ring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.management.ThreadMXBean;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.driver.DriverQueue;
import dev.cipu.virtio.memory.GuestMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Both formats behind an IOMMU, and with a log of what the device writes. */
class TranslatedQueueTest {
    private static final int PAGE = 4096;
    private static final int SIZE = 16;
    private static final int PARTS = 4;
    private static final byte READ = GuestMemory.READABLE;
    private static final byte WRITE = GuestMemory.WRITABLE;
    private static final byte BOTH = READ | WRITE;

    /** Data pages are at I/O virtual addresses from here on, page n of the host at DATA + 2n pages. */
    private static final long DATA = 0x10_0000;

    private final Arena arena = Arena.ofAuto();
    private final MemorySegment pages = arena.allocate(32L * PAGE, PAGE);
    private final List<String> marks = new ArrayList<>();

    private final class Ring {
        final DriverQueue driver;
        final Virtqueue queue;
        final MemorySegment area;
        final Chain chain = new Chain();

        Ring(boolean packed, boolean indirect, boolean logs) {
            FeatureSet features = FeatureSet.of(RingFeature.VERSION_1, RingFeature.ACCESS_PLATFORM);
            features = packed ? features.with(RingFeature.RING_PACKED) : features;
            features = indirect ? features.with(RingFeature.INDIRECT_DESC) : features;
            long bytes = DriverQueue.bytes(RingFormat.of(features), SIZE, indirect ? PARTS : 0);
            area = arena.allocate(bytes, PAGE);
            driver = DriverQueue.of(area, 0, SIZE, features, indirect ? PARTS : 0);
            queue = new VirtqueueBuilder()
                    .size(SIZE)
                    .features(features)
                    .memory(memory(BOTH))
                    .rings(
                            area.asSlice(driver.descriptorAddress()),
                            area.asSlice(driver.driverAreaAddress()),
                            area.asSlice(driver.deviceAreaAddress()))
                    .dirty(logs ? new Marks() : null)
                    .build();
        }

        /** The ring's own memory, for indirect tables, and these pages with this access. */
        GuestMemory memory(byte access, int... pageNumbers) {
            int n = pageNumbers.length + 1;
            long[] base = new long[n];
            long[] size = new long[n];
            long[] host = new long[n];
            byte[] may = new byte[n];
            size[0] = area.byteSize();
            host[0] = area.address();
            may[0] = BOTH;
            for (int i = 1; i < n; i++) {
                base[i] = iova(pageNumbers[i - 1]);
                size[i] = PAGE;
                host[i] = pages.address() + (long) pageNumbers[i - 1] * PAGE;
                may[i] = access;
            }
            return GuestMemory.translated(base, size, host, may);
        }

        /** A chain of one byte more than half a page at each of these places, the last one writable. */
        void add(long... addresses) {
            int[] lengths = new int[addresses.length];
            java.util.Arrays.fill(lengths, PAGE / 2);
            assertThat(driver.add(addresses, lengths, addresses.length - 1, addresses.length))
                    .isNotNegative();
            driver.publish();
        }

        TranslationMiss miss() {
            TranslationMiss miss = catchThrowableOfType(TranslationMiss.class, () -> queue.pop(chain));
            assertThat(miss.getStackTrace()).isEmpty();
            return miss;
        }
    }

    private final class Marks implements DirtyLog {
        @Override
        public void written(long address, long bytes) {
            long offset = address - pages.address();
            if (bytes > 0 && offset >= 0 && offset < pages.byteSize()) {
                marks.add("data " + offset + "+" + bytes);
            } else if (bytes > 0) {
                marks.add("ring " + bytes);
            }
        }

        @Override
        public void deviceAreaWritten(long offset, long bytes) {
            marks.add("area " + offset + "+" + bytes);
        }

        @Override
        public void told() {}
    }

    private static long iova(int page) {
        return DATA + 2L * PAGE * page;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aMissLeavesTheQueueAsItWas(boolean packed) {
        for (boolean indirect : new boolean[] {false, true}) {
            Ring ring = new Ring(packed, indirect, false);
            ring.add(iova(0), iova(1), iova(2) + 8);
            int before = ring.queue.position();
            assertThat(ring.miss().address()).isEqualTo(iova(0));
            ring.queue.replaceMemory(ring.memory(BOTH, 0));
            TranslationMiss second = ring.miss();
            assertThat(second.address()).isEqualTo(iova(1));
            assertThat(second.write()).isFalse();
            ring.queue.replaceMemory(ring.memory(BOTH, 0, 1));
            TranslationMiss third = ring.miss();
            assertThat(third.address()).isEqualTo(iova(2) + 8);
            assertThat(third.write()).isTrue();
            assertThat(ring.queue.position()).isEqualTo(before);
            assertThat(ring.queue.isBroken()).isFalse();
            ring.queue.replaceMemory(ring.memory(BOTH, 0, 1, 2));
            assertThat(ring.queue.pop(ring.chain)).isTrue();
            assertThat(ring.chain.address(2)).isEqualTo(pages.address() + 2L * PAGE + 8);
            ring.queue.push(ring.chain.head(), 1);
            ring.queue.publish();
            assertThat(ring.driver.poll()).isNotNegative();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aBufferThatGoesOnInAnUntranslatedPageIsAMissOfThatPage(boolean packed) {
        Ring ring = new Ring(packed, false, false);
        ring.add(iova(3) + PAGE - 100);
        ring.queue.replaceMemory(ring.memory(BOTH, 3));
        assertThat(ring.miss().address()).isEqualTo(iova(3) + PAGE);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatIsNotPermittedBreaksTheQueue(boolean packed) {
        for (byte access : new byte[] {READ, WRITE}) {
            Ring ring = new Ring(packed, false, false);
            ring.queue.replaceMemory(ring.memory(access, 0));
            ring.add(iova(0), iova(0) + 16);
            VirtqueueViolation violation =
                    catchThrowableOfType(VirtqueueViolation.class, () -> ring.queue.pop(ring.chain));
            assertThat(violation.kind()).isEqualTo(Violation.ACCESS_DENIED);
            assertThat(violation.write()).isEqualTo(access == READ);
            assertThat(violation.address()).isEqualTo(access == READ ? iova(0) + 16 : iova(0));
            assertThat(ring.queue.isBroken()).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aBurstTakesWhatItsDirectionPermitsAndNothingElse(boolean packed) {
        Ring ring = new Ring(packed, false, false);
        ring.queue.replaceMemory(ring.memory(WRITE, 0, 1));
        SingleChains singles = new SingleChains(8);
        ring.add(iova(0));
        ring.add(iova(1));
        assertThat(ring.queue.popSingles(singles, 8, true)).isEqualTo(2);
        ring.queue.unpopSingles(singles, 0, 2);
        ring.queue.replaceMemory(ring.memory(READ, 0, 1));
        assertThat(ring.queue.popSingles(singles, 8, true)).isZero();
        assertThat(ring.queue.hasSeen()).isTrue();
        assertThatThrownBy(() -> ring.queue.pop(ring.chain)).isInstanceOf(VirtqueueViolation.class);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void manyRegionsAreFoundAndAllocateNothing(boolean packed) {
        Ring ring = new Ring(packed, false, false);
        int[] all = java.util.stream.IntStream.range(0, 32).toArray();
        ring.queue.replaceMemory(ring.memory(READ, all));
        GuestMemory mixed = ring.memory(BOTH, all);
        for (int i = 0; i < 32; i++) {
            assertThat(mixed.regionOf(iova(i) + PAGE - 1)).isEqualTo(i + 1);
            assertThat(mixed.regionOf(iova(i) + PAGE)).isNegative();
        }
        ring.queue.replaceMemory(mixed);
        run(ring, 50_000);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        // a deoptimization in the middle of a round makes an object or two; steady is what comes after it
        long least = Long.MAX_VALUE;
        for (int round = 0; round < 5 && least > 0; round++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            run(ring, 100_000);
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        assertThat(least).isZero();
    }

    private static final long[] ADDRESSES = {iova(1), iova(30)};
    private static final int[] LENGTHS = {64, 64};

    private static void run(Ring ring, int chains) {
        for (int i = 0; i < chains; i++) {
            ring.driver.add(ADDRESSES, LENGTHS, 1, 2);
            ring.driver.publish();
            if (!ring.queue.pop(ring.chain)) {
                throw new AssertionError("no chain");
            }
            ring.queue.push(ring.chain.head(), 64);
            ring.queue.publish();
            ring.driver.poll();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aLogHearsOfBuffersBeforeAndOfTheRingAfterTheyAreVisible(boolean packed) {
        Ring ring = new Ring(packed, false, true);
        ring.queue.replaceMemory(ring.memory(BOTH, 0, 1));
        ring.add(iova(0), iova(1) + 8);
        assertThat(ring.queue.popSingles(new SingleChains(4), 4, false)).isZero();
        assertThat(ring.queue.hasSeen()).isTrue();
        assertThat(ring.queue.pop(ring.chain)).isTrue();
        assertThat(marks).isEmpty();
        ring.queue.push(ring.chain.head(), 0);
        // all that was writable, for it may have been written although the device says nothing of it
        assertThat(marks).containsExactly("data " + (PAGE + 8) + "+" + PAGE / 2);
        marks.clear();
        ring.queue.publish();
        if (packed) {
            // the element, in the first of the two slots; the driver skips the other one
            assertThat(marks).containsExactly("ring 32");
        } else {
            assertThat(marks).containsExactly("area 4+8", "area 0+4");
        }
        marks.clear();
        ring.queue.suppressKicks();
        assertThat(marks).containsExactly(packed ? "area 0+4" : "area 0+2");
    }
}
