package dev.cipu.dataplane.net;

import dev.cipu.dataplane.CounterGroup;
import dev.cipu.dataplane.QueueListener;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.driver.DriverMemory;
import dev.cipu.virtio.driver.DriverQueue;
import dev.cipu.virtio.driver.NetControl;
import dev.cipu.virtio.driver.NetDriver;
import dev.cipu.virtio.memory.GuestMemory;
import dev.cipu.virtio.net.NetDevice;
import dev.cipu.virtio.net.NetFeature;
import dev.cipu.virtio.net.NetHeader;
import dev.cipu.virtio.ring.RingFormat;
import dev.cipu.virtio.ring.Violation;
import dev.cipu.virtio.ring.Virtqueue;
import dev.cipu.virtio.ring.VirtqueueBuilder;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A guest in the same process: a device, its port, and a driver for each queue pair. */
final class TestGuest implements QueueListener {
    static final long BASE = 0x4000_0000L;

    final NetDevice device;
    final GuestPort port;
    final DriverMemory memory;
    final List<NetDriver> pairs = new ArrayList<>();
    final List<Violation> violations = new ArrayList<>();
    final CounterGroup counters = CounterGroup.unlisted(GuestPort.COUNTERS);
    int memoryFaults;
    int calls;

    /** The port's clock, which moves a little with each reading. */
    long nanos;

    TestGuest(
            Arena arena, PacketPool pool, byte[] mac, int queuePairs, FeatureSet features, int ring, int bufferBytes) {
        device = new NetDevice(mac, 1500, queuePairs);
        if (!device.negotiate(features)) {
            throw new IllegalArgumentException("features " + features);
        }
        port = new GuestPort(device, pool, counters, () -> nanos += 20);
        long buffers = 2L * queuePairs * ring * bufferBytes;
        memory = new DriverMemory(arena.allocate((8 << 20) + buffers, 4096), BASE);
        GuestMemory guest = memory.asGuestMemory();
        for (int pair = 0; pair < queuePairs; pair++) {
            DriverQueue receiveq = ring(ring, features);
            DriverQueue transmitq = ring(ring, features);
            pairs.add(new NetDriver(receiveq, transmitq, memory, bufferBytes, headerBytes()));
            port.attach(2 * pair, queue(guest, receiveq, features), this);
            port.attach(2 * pair + 1, queue(guest, transmitq, features), this);
            port.enable(2 * pair, true);
            port.enable(2 * pair + 1, true);
        }
        for (NetDriver driver : pairs) {
            driver.receiveq().suppressCalls();
            driver.transmitq().suppressCalls();
            driver.publishReceive();
        }
    }

    private int headerBytes() {
        return device.isNegotiated(NetFeature.HASH_REPORT) ? NetHeader.HASH_BYTES : NetHeader.BYTES;
    }

    /** Starts the control queue; {@code turn} lets the card work while a command waits for its ack. */
    NetControl control(Runnable turn) {
        DriverQueue ring = ring(16, device.negotiated());
        int index = device.controlQueue();
        port.attach(index, queue(memory.asGuestMemory(), ring, device.negotiated()), this);
        port.enable(index, true);
        int[] turns = {0};
        return new NetControl(ring, memory, 1 << 14, () -> {}, () -> {
            turn.run();
            return ++turns[0] < 10_000;
        });
    }

    private DriverQueue ring(int size, FeatureSet features) {
        long bytes = DriverQueue.bytes(RingFormat.of(features), size, 0);
        long at = memory.allocate(bytes, 4096);
        return DriverQueue.of(memory.slice(at, bytes), at, size, features, 0);
    }

    Virtqueue queue(GuestMemory guest, DriverQueue ring, FeatureSet features) {
        return new VirtqueueBuilder()
                .size(ring.size())
                .memory(guest)
                .rings(ring.descriptorAddress(), ring.driverAreaAddress(), ring.deviceAreaAddress())
                .features(features)
                .interrupt(() -> calls++)
                .build();
    }

    NetDriver driver() {
        return pairs.get(0);
    }

    /** Sends a frame on pair 0 with an empty header. */
    void send(byte[] frame) {
        send(0, frame, 0, 0);
    }

    void send(int pair, byte[] frame, long headerFirst, int headerLast) {
        while (pairs.get(pair).reclaim()) {
            // take everything back
        }
        put(pair, frame, frame.length, headerFirst, headerLast);
        pairs.get(pair).publishTransmit();
    }

    /** Puts a frame into pair 0's transmitq, which the card does not see yet. */
    void enqueue(byte[] frame) {
        enqueue(frame, frame.length);
    }

    /** As {@link #enqueue(byte[])}, but only the first bytes of the frame. */
    void enqueue(byte[] frame, int bytes) {
        put(0, frame, bytes, 0, 0);
    }

    /** Frames sent on pair 0 that were completed since the last time. */
    int completed() {
        int count = 0;
        while (driver().reclaim()) {
            count++;
        }
        return count;
    }

    private void put(int pair, byte[] frame, int bytes, long headerFirst, int headerLast) {
        NetDriver driver = pairs.get(pair);
        int slot = driver.transmitSlot();
        MemorySegment.copy(frame, 0, driver.segment(), ValueLayout.JAVA_BYTE, driver.frameOffset(slot), frame.length);
        if (!driver.send(bytes, headerFirst, headerLast)) {
            throw new IllegalStateException("transmitq full");
        }
    }

    /** Frames received on a pair, each with its 12-byte header in front. */
    List<byte[]> received(int pair) {
        NetDriver driver = pairs.get(pair);
        List<byte[]> frames = new ArrayList<>();
        int bytes;
        while ((bytes = driver.receive()) >= 0) {
            frames.add(driver.segment().asSlice(driver.receivedOffset(), bytes).toArray(ValueLayout.JAVA_BYTE));
            driver.recycle();
        }
        driver.publishReceive();
        return frames;
    }

    List<byte[]> received() {
        return received(0);
    }

    static byte[] body(byte[] withHeader) {
        return Arrays.copyOfRange(withHeader, NetHeader.BYTES, withHeader.length);
    }

    @Override
    public void queueBroken(Violation kind) {
        violations.add(kind);
    }

    @Override
    public void memoryFault() {
        memoryFaults++;
    }
}
