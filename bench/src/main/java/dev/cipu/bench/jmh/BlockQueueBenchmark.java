package dev.cipu.bench.jmh;

import dev.cipu.dataplane.CounterGroup;
import dev.cipu.dataplane.QueueListener;
import dev.cipu.dataplane.blk.BlockQueue;
import dev.cipu.dataplane.blk.BlockStore;
import dev.cipu.dataplane.blk.MemoryStore;
import dev.cipu.dataplane.blk.NullStore;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.blk.BlkDevice;
import dev.cipu.virtio.blk.BlkRequest;
import dev.cipu.virtio.blk.BlkTraits;
import dev.cipu.virtio.driver.BlkDriver;
import dev.cipu.virtio.driver.DriverMemory;
import dev.cipu.virtio.driver.SplitDriver;
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

/** A request queue of a disk. With the null store it is all but the copy. */
@Measures(
        "One block request of 4 KiB from the driver's submission to its look at the status, in bursts of 16 on one core: "
                + "header parsed and checked, done by a store that moves nothing or by one in memory, status written, published.")
@AllocatesNothing
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@SuppressWarnings("NullAway.Init")
public class BlockQueueBenchmark {
    private static final int BURST = 16;
    private static final int SIZE = 128;
    private static final int BLOCK = 4096;
    private static final int SECTORS_A_BLOCK = BLOCK / BlkRequest.SECTOR_BYTES;

    /** Small enough to stay in a core's caches. */
    private static final int BLOCKS = 64;

    private static final long DISK_BYTES = (long) BLOCKS * BLOCK;
    private static final long GUEST = 0x1_0000_0000L;
    private static final long MEMORY_BYTES = 4L << 20;

    /** Behind the queue. */
    public enum Store {
        NULL,
        MEMORY
    }

    /** What is asked. */
    public enum Operation {
        READ(BlkRequest.IN),
        WRITE(BlkRequest.OUT);

        private final int type;

        Operation(int type) {
            this.type = type;
        }
    }

    @Param
    private Store store;

    @Param
    private Operation operation;

    private Arena arena;
    private BlockStore disk;
    private BlockQueue queue;
    private BlkDriver driver;
    private long data;
    private int block;

    @Setup(Level.Trial)
    public void build() {
        arena = Arena.ofShared();
        DriverMemory memory = new DriverMemory(arena.allocate(MEMORY_BYTES, BLOCK), GUEST);
        FeatureSet features = FeatureSet.of(RingFeature.VERSION_1);
        long bytes = SplitDriver.bytes(SIZE, 0);
        long at = memory.allocate(bytes, BLOCK);
        SplitDriver ring = new SplitDriver(memory.slice(at, bytes), at, SIZE, features, 0);
        ring.suppressCalls();
        driver = new BlkDriver(ring, memory);
        data = memory.allocate((long) BURST * BLOCK, BLOCK);
        disk = store == Store.NULL ? new NullStore(DISK_BYTES) : new MemoryStore(DISK_BYTES);
        BlkDevice device = new BlkDevice(
                BlkTraits.of(disk.sectors()).withBlockSize(disk.blockSize()).withSerial("bench"));
        if (!device.negotiate(features)) {
            throw new IllegalStateException("the device refuses " + features);
        }
        queue = new BlockQueue(
                new VirtqueueBuilder()
                        .size(SIZE)
                        .memory(memory.asGuestMemory())
                        .rings(ring.descriptorAddress(), ring.driverAreaAddress(), ring.deviceAreaAddress())
                        .features(features)
                        .buildSplit(),
                device,
                disk,
                CounterGroup.unlisted(BlockQueue.COUNTERS),
                QueueListener.NONE);
        queue.disarm();
        for (int i = 0; i < BLOCKS / BURST; i++) {
            // the memory store takes its memory at the first write
            burst(BlkRequest.OUT);
        }
    }

    @TearDown(Level.Trial)
    public void release() {
        queue.close();
        disk.close();
        arena.close();
    }

    /** Submits and publishes a burst, lets the queue answer it, and looks at each status. */
    @Benchmark
    @OperationsPerInvocation(BURST)
    public int submitAndComplete() {
        return burst(operation.type);
    }

    private int burst(int type) {
        for (int i = 0; i < BURST; i++) {
            driver.submit(type, (long) block * SECTORS_A_BLOCK, data + (long) i * BLOCK, BLOCK);
            block = (block + 1) % BLOCKS;
        }
        driver.publish();
        queue.poll();
        int done = 0;
        while (driver.poll() >= 0) {
            if (driver.status() != BlkRequest.OK) {
                throw new IllegalStateException("a request ended with status " + driver.status());
            }
            done++;
        }
        if (done != BURST) {
            throw new IllegalStateException("only " + done + " of " + BURST + " requests were answered in a turn");
        }
        return done;
    }
}
