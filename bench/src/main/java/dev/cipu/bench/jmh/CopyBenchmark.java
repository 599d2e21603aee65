package dev.cipu.bench.jmh;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** The copy that every frame meets twice on its way through the card. */
@Measures("One frame from one shared segment to another, caches warm, as between guest memory and the packet pool.")
@AllocatesNothing
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@SuppressWarnings("NullAway.Init")
public class CopyBenchmark {
    private static final int SLOTS = 64;
    private static final int SLOT_BYTES = 4096;

    @Param({"64", "256", "1518", "4096"})
    private int bytes;

    private Arena arena;
    private MemorySegment from;
    private MemorySegment to;
    private int turn;

    @Setup(Level.Trial)
    public void allocate() {
        arena = Arena.ofShared();
        from = arena.allocate((long) SLOTS * SLOT_BYTES, SLOT_BYTES);
        to = arena.allocate((long) SLOTS * SLOT_BYTES, SLOT_BYTES);
    }

    @TearDown(Level.Trial)
    public void release() {
        arena.close();
    }

    @Benchmark
    public void copy() {
        long at = (long) (turn++ & SLOTS - 1) * SLOT_BYTES;
        MemorySegment.copy(from, at, to, at, bytes);
    }
}
