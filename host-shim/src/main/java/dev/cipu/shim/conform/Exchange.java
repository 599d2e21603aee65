package dev.cipu.shim.conform;

import dev.cipu.shim.probe.Part;
import dev.cipu.shim.probe.Pause;
import dev.cipu.shim.probe.Rig;
import dev.cipu.shim.probe.RigQueue;
import dev.cipu.shim.probe.RingFormat;
import dev.cipu.virtio.FeatureSet;
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
final class Exchange {
    static final int SIZE = 64;

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
    record Sample(List<Part> parts, long out, long in) {}

    /** The queue's number of a device type. */
    static int index(Trial trial) {
        return trial.isNet() ? 1 : 0;
    }

    /** Starts a device with the driver's half at work. */
    static Exchange start(Trial trial, RingFormat format, FeatureSet more, int indirectEntries) {
        Rig rig = trial.ready(format.features().or(more));
        RigQueue queue = rig.queue(format, index(trial), SIZE, indirectEntries);
        return begin(trial, rig, queue, 0);
    }

    /** Starts a device with a ring of bare fields at an index. */
    static Exchange startRaw(Trial trial, FeatureSet more, int base) {
        Rig rig = trial.ready(RingFormat.SPLIT.features().or(more));
        RigQueue queue = rig.rawQueue(index(trial), SIZE);
        queue.raw().startAt(base);
        return begin(trial, rig, queue, base);
    }

    /** As above for a rig whose other steps are the caller's. */
    static Exchange of(Trial trial, Rig rig, RigQueue queue) {
        return new Exchange(trial.isNet(), rig, queue);
    }

    private static Exchange begin(Trial trial, Rig rig, RigQueue queue, int base) {
        if (trial.isNet()) {
            // a receiveq with nothing in it: some back-ends start whole pairs only
            rig.start(rig.queue(RingFormat.SPLIT, 0, SIZE, 0), 0);
        }
        rig.start(queue, base);
        rig.driverOk();
        return of(trial, rig, queue);
    }

    Rig rig() {
        return rig;
    }

    RigQueue queue() {
        return queue;
    }

    /** Bytes that the device writes into a chain. */
    int writtenBytes() {
        return net ? 0 : DATA_BYTES + 1;
    }

    /** A fresh chain: what the device reads as one part, what it writes as one, two or none. */
    Sample sample() {
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
    static List<Part> cut(Sample sample, int... lengths) {
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

    /** Prepares a chain of the ring of bare fields to be given again. */
    void renew(Sample sample) {
        if (!net) {
            rig.memory().slice(sample.in(), DATA_BYTES + 64).fill(CANARY);
        }
    }

    /** Whether the chain was served: its status is good, and nothing was written beyond. */
    boolean isServed(Sample sample) {
        if (net) {
            return true;
        }
        MemorySegment in = rig.memory().slice(sample.in(), DATA_BYTES + 64);
        return in.get(ValueLayout.JAVA_BYTE, DATA_BYTES) == BlkRequest.OK
                && in.get(ValueLayout.JAVA_BYTE, DATA_BYTES + 1) == CANARY;
    }

    /** Gives one chain of a ring of bare fields to the device and waits until it is used; false if it is not in time. */
    boolean serveRaw(Sample sample) {
        int before = queue.raw().usedIndex();
        queue.raw().give(sample.parts());
        queue.kick();
        return awaitUsed(before + 1);
    }

    /** Waits until the used index is {@code index}. */
    boolean awaitUsed(int index) {
        int wanted = index & 0xffff;
        return Pause.until(() -> queue.raw().usedIndex() == wanted, rig.peer().timeout());
    }

    /** Gives one chain through the driver's half and waits; false if it does not come back, or badly. */
    boolean serve(Sample sample) {
        queue.give(sample.parts());
        return queue.take(rig.peer().timeout()) != null && isServed(sample);
    }
}
