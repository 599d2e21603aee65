package dev.cipu.bench.jmh;

import dev.cipu.virtio.memory.GuestMemory;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
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

/** The lookup that every descriptor needs. */
@Measures("A guest address to its region, each call another region of as many as a front-end has shared.")
@AllocatesNothing
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@SuppressWarnings("NullAway.Init")
public class TranslateBenchmark {
    private static final long REGION_BYTES = 1 << 16;
    private static final long STRIDE = 1L << 30;

    @Param({"1", "8", "64"})
    private int regions;

    private Arena arena;
    private GuestMemory memory;
    private int turn;

    @Setup(Level.Trial)
    public void build() {
        arena = Arena.ofShared();
        List<GuestMemory.Region> list = new ArrayList<>();
        for (int i = 0; i < regions; i++) {
            list.add(new GuestMemory.Region(i * STRIDE, i * STRIDE, arena.allocate(REGION_BYTES, 1 << 12)));
        }
        memory = GuestMemory.of(list);
    }

    @TearDown(Level.Trial)
    public void release() {
        arena.close();
    }

    @Benchmark
    public int regionOf() {
        return memory.regionOf((turn++ & regions - 1) * STRIDE + 100);
    }
}
