package dev.cipu.sim.model;

/** What a guest gives to a receive queue: buffers, as many as there is room for, each for the longest frame. */
final class RecordedBuffers implements GuestQueue.Traffic {
    private static final int NET_HEADER = 12;

    private final int queue;
    private final int depth;
    private final int bytes;
    private final Journeys journeys;
    private final Runnable taken;

    /**
     * Buffers.
     *
     * @param bytes of the longest frame
     * @param taken is told when a frame has arrived
     */
    RecordedBuffers(int queue, int depth, int bytes, Journeys journeys, Runnable taken) {
        this.queue = queue;
        this.depth = depth;
        this.bytes = NET_HEADER + bytes;
        this.journeys = journeys;
        this.taken = taken;
    }

    @Override
    public boolean hasMore() {
        return true;
    }

    @Override
    public int fill(int slot, long[] addresses, int[] lengths) {
        addresses[0] = GuestBuffers.address(queue, depth, slot, bytes);
        lengths[0] = bytes;
        return -1;
    }

    @Override
    public int buffers() {
        return 1;
    }

    @Override
    public int readable() {
        return 0;
    }

    @Override
    public void reaped(int journey) {
        if (journey >= 0) {
            journeys.end(journey);
            taken.run();
        }
    }
}
