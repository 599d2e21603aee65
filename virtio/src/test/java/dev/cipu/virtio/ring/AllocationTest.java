package dev.cipu.virtio.ring;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.driver.SplitDriver;
import dev.cipu.virtio.memory.GuestMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Neither half allocates once it has warmed up. */
class AllocationTest {
    private static final int CHAINS = 1_000_000;
    private static final int BURST = 32;
    private static final int PARTS = 3;
    private static final long DATA = 0x10_0000;

    @ParameterizedTest(name = "indirect {0}, event index {1}")
    @CsvSource({"false,false", "false,true", "true,false", "true,true"})
    void aMillionChainsAllocateNothing(boolean indirect, boolean eventIndex) {
        FeatureSet features = FeatureSet.of(RingFeature.VERSION_1);
        features = indirect ? features.with(RingFeature.INDIRECT_DESC) : features;
        features = eventIndex ? features.with(RingFeature.EVENT_IDX) : features;
        Arena arena = Arena.ofAuto();
        int size = 256;
        MemorySegment area = arena.allocate(SplitDriver.bytes(size, PARTS), 16);
        SplitDriver driver = new SplitDriver(area, 0, size, features, PARTS);
        SplitQueue queue = new VirtqueueBuilder()
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
                .buildSplit();
        queue.suppressKicks();
        driver.suppressCalls();
        Duty duty = new Duty(driver, queue, arena.allocate(512));

        duty.run(300_000);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        threads.getCurrentThreadAllocatedBytes();
        long before = threads.getCurrentThreadAllocatedBytes();
        duty.run(CHAINS);
        long allocated = threads.getCurrentThreadAllocatedBytes() - before;
        assertThat(allocated).as("bytes for %d chains", CHAINS).isZero();
        assertThat(duty.copied).isEqualTo((CHAINS + 300_000) / BURST * (long) BURST * 576);
    }

    /** Bursts of chains of three parts, the last of which lies across two regions. */
    private static final class Duty {
        private final SplitDriver driver;
        private final SplitQueue queue;
        private final MemorySegment copy;
        private final Chain chain = new Chain();
        private final long[] addresses = {DATA, DATA + 512, DATA + 4096 - 100};
        private final int[] lengths = {64, 256, 256};
        private long copied;

        Duty(SplitDriver driver, SplitQueue queue, MemorySegment copy) {
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
    }
}
