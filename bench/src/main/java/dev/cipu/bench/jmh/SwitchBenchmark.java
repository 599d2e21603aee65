package dev.cipu.bench.jmh;

import dev.cipu.dataplane.CounterGroup;
import dev.cipu.dataplane.QueueListener;
import dev.cipu.dataplane.net.GuestPort;
import dev.cipu.dataplane.net.L2Switch;
import dev.cipu.dataplane.net.Loopback;
import dev.cipu.dataplane.net.PacketPool;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.driver.DriverMemory;
import dev.cipu.virtio.driver.NetDriver;
import dev.cipu.virtio.driver.SplitDriver;
import dev.cipu.virtio.net.NetDevice;
import dev.cipu.virtio.net.NetFeature;
import dev.cipu.virtio.ring.SplitQueue;
import dev.cipu.virtio.ring.SplitQueueBuilder;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
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

/** A frame's whole walk. */
@Measures("One frame from a guest through the switch to the reflecting uplink and back into the guest, in bursts of 32, "
        + "driver's half and all, on one core: its walk without the cache misses between cores.")
@AllocatesNothing
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(
        value = 1,
        jvmArgsAppend = {Flags.COLLECTOR, Flags.NATIVE, Flags.UNSAFE})
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@SuppressWarnings("NullAway.Init")
public class SwitchBenchmark {
    private static final int BURST = 32;
    private static final int SIZE = 256;
    private static final int SLOTS = 1024;
    private static final int MAX_FRAME = 1518;
    private static final int BUFFER_BYTES = 2048;
    private static final int MTU = 1500;
    private static final int PAGE = 4096;
    private static final long GUEST = 0x1_0000_0000L;
    private static final long MEMORY_BYTES = 4L << 20;
    private static final byte[] MAC = {0x52, 0x54, 0, 0, 0, 1};
    private static final byte[] ELSEWHERE = {0x52, 0x54, 0, 0, 0, 2};

    @Param({"64", "1518"})
    private int bytes;

    private Arena arena;
    private L2Switch l2;
    private NetDriver driver;

    @Setup(Level.Trial)
    public void build() {
        arena = Arena.ofShared();
        PacketPool pool = new PacketPool(arena, SLOTS, MAX_FRAME);
        l2 = new L2Switch(pool, System::nanoTime, CounterGroup.unlisted(L2Switch.COUNTERS));
        FeatureSet features = FeatureSet.of(RingFeature.VERSION_1, NetFeature.MAC, NetFeature.MTU);
        NetDevice device = new NetDevice(MAC, MTU, 1);
        if (!device.negotiate(features)) {
            throw new IllegalStateException("the device refuses " + features);
        }
        GuestPort port = new GuestPort(device, pool, CounterGroup.unlisted(GuestPort.COUNTERS), System::nanoTime);
        l2.add(port);
        l2.add(new Loopback(pool));
        DriverMemory memory = new DriverMemory(arena.allocate(MEMORY_BYTES, PAGE), GUEST);
        SplitDriver receiveq = ring(memory, features);
        SplitDriver transmitq = ring(memory, features);
        driver = new NetDriver(receiveq, transmitq, memory, BUFFER_BYTES);
        port.attach(0, queue(memory, receiveq, features), QueueListener.NONE);
        port.attach(1, queue(memory, transmitq, features), QueueListener.NONE);
        port.enable(0, true);
        port.enable(1, true);
        driver.publishReceive();
    }

    private static SplitDriver ring(DriverMemory memory, FeatureSet features) {
        long length = SplitDriver.bytes(SIZE, 0);
        long at = memory.allocate(length, PAGE);
        SplitDriver ring = new SplitDriver(memory.slice(at, length), at, SIZE, features, 0);
        ring.suppressCalls();
        return ring;
    }

    private static SplitQueue queue(DriverMemory memory, SplitDriver ring, FeatureSet features) {
        return new SplitQueueBuilder()
                .size(SIZE)
                .memory(memory.asGuestMemory())
                .rings(ring.descriptorAddress(), ring.availAddress(), ring.usedAddress())
                .features(features)
                .build();
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
            address(driver.frameOffset(driver.transmitSlot()));
            driver.send(bytes);
        }
        driver.publishTransmit();
        int back = 0;
        int turns = 0;
        while (back < BURST) {
            l2.poll();
            while (driver.receive() >= 0) {
                driver.recycle();
                back++;
            }
            if (++turns > SLOTS) {
                throw new IllegalStateException("only " + back + " of " + BURST + " frames came back");
            }
        }
        driver.publishReceive();
        while (driver.reclaim()) {
            // each sent buffer is free again
        }
        return back;
    }

    private void address(long frame) {
        for (int i = 0; i < MAC.length; i++) {
            driver.segment().set(ValueLayout.JAVA_BYTE, frame + i, ELSEWHERE[i]);
            driver.segment().set(ValueLayout.JAVA_BYTE, frame + MAC.length + i, MAC[i]);
        }
    }
}
