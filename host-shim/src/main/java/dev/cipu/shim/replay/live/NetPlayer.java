package dev.cipu.shim.replay.live;

import dev.cipu.shim.probe.DeviceKind;
import dev.cipu.shim.replay.Contents;
import dev.cipu.shim.replay.LeftOut;
import dev.cipu.shim.replay.ReplayException;
import dev.cipu.shim.replay.Tape;
import dev.cipu.shim.trace.Transaction;
import dev.cipu.sim.model.Operation;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.driver.DriverMemory;
import dev.cipu.virtio.driver.NetDriver;
import dev.cipu.virtio.net.NetFeature;
import dev.cipu.virtio.net.NetHeader;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Sends recorded frames to a network device, and counts what it brings. */
final class NetPlayer extends Player {
    static final FeatureSet USED = FeatureSet.of(
            NetFeature.CSUM,
            NetFeature.HOST_TSO4,
            NetFeature.HOST_TSO6,
            NetFeature.HOST_ECN,
            NetFeature.HOST_UFO,
            NetFeature.HOST_USO,
            NetFeature.MRG_RXBUF,
            NetFeature.MQ);

    /** Smallest receive buffer of a driver without mergeable buffers. {@code [virtio-1.4 §5.1.6.3.1]} */
    private static final int LEAST_BUFFER = 1526;

    /** A frame that is to be cut, with an Ethernet header and a tag. */
    private static final int LONGEST_FRAME = 65550;

    private static final int CACHE_LINE = 64;
    private static final int BURST = 64;

    private final int bufferBytes;
    private final MemorySegment zeroes;
    private final Pair[] lanes;

    /** A pair of queues. */
    private static final class Pair extends Lane {
        private final LiveTally tally;
        private final LiveQueue receiveq;
        private final NetDriver driver;
        private final long[] started;

        Pair(LiveQueue receiveq, LiveQueue transmitq, DriverMemory memory, int bufferBytes, LiveTally tally) {
            super(transmitq);
            this.tally = tally;
            this.receiveq = receiveq;
            driver = new NetDriver(receiveq.ring(), transmitq.ring(), memory, bufferBytes);
            started = new long[transmitq.ring().size()];
            receiveq.ring().suppressCalls();
            transmitq.ring().suppressCalls();
            receiveq.publish();
        }

        @Override
        int reap() {
            return receive() + reclaim();
        }

        private int receive() {
            int done = 0;
            int bytes;
            while (done < BURST && (bytes = driver.receive()) >= 0) {
                tally.receive(Math.max(0, bytes - NetHeader.BYTES));
                driver.recycle();
                done++;
            }
            if (done > 0) {
                receiveq.publish();
            }
            return done;
        }

        private int reclaim() {
            if (!driver.reclaim()) {
                return 0;
            }
            long now = System.nanoTime();
            int done = 0;
            do {
                // what came back last is what is taken next
                tally.done(Operation.SEND, now - started[driver.transmitSlot()]);
                done++;
            } while (done < BURST && driver.reclaim());
            return done;
        }

        @Override
        int underWay() {
            return driver.inFlight();
        }
    }

    private NetPlayer(LiveDevice device, Places places, Pair[] lanes, int bufferBytes) {
        super(device, places, lanes);
        this.lanes = lanes;
        this.bufferBytes = bufferBytes;
        zeroes = MemorySegment.ofArray(new byte[bufferBytes]);
    }

    /** Connects to the device. */
    static NetPlayer connect(LiveSpec spec, List<Contents.Queue> queues, LiveTally tally) {
        if (queues.stream().noneMatch(each -> each.operation() == Operation.SEND)) {
            throw new ReplayException("the trace has no frame that this device sent; those that it got are for whoever"
                    + " sends them: replay the device that did");
        }
        int count = places(queues, Places.MOST).count();
        int bufferBytes = bufferBytes(queues);
        long each = 2L * spec.target().queueSize() * bufferBytes + 2 * CACHE_LINE;
        return LiveDevice.connect(
                spec,
                DeviceKind.NET,
                new LiveDevice.Needs(USED, 0, 2 * count, each * count),
                device -> start(device, places(queues, device.maxQueues()), bufferBytes, tally));
    }

