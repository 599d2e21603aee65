package dev.cipu.shim.probe;

import dev.cipu.virtio.blk.BlkRequest;
import dev.cipu.virtio.memory.Le;
import dev.cipu.virtio.net.NetHeader;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * A harmless chain of each device type for checks that care about rings only: a disk reads its first sectors, a network device
 * sends a frame to nobody. Which queue it goes to, how it looks, and how to tell that it was answered.
 */
public final class Exchange {
    /** Descriptors of its rings. */
    public static final int SIZE = 64;

    private static final byte CANARY = (byte) 0xa5;
    private static final int FRAME_BYTES = 60;
    private static final int DATA_BYTES = 4096;
    private static final byte[] FRAME_HEAD = {
        0x02, 0, 0, 0, 0x0c, 0x04, 0x02, 0, 0, 0, 0x0c, 0x03, (byte) 0x88, (byte) 0xb5
    };

    private final boolean net;
    private final Rig rig;
    private final RigQueue queue;

    private Exchange(boolean net, Rig rig, RigQueue queue) {
        this.net = net;
        this.rig = rig;
        this.queue = queue;
    }

    /** A chain that was made: its parts, and where its memory is. */
    public record Sample(List<Part> parts, long out, long in) {}

    /** The number of the queue that a device type answers on. */
    public static int index(DeviceKind kind) {
        return kind == DeviceKind.NET ? 1 : 0;
    }

    /** Starts a device, on a connection that has agreed on features and shares its memory, with the driver's half at work. */
    public static Exchange start(Rig rig, DeviceKind kind, int indirectEntries) {
        return start(rig, kind, SIZE, indirectEntries);
    }

    /** As above, with rings of a size. */
    public static Exchange start(Rig rig, DeviceKind kind, int size, int indirectEntries) {
        RigQueue queue = rig.queue(index(kind), size, indirectEntries);
        return begin(rig, kind, queue, queue.ring().position());
    }

    /** A device with a ring of bare fields at an index. */
    public static Exchange startRaw(Rig rig, DeviceKind kind, int base) {
        RigQueue queue = rig.rawQueue(index(kind), SIZE);
        queue.raw().startAt(base);
        return begin(rig, kind, queue, base);
    }

    /** On a ring whose start is the caller's. */
    public static Exchange on(Rig rig, DeviceKind kind, RigQueue queue) {
        return new Exchange(kind == DeviceKind.NET, rig, queue);
    }

    private static Exchange begin(Rig rig, DeviceKind kind, RigQueue queue, int base) {
        if (kind == DeviceKind.NET) {
            startReceiveq(rig);
        }
        rig.start(queue, base);
        rig.driverOk();
        return on(rig, kind, queue);
    }

    /** A receiveq with nothing in it: some back-ends start whole pairs only. */
    public static void startReceiveq(Rig rig) {
        rig.start(rig.queue(0, SIZE, 0));
    }

    public Rig rig() {
        return rig;
    }

    public RigQueue queue() {
        return queue;
    }

    /** Bytes that the device writes into a chain. */
    public int writtenBytes() {
        return net ? 0 : DATA_BYTES + 1;
    }

    /** A fresh chain: what the device reads as one part, what it writes as one, two or none. */
    public Sample sample() {
        return net ? frame() : read();
    }

    private Sample frame() {
        int bytes = NetHeader.BYTES + FRAME_BYTES;
        long out = rig.allocate(bytes);
        MemorySegment memory = rig.memory().slice(out, bytes);
        MemorySegment.copy(FRAME_HEAD, 0, memory, ValueLayout.JAVA_BYTE, NetHeader.BYTES, FRAME_HEAD.length);
        return new Sample(List.of(Part.readable(out, bytes)), out, 0);
    }

    private Sample read() {
        long out = rig.allocate(BlkRequest.HEADER_BYTES);
        rig.memory().slice(out, BlkRequest.HEADER_BYTES).set(Le.INT_UNALIGNED, 0, BlkRequest.IN);
        long in = rig.allocate(DATA_BYTES + 64);
        rig.memory().slice(in, DATA_BYTES + 64).fill(CANARY);
        return new Sample(
                List.of(
                        Part.readable(out, BlkRequest.HEADER_BYTES),
                        Part.writable(in, DATA_BYTES),
                        Part.writable(in + DATA_BYTES, 1)),
                out,
                in);
    }

    /** The sample in as many parts as cutting each of them by the given lengths makes. */
    public static List<Part> cut(Sample sample, int... lengths) {
        List<Part> parts = new ArrayList<>();
        for (Part part : sample.parts()) {
            int sum = 0;
            for (int length : lengths) {
                sum += length;
            }
            parts.addAll(sum < part.length() ? part.cut(lengths) : List.of(part));
        }
        return parts;
    }

    /** Whether the chain was served: its status is good, and nothing was written beyond. */
    public boolean isServed(Sample sample) {
        if (net) {
            return true;
        }
        MemorySegment in = rig.memory().slice(sample.in(), DATA_BYTES + 64);
        return in.get(ValueLayout.JAVA_BYTE, DATA_BYTES) == BlkRequest.OK
                && in.get(ValueLayout.JAVA_BYTE, DATA_BYTES + 1) == CANARY;
    }

    /** Gives one chain of a ring of bare fields to the device and waits until it is used; false if it is not in time. */
    public boolean serveRaw(Sample sample) {
        int before = queue.raw().usedIndex();
        queue.raw().give(sample.parts());
        queue.kick();
        return awaitUsed(before + 1);
    }

    /** Waits until the used index is {@code index}. */
    public boolean awaitUsed(int index) {
        int wanted = index & 0xffff;
        return Pause.until(() -> queue.raw().usedIndex() == wanted, rig.peer().timeout());
    }

    /** Gives one chain through the driver's half and waits; false if it does not come back, or badly. */
    public boolean serve(Sample sample) {
        queue.give(sample.parts());
        return queue.take(rig.peer().timeout()) != null && isServed(sample);
    }
}
