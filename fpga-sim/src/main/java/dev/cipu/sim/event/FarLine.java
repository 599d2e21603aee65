package dev.cipu.sim.event;

/** Far events of which none is earlier than the one before: only the first of them is in the heap of {@link FarEvents}. */
final class FarLine {
    private static final int FIRST_EVENTS = 16;

    /** Time and mark of each event, in turns; the first of them is in the heap as well. */
    private long[] ring = new long[2 * FIRST_EVENTS];

    private int head;
    private int count;

    /** Adds an event behind all others; true if there are no others. */
    boolean add(long time, long mark) {
        if (2 * count == ring.length) {
            enlarge();
        }
        int at = (head + 2 * count) & (ring.length - 1);
        ring[at] = time;
        ring[at + 1] = mark;
        return count++ == 0;
    }

    /** The first is no longer far; true if there is another. */
    boolean removeFirst() {
        head = (head + 2) & (ring.length - 1);
        return --count > 0;
    }

    long firstTime() {
        return ring[head];
    }

    long firstMark() {
        return ring[head + 1];
    }

    private void enlarge() {
        long[] larger = new long[2 * ring.length];
        System.arraycopy(ring, head, larger, 0, ring.length - head);
        System.arraycopy(ring, 0, larger, ring.length - head, head);
        ring = larger;
        head = 0;
    }
}
