package dev.cipu.bench.jmh;

import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.driver.DriverMemory;
import dev.cipu.virtio.driver.SplitDriver;
import dev.cipu.virtio.ring.Chain;
import dev.cipu.virtio.ring.SplitQueue;
import dev.cipu.virtio.ring.VirtqueueBuilder;
import java.lang.foreign.Arena;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** A split ring, a burst of chains a call. */
@Measures(
        "One chain of a split ring on one core, in bursts of 32. `driver` is the driver's half with the least possible "
                + "device; `bothHalves` adds the device's, so the difference is pop, push and publish.")
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@SuppressWarnings("NullAway.Init")
public class RingBenchmark {
    private static final int BURST = 32;
    private static final int SIZE = 256;
    private static final int PARTS = 3;
    private static final int BUFFER_BYTES = 2048;
    private static final long GUEST = 0x1_0000_0000L;
    private static final long MEMORY_BYTES = 4L << 20;

    /** How a chain is laid out. */
    public enum Shape {
        ONE(1, 0),
        THREE(PARTS, 0),
        INDIRECT_THREE(PARTS, PARTS);

        private final int parts;
        private final int indirectEntries;

        Shape(int parts, int indirectEntries) {
            this.parts = parts;
            this.indirectEntries = indirectEntries;
        }
    }

    @Param
    private Shape shape;

    private Arena arena;
    private SplitDriver driver;
    private SplitQueue queue;
    private final Chain chain = new Chain();
    private final long[] addresses = new long[PARTS];
    private final int[] lengths = new int[PARTS];

    @Setup(Level.Trial)
    public void build() {
        arena = Arena.ofShared();
        DriverMemory memory = new DriverMemory(arena.allocate(MEMORY_BYTES, 1 << 12), GUEST);
        FeatureSet features = FeatureSet.of(RingFeature.VERSION_1, RingFeature.INDIRECT_DESC);
        long bytes = SplitDriver.bytes(SIZE, shape.indirectEntries);
        long area = memory.allocate(bytes, 1 << 12);
        driver = new SplitDriver(memory.slice(area, bytes), area, SIZE, features, shape.indirectEntries);
        driver.suppressCalls();
        queue = new VirtqueueBuilder()
                .size(SIZE)
                .memory(memory.asGuestMemory())
                .rings(driver.descriptorAddress(), driver.driverAreaAddress(), driver.deviceAreaAddress())
                .features(features)
                .buildSplit();
        queue.suppressKicks();
        for (int i = 0; i < PARTS; i++) {
            addresses[i] = memory.allocate(BUFFER_BYTES, 1 << 6);
            lengths[i] = BUFFER_BYTES;
        }
    }

    @TearDown(Level.Trial)
    public void release() {
        arena.close();
    }

    /** Add and publish, then the device takes and returns the burst, then poll. */
    @AllocatesNothing
    @Benchmark
    @OperationsPerInvocation(BURST)
    public long bothHalves() {
        for (int i = 0; i < BURST; i++) {
            driver.add(addresses, lengths, 1, shape.parts);
        }
        driver.publish();
        long seen = 0;
        while (queue.pop(chain)) {
            seen += chain.readableBytes();
            queue.push(chain.head(), 0);
        }
        queue.publish();
        for (int i = 0; i < BURST; i++) {
            driver.poll();
        }
        return seen;
    }

    /**
     * The driver's half alone: add to an empty ring, then all over. The reset is in the figure of a burst, and so are the 40
     * bytes that it allocates: no promise.
     */
    @Benchmark
    @OperationsPerInvocation(BURST)
    public boolean driver() {
        if (driver.free() < BURST * PARTS) {
            driver.restart();
        }
        for (int i = 0; i < BURST; i++) {
            driver.add(addresses, lengths, 1, shape.parts);
        }
        return driver.publish();
    }
}
