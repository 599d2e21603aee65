package dev.cipu.shim.load;

import dev.cipu.shim.vhost.frontend.FrontEndQueue;
import dev.cipu.virtio.driver.DriverMemory;
import dev.cipu.virtio.driver.NetDriver;
import dev.cipu.virtio.memory.Le;
import dev.cipu.virtio.net.NetHeader;
import java.lang.foreign.MemorySegment;

/** One queue pair under load. Owned by the load's thread; allocates nothing after construction. */
final class NetLane {
    /** Smallest receive buffer of a driver without mergeable buffers. {@code [virtio-1.4 §5.1.6.3.1]} */
    private static final int MIN_RECEIVE_BYTES = 1526;

    private static final int CACHE_LINE = 64;

    /** Frames leave when they do, not at a time that was set for them. */
    static final long NOW = Long.MIN_VALUE;

    private final FrontEndQueue receiveq;
    private final FrontEndQueue transmitq;
    private final NetDriver driver;
    private final MemorySegment memory;
    private final NetLoadSpec spec;
    private final TestFrame frames;
    private final FrameLedger ledger;
    private final NetTally tally;
    private final LatencyRecorder latency;
    private final boolean mergeable;
    private final boolean[] filled;
    private int continuations;

    NetLane(
            FrontEndQueue receiveq,
            FrontEndQueue transmitq,
            DriverMemory memory,
            NetLoadSpec spec,
            boolean mergeable,
            TestFrame frames,
            FrameLedger ledger,
            NetTally tally,
            LatencyRecorder latency) {
        this.receiveq = receiveq;
        this.transmitq = transmitq;
        this.driver = new NetDriver(receiveq.ring(), transmitq.ring(), memory, bufferBytes(spec));
        this.memory = driver.segment();
        this.spec = spec;
        this.mergeable = mergeable;
        this.frames = frames;
        this.ledger = ledger;
        this.tally = tally;
        this.latency = latency;
        this.filled = new boolean[transmitq.ring().size()];
    }

    private static int bufferBytes(NetLoadSpec spec) {
        int bytes = Math.max(MIN_RECEIVE_BYTES, NetHeader.BYTES + spec.frameBytes());
        return (bytes + CACHE_LINE - 1) & -CACHE_LINE;
    }

    /** Bytes of driver memory that a lane of this shape needs besides its rings. */
    static long memoryBytes(NetLoadSpec spec) {
        return 2L * spec.target().queueSize() * bufferBytes(spec) + 2 * CACHE_LINE;
    }

    /** Shows the device the receive buffers. */
    void open() {
        receiveq.publish();
    }

    /** Takes up to a burst of frames that came back; returns how many buffers that were. */
    int receive() {
        int bytes = driver.receive();
        if (bytes < 0) {
            return 0;
        }
        long time = System.nanoTime();
        int done = 0;
        do {
            long at = driver.receivedOffset();
            if (continuations > 0) {
                continuations--;
            } else {
                judge(at, bytes, time);
            }
            driver.recycle();
            done++;
        } while (done < spec.burst() && (bytes = driver.receive()) >= 0);
        receiveq.publish();
        return done;
    }

    private void judge(long at, int bytes, long time) {
        if (mergeable) {
            // [virtio-1.4 §5.1.6.4] a frame over several buffers has its header in the first only
            continuations =
                    Math.max(0, Short.toUnsignedInt(memory.get(Le.SHORT_UNALIGNED, at + NetHeader.NUM_BUFFERS)) - 1);
        }
        long frame = at + NetHeader.BYTES;
        int length = bytes - NetHeader.BYTES;
        long sequence = frames.sequence(memory, frame, length);
        if (sequence == TestFrame.FOREIGN) {
            tally.foreign++;
            return;
        }
        long sentAt = ledger.returned(sequence);
        if (sentAt == -1) {
            return;
        }
        tally.received++;
        latency.record(sentAt, time);
        if (length != spec.frameBytes() || (spec.verify() && !frames.patternMatches(memory, frame, length, sequence))) {
            tally.altered(sequence, length);
        }
    }

    /** Takes sent buffers back; returns how many. */
    int reclaim() {
        int done = 0;
        while (done < spec.burst() && driver.reclaim()) {
            done++;
        }
        return done;
    }

    /**
     * Sends up to {@code most} frames; returns how many.
     *
     * @param intended what counts as the time at which they leave, or {@link #NOW}
     */
    int send(int most, long intended) {
        if (most <= 0 || driver.transmitSlot() < 0) {
            return 0;
        }
        long time = intended == NOW ? System.nanoTime() : intended;
        int done = 0;
        while (done < most) {
            int slot = driver.transmitSlot();
            if (slot < 0) {
                break;
            }
            long at = driver.frameOffset(slot);
            long sequence = ledger.issue(time);
            if (spec.verify() || !filled[slot]) {
                frames.fill(memory, at, spec.frameBytes(), sequence);
                filled[slot] = true;
            } else {
                TestFrame.renumber(memory, at, sequence);
            }
            if (!driver.send(spec.frameBytes())) {
                throw new IllegalStateException("a ring with a free buffer is full");
            }
            done++;
        }
        transmitq.publish();
        return done;
    }

    /** Whether a transmit buffer is free. */
    boolean canSend() {
        return driver.transmitSlot() >= 0;
    }

    /** Frames handed to the device and not yet taken back. */
    int inFlight() {
        return driver.inFlight();
    }

    FrontEndQueue receiveq() {
        return receiveq;
    }

    FrontEndQueue transmitq() {
        return transmitq;
    }
}