    private static NetPlayer start(LiveDevice device, Places places, int bufferBytes, LiveTally tally) {
        device.start(2 * places.count());
        Pair[] lanes = new Pair[places.count()];
        for (int i = 0; i < lanes.length; i++) {
            lanes[i] = new Pair(device.queue(2 * i), device.queue(2 * i + 1), device.memory(), bufferBytes, tally);
        }
        return new NetPlayer(device, places, lanes, bufferBytes);
    }

    private static Places places(List<Contents.Queue> queues, int there) {
        return new Places(
                queues.stream()
                        .filter(each -> each.operation() == Operation.SEND)
                        .mapToInt(each -> each.index() / 2)
                        .toArray(),
                there);
    }

    private static int bufferBytes(List<Contents.Queue> queues) {
        int longest = queues.stream().mapToInt(Contents.Queue::longest).max().orElse(0);
        int bytes = Math.max(LEAST_BUFFER, NetHeader.BYTES + Math.min(longest, LONGEST_FRAME));
        return (bytes + CACHE_LINE - 1) & -CACHE_LINE;
    }

    @Override
    @Nullable
    LeftOut refuses(Tape tape) {
        if (tape.operation() != Operation.SEND) {
            return tape.operation() == Operation.RECEIVE ? LeftOut.RECEIVED : LeftOut.OTHER;
        }
        if (NetHeader.BYTES + tape.bytes() > bufferBytes) {
            return LeftOut.TOO_LONG;
        }
        return cuts(NetHeader.gsoType(tape.transaction().netHeader())) ? null : LeftOut.NOT_OFFERED;
    }

    /** Whether the device cuts frames as this gso_type asks. {@code [virtio-1.4 §5.1.6.2]} */
    private boolean cuts(int gsoType) {
        FeatureSet has = device().negotiated();
        if ((gsoType & NetHeader.GSO_ECN) != 0 && !has.has(NetFeature.HOST_ECN)) {
            return false;
        }
        return switch (gsoType & ~NetHeader.GSO_ECN) {
            case NetHeader.GSO_NONE -> true;
            case NetHeader.GSO_TCPV4 -> has.has(NetFeature.HOST_TSO4);
            case NetHeader.GSO_TCPV6 -> has.has(NetFeature.HOST_TSO6);
            case NetHeader.GSO_UDP -> has.has(NetFeature.HOST_UFO);
            case NetHeader.GSO_UDP_L4 -> has.has(NetFeature.HOST_USO);
            default -> false;
        };
    }

    private Pair lane(Tape tape) {
        return lanes[place(tape.transaction().queue() / 2)];
    }

    @Override
    boolean hasRoom(Tape tape) {
        return lane(tape).driver.transmitSlot() >= 0;
    }

    @Override
    void send(Tape tape, long now) {
        Pair lane = lane(tape);
        Transaction each = tape.transaction();
        int slot = lane.driver.transmitSlot();
        int bytes = tape.bytes();
        long at = lane.driver.frameOffset(slot);
        int captured = Math.min(each.captured(), bytes);
        MemorySegment memory = lane.driver.segment();
        each.copyTo(memory, at, captured);
        // of the rest nothing is known
        MemorySegment.copy(zeroes, 0, memory, at + captured, bytes - captured);
        boolean asks = device().negotiated().has(NetFeature.CSUM);
        if (!lane.driver.send(bytes, asks ? each.netHeader() : 0, asks ? each.checksumOffset() : 0)) {
            throw new IllegalStateException("a ring with a free buffer is full");
        }
        lane.started[slot] = now;
        lane.put();
    }
}
