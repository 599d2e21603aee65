package dev.cipu.bench.guest;

import dev.cipu.dataplane.CounterGroup;
import dev.cipu.dataplane.QueueListener;
import dev.cipu.dataplane.net.GuestPort;
import dev.cipu.dataplane.net.PacketPool;
import dev.cipu.dataplane.net.Port;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.driver.DriverMemory;
import dev.cipu.virtio.driver.NetDriver;
import dev.cipu.virtio.driver.SplitDriver;
import dev.cipu.virtio.net.NetDevice;
import dev.cipu.virtio.ring.SplitQueue;
import dev.cipu.virtio.ring.VirtqueueBuilder;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;

/**
 * A guest behind a port of a switch, one queue pair, both halves polling. One thread owns guest and switch: it sends, lets
 * the switch work, and receives.
 */
public final class PortGuest {
    /** Descriptors of each ring. */
    public static final int SIZE = 256;

    /** Header and largest frame. */
    private static final int BUFFER_BYTES = 2048;

    private static final int MTU = 1500;
    private static final int PAGE = 4096;
    private static final long GUEST_ADDRESS = 0x1_0000_0000L;
    private static final long MEMORY_BYTES = 4L << 20;

    private final byte[] mac;
    private final GuestPort port;
    private final NetDriver driver;

    /**
     * @param arena the guest's memory lives as long as it
     * @param pool the switch's
     * @param mac the guest's address
     * @param features what its driver accepts
     */
    public PortGuest(Arena arena, PacketPool pool, byte[] mac, FeatureSet features) {
        this.mac = mac.clone();
        NetDevice device = new NetDevice(mac, MTU, 1);
        if (!device.negotiate(features)) {
            throw new IllegalStateException("the device refuses " + features);
        }
        port = new GuestPort(device, pool, CounterGroup.unlisted(GuestPort.COUNTERS), System::nanoTime);
        DriverMemory memory = new DriverMemory(arena.allocate(MEMORY_BYTES, PAGE), GUEST_ADDRESS);
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
        return new VirtqueueBuilder()
                .size(SIZE)
                .memory(memory.asGuestMemory())
                .rings(ring.descriptorAddress(), ring.driverAreaAddress(), ring.deviceAreaAddress())
                .features(features)
                .buildSplit();
    }

    /** To be plugged into the switch. */
    public Port port() {
        return port;
    }

    public NetDriver driver() {
        return driver;
    }

    /** Writes the addresses of the frame that is sent next: from this guest to {@code to}. */
    public void address(byte[] to) {
        long frame = driver.frameOffset(driver.transmitSlot());
        for (int i = 0; i < mac.length; i++) {
            driver.segment().set(ValueLayout.JAVA_BYTE, frame + i, to[i]);
            driver.segment().set(ValueLayout.JAVA_BYTE, frame + mac.length + i, mac[i]);
        }
    }

    /** Takes what has arrived and offers the buffers again; returns the number of frames. */
    public int drain() {
        int frames = 0;
        while (driver.receive() >= 0) {
            driver.recycle();
            frames++;
        }
        if (frames > 0) {
            driver.publishReceive();
        }
        return frames;
    }

    /** Takes back the buffers of the frames that are sent. */
    public void reclaim() {
        while (driver.reclaim()) {
            // each sent buffer is free again
        }
    }
}
