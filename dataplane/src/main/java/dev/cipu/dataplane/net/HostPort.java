package dev.cipu.dataplane.net;

import dev.cipu.dataplane.CounterGroup;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.memory.HostMemory;
import dev.cipu.virtio.memory.Le;
import dev.cipu.virtio.net.NetFeature;
import dev.cipu.virtio.net.NetHeader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * The port behind which an interface of the host is, and a container that uses it. What comes from there is judged as a guest's
 * frames are: a container may write any header. Nothing is allocated per frame. Owner: the switch's worker.
 *
 * <p>A frame is read into a slot of the usual size; of one that is to be cut the rest goes to a buffer of the port, and all of it
 * to a large slot then.
 */
public final class HostPort implements Port {
    /** Names of the counters, in the order of the constants below; tx and rx as the interface sees them. */
    public static final List<String> COUNTERS = List.of(
            "tx_packets",
            "tx_bytes",
            "tx_dropped_bad",
            "tx_dropped_offload",
            "rx_packets",
            "rx_bytes",
            "rx_dropped_refused",
            "rx_dropped_too_big",
            "gone");

    private static final int TX_PACKETS = 0;
    private static final int TX_BYTES = 1;
    private static final int TX_BAD = 2;
    private static final int TX_OFFLOAD = 3;
    private static final int RX_PACKETS = 4;
    private static final int RX_BYTES = 5;
    private static final int RX_REFUSED = 6;
    private static final int RX_TOO_BIG = 7;
    private static final int GONE = 8;

    private static final int ETHERNET_MIN = 14;
    private static final int HEADER = NetHeader.BYTES;

    /** Large frames in a turn, so that neighbours wait no longer for this port than for another. */
    private static final int TURN_LARGE = 16;

    /** To ask costs a system call: a port that had nothing for a while is asked every so many turns. */
    private static final int MOST_SKIPPED = 8;

    private final FrameChannel channel;
    private final PacketPool pool;
    private final CounterGroup counters;
    private final int maxFrame;
    private final OffloadCheck check = new OffloadCheck();
    private final Segmenter segmenter = new Segmenter();

    /** Keeps the memory alive. */
    private final MemorySegment memory = Arena.ofAuto().allocate(PacketPool.LARGEST_FRAME + PacketPool.HEADROOM, 64);

    /** The rest of a frame that was read, or a segment that is written. */
    private final long spare = memory.address();

    private final boolean takesTcp;
    private final boolean takesUdp;
    private boolean gone;
    private int skipped;
    private int toSkip;

    /**
     * @param maxFrame bytes of the largest frame that is not to be cut into segments
     * @param counters a group with {@link #COUNTERS}
     */
    public HostPort(FrameChannel channel, PacketPool pool, int maxFrame, CounterGroup counters) {
        this.channel = channel;
        this.pool = pool;
        this.maxFrame = Math.min(maxFrame, pool.frameBytes());
        this.counters = counters;
        FeatureSet offloads = channel.offloads();
        check.negotiated(offloads, this.maxFrame);
        takesTcp = offloads.has(NetFeature.HOST_TSO4) && offloads.has(NetFeature.HOST_TSO6);
        takesUdp = offloads.has(NetFeature.HOST_USO);
    }

    @Override
    public int receive(Burst burst) {
        if (gone || skipped < toSkip) {
            skipped++;
            return 0;
        }
        int frames = 0;
        int large = 0;
        int before = burst.count();
        // bounded by frames read, too: dropped ones take no room
        while (frames < Burst.CAPACITY && burst.room() > 0 && large < TURN_LARGE && hasSlots()) {
            int slot = pool.next();
            int room = HEADER + maxFrame;
            int bytes = channel.read(pool.frameOffset(slot) - HEADER, room, spare, PacketPool.LARGEST_FRAME - maxFrame);
            if (bytes == FrameChannel.NOTHING || bytes == FrameChannel.GONE) {
                gone(bytes == FrameChannel.GONE);
                break;
            }
            frames++;
            if (bytes <= room) {
                take(slot, bytes - HEADER, burst);
            } else {
                large++;
                takeLarge(slot, bytes - HEADER, burst);
            }
        }
        skipped = 0;
        toSkip = frames > 0 ? 0 : Math.min(MOST_SKIPPED, toSkip + 1);
        return burst.count() - before;
    }

    private boolean hasSlots() {
        return pool.available() > 0 && (pool.availableLarge() > 0 || !check.takesLarge());
    }

