package dev.cipu.virtio.ring;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.driver.DriverQueue;
import dev.cipu.virtio.memory.GuestMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Neither half allocates once it has warmed up. */
class AllocationTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int CHAINS = 1_000_000;
    private static final int BURST = 32;
    private static final int PARTS = 3;
    private static final long DATA = 0x10_0000;

    @ParameterizedTest(name = "packed {0}, indirect {1}, event index {2}")
    @CsvSource({
        "false,false,false", "false,false,true", "false,true,false", "false,true,true",
        "true,false,false", "true,false,true", "true,true,false", "true,true,true",
    })
    void aMillionChainsAllocateNothing(boolean packed, boolean indirect, boolean eventIndex) {
        Duty duty = duty(features(packed, indirect, eventIndex));
        duty.run(300_000);
        long before = allocated();
        duty.run(CHAINS);
        assertThat(allocated() - before).as("bytes for %d chains", CHAINS).isZero();
        assertThat(duty.copied).isEqualTo((CHAINS + 300_000) / BURST * (long) BURST * 576);
    }

    @ParameterizedTest(name = "packed {0}, in order {1}")
    @CsvSource({"false,false", "true,false", "true,true"})
    void burstsOfAMillionChainsAllocateNothing(boolean packed, boolean inOrder) {
        FeatureSet features = features(packed, false, true);
        Duty duty = duty(inOrder ? features.with(RingFeature.IN_ORDER) : features);
        duty.runBursts(300_000);
        long before = allocated();
        duty.runBursts(CHAINS);
        assertThat(allocated() - before).as("bytes for %d chains", CHAINS).isZero();
        assertThat(duty.copied).isEqualTo((CHAINS + 300_000) / BURST * (long) BURST);
    }

    private static long allocated() {
        // the first question allocates
        THREADS.getCurrentThreadAllocatedBytes();
        return THREADS.getCurrentThreadAllocatedBytes();
    }

    private static FeatureSet features(boolean packed, boolean indirect, boolean eventIndex) {
        FeatureSet features = FeatureSet.of(packed ? RingFeature.RING_PACKED : RingFeature.VERSION_1);
        features = indirect ? features.with(RingFeature.INDIRECT_DESC) : features;
        return eventIndex ? features.with(RingFeature.EVENT_IDX) : features;
    }

    private static Duty duty(FeatureSet features) {
        Arena arena = Arena.ofAuto();
        int size = 256;
        MemorySegment area = arena.allocate(DriverQueue.bytes(RingFormat.of(features), size, PARTS), 16);
        DriverQueue driver = DriverQueue.of(area, 0, size, features, PARTS);
        Virtqueue queue = new VirtqueueBuilder()
                .size(size)
                .features(features)
                .memory(GuestMemory.of(List.of(
                        new GuestMemory.Region(0, 0, area),
                        new GuestMemory.Region(DATA, DATA, arena.allocate(4096)),
                        new GuestMemory.Region(DATA + 4096, DATA + 4096, arena.allocate(4096)))))
                .rings(
                        area.asSlice(driver.descriptorAddress()),
                        area.asSlice(driver.driverAreaAddress()),
                        area.asSlice(driver.deviceAreaAddress()))
                .build();
        queue.suppressKicks();
        driver.suppressCalls();
        return new Duty(driver, queue, arena.allocate(512));
    }

    /** Bursts of chains of three parts, the last of which lies across two regions. */
    private static final class Duty {
        private final DriverQueue driver;
        private final Virtqueue queue;
        private final MemorySegment copy;
        private final Chain chain = new Chain();
        private final long[] addresses = {DATA, DATA + 512, DATA + 4096 - 100};
        private final int[] lengths = {64, 256, 256};
        private final long[] one = {DATA};
        private final SingleChains singles = new SingleChains(BURST);
        private long copied;

        Duty(DriverQueue driver, Virtqueue queue, MemorySegment copy) {
            this.driver = driver;
            this.queue = queue;
            this.copy = copy;
        }

        void run(int chains) {
            for (int done = 0; done + BURST <= chains; done += BURST) {
                for (int i = 0; i < BURST; i++) {
                    driver.add(addresses, lengths, 2, PARTS);
                }
                driver.publish();
                while (queue.pop(chain)) {
                    copied += chain.read(0, copy, 0, 320);
                    int written = chain.write(0, copy, 0, 256);
                    copied += written;
                    queue.push(chain.head(), written);
                }
                queue.publish();
                for (int i = 0; i < BURST; i++) {
                    driver.poll();
                }
            }
        }

        /** Bursts of one-buffer chains, read and written by turns. */
        void runBursts(int chains) {
            boolean writable = false;
            for (int done = 0; done + BURST <= chains; done += BURST) {
                for (int i = 0; i < BURST; i++) {
                    driver.add(one, lengths, writable ? 0 : 1, 1);
                }
                driver.publish();
                int n = queue.popSingles(singles, BURST, writable);
                for (int i = 0; writable && i < n; i++) {
                    singles.written(i, 1);
                }
                queue.pushSingles(singles, n);
                queue.publish();
                while (driver.poll() >= 0) {
                    copied++;
                }
                writable = !writable;
            }
        }
    }
}
