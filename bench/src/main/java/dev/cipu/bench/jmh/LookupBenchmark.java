package dev.cipu.bench.jmh;

import dev.cipu.dataplane.CounterGroup;
import dev.cipu.dataplane.net.Burst;
import dev.cipu.dataplane.net.L2Switch;
import dev.cipu.dataplane.net.Offload;
import dev.cipu.dataplane.net.PacketPool;
import dev.cipu.dataplane.net.Port;
import dev.cipu.virtio.memory.Le;
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

/**
 * The switch without guests: its ports make up frames and throw them away. Every frame has another destination than the one
 * before it, unless there is only one, so neither the burst's nor the port's last decision helps.
 */
@Measures(
        "One frame's way through the switch alone, in bursts of 32 whose frames go to that many addresses in turn, behind "
                + "four ports: packet taken, addresses looked up, handed over, packet given back. With one destination the switch "
                + "decides once a burst; with two or more it decides for each frame.")
@AllocatesNothing
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@SuppressWarnings("NullAway.Init")
public class LookupBenchmark {
    private static final int BURST = 32;
    private static final int SLOTS = 256;
    private static final int FRAME = 64;
    private static final int SINKS = 4;

    /** 52:54:00 and three bytes of a number, as the first six bytes of a little-endian word. */
    private static final long PREFIX = 0x5452L;

    private static final int NUMBER_SHIFT = 24;
    private static final long SOURCE = PREFIX | 0xffffffL << NUMBER_SHIFT;

    @Param({"1", "2", "1024"})
    private int destinations;

    private Arena arena;
    private L2Switch l2;

    @Setup(Level.Trial)
    public void build() {
        arena = Arena.ofShared();
        PacketPool pool = new PacketPool(arena, SLOTS, FRAME);
        CounterGroup counters = CounterGroup.unlisted(L2Switch.COUNTERS);
        l2 = new L2Switch(pool, System::nanoTime, counters);
        for (int i = 0; i < SINKS; i++) {
            l2.add(new Station(pool, i));
        }
        int turns = 0;
        while (l2.poll() > 0) {
            turns++;
        }
        if (counters.get("unlearned") > 0) {
            throw new IllegalStateException("the switch has not learned all addresses in " + turns + " turns");
        }
        l2.add(new Source(pool));
    }

    @TearDown(Level.Trial)
    public void release() {
        arena.close();
    }

    private static long address(int number) {
        return PREFIX | (long) number << NUMBER_SHIFT;
    }

    /** Writes the addresses of a frame. */
    private static void write(PacketPool pool, int slot, long to, long from) {
        long at = pool.frameOffset(slot);
        pool.slab().set(Le.LONG_UNALIGNED, at, to | from << 48);
        pool.slab().set(Le.LONG_UNALIGNED, at + Long.BYTES, from >>> 16);
    }

    /** Where every fourth address is. It says so once, one frame a turn, and takes all that comes. */
    private final class Station implements Port {
        private final PacketPool pool;
        private int next;

        Station(PacketPool pool, int first) {
            this.pool = pool;
            next = first;
        }

        @Override
        public int receive(Burst burst) {
            if (next >= destinations) {
                return 0;
            }
            int slot = pool.take();
            write(pool, slot, SOURCE, address(next));
            burst.add(slot, FRAME, Offload.NONE);
            next += SINKS;
            return 1;
        }

        @Override
        public void transmit(Burst burst) {}

        @Override
        public boolean arm() {
            return true;
        }

        @Override
        public void disarm() {}
    }

    /** Sends a burst each turn. */
    private final class Source implements Port {
        private final PacketPool pool;
        private int next;

        Source(PacketPool pool) {
            this.pool = pool;
        }

        @Override
        public int receive(Burst burst) {
            for (int i = 0; i < BURST; i++) {
                int slot = pool.take();
                // destinations is a power of two
                write(pool, slot, address(next++ & destinations - 1), SOURCE);
                burst.add(slot, FRAME, Offload.NONE);
            }
            return BURST;
        }

        @Override
        public void transmit(Burst burst) {}

        @Override
        public boolean arm() {
            return false;
        }

        @Override
        public void disarm() {}
    }

    /** One turn of the switch. */
    @Benchmark
    @OperationsPerInvocation(BURST)
    public int turn() {
        return l2.poll();
    }
}
