package dev.cipu.sim.model;

import dev.cipu.sim.event.IntFifo;

/** What a guest sends or asks for as it was recorded: a line of journeys that have come and wait for room in the ring. */
final class RecordedPosting implements GuestQueue.Traffic {
    private static final int NET_HEADER = 12;
    private static final int BLK_HEADER = 16;
    private static final int BLK_STATUS = 1;

    private final int queue;
    private final int depth;
    private final Journeys journeys;
    private final Runnable taken;
    private final IntFifo waiting = new IntFifo();
    private int buffers;
    private int readable;

    /**
     * A line.
     *
     * @param taken is told when one of the line has gone into the ring
     */
    RecordedPosting(int queue, int depth, Journeys journeys, Runnable taken) {
        this.queue = queue;
        this.depth = depth;
        this.journeys = journeys;
        this.taken = taken;
    }

    void arrive(int journey) {
        waiting.add(journey);
    }

    int waiting() {
        return waiting.size();
    }

    @Override
    public boolean hasMore() {
        return !waiting.isEmpty();
    }

    @Override
    public int fill(int slot, long[] addresses, int[] lengths) {
        int journey = waiting.removeFirst();
        int bytes = journeys.bytes(journey);
        int sort = journeys.sort(journey);
        if (sort == Operation.SEND.sort()) {
            addresses[0] = GuestBuffers.address(queue, depth, slot, NET_HEADER + bytes);
            lengths[0] = NET_HEADER + bytes;
            buffers = 1;
            readable = 1;
        } else {
            request(sort == Operation.READ.sort(), bytes, slot, addresses, lengths);
        }
        taken.run();
        return journey;
    }

    /** The data is aligned to a page; header and status lie behind it. */
    private void request(boolean reads, int bytes, int slot, long[] addresses, int[] lengths) {
        long at = GuestBuffers.address(queue, depth, slot, bytes + BLK_HEADER + BLK_STATUS);
        addresses[0] = at + bytes;
        lengths[0] = BLK_HEADER;
        buffers = 1;
        if (bytes > 0) {
            addresses[buffers] = at;
            lengths[buffers++] = bytes;
        }
        readable = reads ? 1 : buffers;
        addresses[buffers] = at + bytes + BLK_HEADER;
        lengths[buffers++] = BLK_STATUS;
    }

    @Override
    public int buffers() {
        return buffers;
    }

    @Override
    public int readable() {
        return readable;
    }

    /** A frame's journey does not end here but on the cable. */
    @Override
    public void reaped(int journey) {
        if (journey >= 0) {
            journeys.end(journey);
        }
    }
}
