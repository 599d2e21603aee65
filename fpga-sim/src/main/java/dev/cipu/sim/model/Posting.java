package dev.cipu.sim.model;

import dev.cipu.sim.event.IntFifo;

/**
 * What a guest sends or asks for: as much as there is room for, or what has come by chance and waits. The chains' buffers lie in
 * pages of their own, one after the other.
 */
final class Posting implements GuestQueue.Traffic {
    /** Where buffers begin: behind everything that is really there. */
    private static final long BUFFERS = 1L << 40;

    /** Things that wait for room, at most. */
    private static final int WAITING_MOST = 1 << 14;

    private static final int NET_HEADER = 12;
    private static final int BLK_HEADER = 16;
    private static final int BLK_STATUS = 1;

    private final int queue;
    private final Journeys journeys;
    private final Workload workload;
    private final long base;
    private final long stride;
    private final IntFifo waiting = new IntFifo();

    Posting(int queue, Journeys journeys, Workload workload) {
        this.queue = queue;
        this.journeys = journeys;
        this.workload = workload;
        int bytes =
                workload.kind().isPacket() ? NET_HEADER + workload.bytes() : BLK_HEADER + BLK_STATUS + workload.bytes();
        // a power of two, as allocators of packets and pages have it
        stride = Math.max(2048, Long.highestOneBit(2L * bytes - 1));
        base = BUFFERS + queue * stride * workload.depth();
    }

    /** Something has come; false if too much waits already. */
    boolean arrive() {
        int journey = journeys.begin(workload.bytes());
        journeys.join(journey, queue);
        if (waiting.size() >= WAITING_MOST) {
            journeys.drop(journey);
            return false;
        }
        waiting.add(journey);
        return true;
    }

    @Override
    public boolean hasMore() {
        return workload.saturates() || workload.kind() == Workload.Kind.RECEIVE || !waiting.isEmpty();
    }

    @Override
    public int fill(int slot, long[] addresses, int[] lengths) {
        long at = base + slot * stride;
        if (workload.kind().isPacket()) {
            addresses[0] = at;
            lengths[0] = NET_HEADER + workload.bytes();
            if (workload.kind() == Workload.Kind.RECEIVE) {
                return -1;
            }
        } else {
            // the data is aligned to a page; header and status lie behind it
            addresses[0] = at + workload.bytes();
            lengths[0] = BLK_HEADER;
            addresses[1] = at;
            lengths[1] = workload.bytes();
            addresses[2] = at + workload.bytes() + BLK_HEADER;
            lengths[2] = BLK_STATUS;
        }
        if (!workload.saturates()) {
            return waiting.removeFirst();
        }
        int journey = journeys.begin(workload.bytes());
        journeys.join(journey, queue);
        return journey;
    }

    @Override
    public int buffers() {
        return workload.buffers();
    }

    @Override
    public int readable() {
        return switch (workload.kind()) {
            case TRANSMIT, READ -> 1;
            case RECEIVE -> 0;
            case WRITE -> 2;
        };
    }

    @Override
    public void reaped(int journey) {
        if (journey >= 0) {
            journeys.end(journey);
        }
    }
}
