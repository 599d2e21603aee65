package dev.cipu.bench.jmh;

import dev.cipu.bench.guest.PortGuest;
import dev.cipu.dataplane.CounterGroup;
import dev.cipu.dataplane.net.L2Switch;
import dev.cipu.dataplane.net.Loopback;
import dev.cipu.dataplane.net.PacketPool;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.net.NetFeature;
import dev.cipu.virtio.net.NetHeader;
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
 * A frame's whole walk. The guest's driver takes complete frames only, so a partial checksum makes the card sum each
 * frame up on its way back; the difference is what that costs.
 */
@Measures(
        "One frame from a guest through the switch to the reflecting uplink and back into the guest, in bursts of 32, "
                + "driver's half and all, on one core: its walk without the cache misses between cores. "
                + "With `checksum=PARTIAL` the card completes a UDP checksum on the way back.")
@AllocatesNothing
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@SuppressWarnings("NullAway.Init")
public class SwitchBenchmark {
    private static final int BURST = 32;
    private static final int SLOTS = 1024;
    private static final int MAX_FRAME = 1518;
    private static final byte[] MAC = {0x52, 0x54, 0, 0, 0, 1};
    private static final byte[] ELSEWHERE = {0x52, 0x54, 0, 0, 0, 2};

    /** Ethernet and IPv4 without options; the UDP checksum is the last field of its header. [RFC 768] */
    private static final int UDP = 34;

    private static final int UDP_CHECKSUM = 6;

    /** What the guest leaves to the card. */
    public enum Sum {
        COMPLETE,
        PARTIAL
    }

    @Param({"64", "1518"})
    private int bytes;

    @Param
    private Sum checksum;

    private Arena arena;
    private L2Switch l2;
    private PortGuest guest;
    private long headerFirst;
    private int headerLast;

    @Setup(Level.Trial)
    public void build() {
        arena = Arena.ofShared();
        PacketPool pool = new PacketPool(arena, SLOTS, MAX_FRAME);
        l2 = new L2Switch(pool, System::nanoTime, CounterGroup.unlisted(L2Switch.COUNTERS));
        FeatureSet features = FeatureSet.of(RingFeature.VERSION_1, NetFeature.MAC, NetFeature.MTU, NetFeature.CSUM);
        guest = new PortGuest(arena, pool, MAC, features);
        l2.add(guest.port());
        l2.add(new Loopback(pool));
        headerFirst = checksum == Sum.PARTIAL ? NetHeader.partialChecksum(UDP) : 0;
        headerLast = checksum == Sum.PARTIAL ? UDP_CHECKSUM : 0;
    }

    @TearDown(Level.Trial)
    public void release() {
        arena.close();
    }

    /** Sends a burst, lets the switch work until all of it is back, and recycles the buffers. */
    @Benchmark
    @OperationsPerInvocation(BURST)
    public int thereAndBack() {
        for (int i = 0; i < BURST; i++) {
            guest.address(ELSEWHERE);
            guest.driver().send(bytes, headerFirst, headerLast);
        }
        guest.driver().publishTransmit();
        int back = 0;
        int turns = 0;
        while (back < BURST) {
            l2.poll();
            back += guest.drain();
            if (++turns > SLOTS) {
                throw new IllegalStateException("only " + back + " of " + BURST + " frames came back");
            }
        }
        guest.reclaim();
        return back;
    }
}
