package dev.cipu.bench.jmh;

import dev.cipu.dataplane.CounterGroup;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What every packet and request is counted with. */
@Measures("One call of a counter group, in memory that other processes may read at any time.")
@AllocatesNothing
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class CounterBenchmark {
    private static final int COUNTERS = 8;

    private final CounterGroup counters = CounterGroup.unlisted(List.of("a", "b", "c", "d", "e", "f", "g", "h"));
    private int turn;

    /** Each call another counter: one counter alone would wait for its own last store. */
    @Benchmark
    public void add() {
        counters.add(turn++ & COUNTERS - 1, 1);
    }

    /** The same counter again and again, as in a burst of packets that are counted one by one. */
    @Benchmark
    public void addToOne() {
        counters.add(0, 1);
    }

    @Benchmark
    public long get() {
        return counters.get(turn++ & COUNTERS - 1);
    }
}