    private void take(int slot, int length, Burst burst) {
        if (length < ETHERNET_MIN) {
            counters.add(TX_BAD, 1);
        } else if (judge(slot, length, burst)) {
            pool.take();
        }
    }

    /** A frame of which the first part is in the next slot, and the rest is in the spare memory. */
    private void takeLarge(int first, int length, Burst burst) {
        int slot = check.takesLarge() ? pool.nextLarge() : -1;
        if (slot < 0 || length > PacketPool.LARGEST_FRAME) {
            counters.add(TX_BAD, 1);
            return;
        }
        long to = pool.frameOffset(slot);
        HostMemory.copy(pool.frameOffset(first) - HEADER, to - HEADER, HEADER + maxFrame);
        MemorySegment.copy(HostMemory.ALL, spare, HostMemory.ALL, to + maxFrame, length - maxFrame);
        if (judge(slot, length, burst)) {
            pool.takeLarge();
        }
    }

    private boolean judge(int slot, int length, Burst burst) {
        long frame = pool.frameOffset(slot);
        long offload = check.judge(
                HostMemory.ALL.get(Le.LONG_UNALIGNED, frame - HEADER),
                HostMemory.ALL.get(Le.INT_UNALIGNED, frame - HEADER + 8),
                frame,
                length);
        if (offload == OffloadCheck.REFUSED) {
            counters.add(TX_OFFLOAD, 1);
            return false;
        }
        burst.add(slot, length, offload);
        counters.add(TX_PACKETS, 1);
        counters.add(TX_BYTES, length);
        return true;
    }

    @Override
    public void transmit(Burst burst) {
        for (int i = 0; i < burst.count() && !gone; i++) {
            long at = pool.frameOffset(burst.slot(i));
            int length = burst.length(i);
            long offload = burst.offload(i);
            if (Offload.isLarge(offload) && !takes(offload)) {
                cut(at, length, offload);
            } else if (length > maxFrame && !Offload.isLarge(offload)) {
                counters.add(RX_TOO_BIG, 1);
            } else {
                give(at, length, first(offload), Offload.csumOffset(offload));
            }
        }
    }

    private boolean takes(long offload) {
        return switch (Offload.gsoType(offload) & ~NetHeader.GSO_ECN) {
            case NetHeader.GSO_TCPV4, NetHeader.GSO_TCPV6 -> takesTcp;
            case NetHeader.GSO_UDP_L4 -> takesUdp;
            default -> false;
        };
    }

    private static long first(long offload) {
        if (Offload.isLarge(offload)) {
            // the kernel looks for the length of the headers itself where there is none
            return NetHeader.first(
                    NetHeader.FLAG_NEEDS_CSUM,
                    Offload.gsoType(offload),
                    0,
                    Offload.gsoSize(offload),
                    Offload.csumStart(offload));
        }
        return offload == Offload.NONE ? 0 : NetHeader.partialChecksum(Offload.csumStart(offload));
    }

    private void cut(long at, int length, long offload) {
        segmenter.begin(at, length, offload, true);
        try {
            long first = segmenter.leavesPartial() ? NetHeader.partialChecksum(segmenter.transport()) : 0;
            int last = segmenter.leavesPartial() ? segmenter.checksumOffset() : 0;
            while (!gone && segmenter.next()) {
                if (segmenter.bytes() > maxFrame) {
                    // so are all the others but the last
                    counters.add(RX_TOO_BIG, 1);
                    return;
                }
                segmenter.writeTo(spare + HEADER);
                give(spare + HEADER, segmenter.bytes(), first, last);
            }
        } finally {
            segmenter.end();
        }
    }

    /** Writes a frame; its header goes where there is room before it. */
    private void give(long at, int length, long first, int last) {
        HostMemory.ALL.set(Le.LONG_UNALIGNED, at - HEADER, first);
        HostMemory.ALL.set(Le.INT_UNALIGNED, at - HEADER + 8, last);
        int done = channel.write(at - HEADER, HEADER + length);
        if (done < 0) {
            counters.add(RX_REFUSED, 1);
            gone(done == FrameChannel.GONE);
        } else {
            counters.add(RX_PACKETS, 1);
            counters.add(RX_BYTES, length);
        }
    }

    private void gone(boolean now) {
        if (now) {
            gone = true;
            counters.set(GONE, 1);
        }
    }

    @Override
    public boolean arm() {
        toSkip = 0;
        return gone || !channel.isReadable();
    }

    @Override
    public void disarm() {
        toSkip = 0;
    }
}
