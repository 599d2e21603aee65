package dev.cipu.sim.event;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Events that are too far for {@link NearEvents}: a heap with four children a node, each of them its time and its mark beside each
 * other, so that the children of a node lie on one cache line. Of a line of events, each no earlier than the one before, it has
 * the first. Owner: the {@link Timeline}.
 */
final class FarEvents {
    private static final int FIRST_NODES = 1 << 8;

    private long[] heap = new long[2 * FIRST_NODES];
    private int size;

    /** By slot: the line that the event is the first of. */
    private @Nullable FarLine[] lines = new FarLine[FIRST_NODES];

    /** When the first event is; the end of time if there is none. */
    long firstTime() {
        return size == 0 ? Long.MAX_VALUE : heap[0];
    }

    boolean isEmpty() {
        return size == 0;
    }

    /** The slot of the first event; there must be one. */
    int first() {
        return EventTable.slot(heap[1]);
    }

    /** An event in no line. */
    void add(long time, long mark) {
        rise(time, mark);
    }

    /** An event behind all others of its line. */
    void add(long time, long mark, FarLine line) {
        if (line.add(time, mark)) {
            remember(EventTable.slot(mark), line);
            rise(time, mark);
        }
    }

    /** Takes the first event out, and returns its slot. */
    int removeFirst() {
        int slot = first();
        FarLine line = slot < lines.length ? lines[slot] : null;
        if (line != null) {
            lines[slot] = null;
            if (line.removeFirst()) {
                remember(EventTable.slot(line.firstMark()), line);
                sink(line.firstTime(), line.firstMark());
                return slot;
            }
        }
        size--;
        if (size > 0) {
            sink(heap[2 * size], heap[2 * size + 1]);
        }
        return slot;
    }

    private void remember(int slot, FarLine line) {
        if (slot >= lines.length) {
            lines = Arrays.copyOf(lines, Math.max(slot + 1, 2 * lines.length));
        }
        lines[slot] = line;
    }

    private void rise(long time, long mark) {
        if (2 * size == heap.length) {
            heap = Arrays.copyOf(heap, 2 * heap.length);
        }
        long[] nodes = heap;
        int at = size++;
        while (at > 0) {
            int parent = (at - 1) >> 2;
            // the newest number is the largest, so only a later time lets it pass
            if (nodes[2 * parent] <= time) {
                break;
            }
            nodes[2 * at] = nodes[2 * parent];
            nodes[2 * at + 1] = nodes[2 * parent + 1];
            at = parent;
        }
        nodes[2 * at] = time;
        nodes[2 * at + 1] = mark;
    }

    private void sink(long time, long mark) {
        long[] nodes = heap;
        int end = size;
        int at = 0;
        int child = 1;
        while (child < end) {
            int least = child;
            long leastTime = nodes[2 * child];
            int last = Math.min(child + 4, end);
            for (int other = child + 1; other < last; other++) {
                long otherTime = nodes[2 * other];
                if (otherTime < leastTime || (otherTime == leastTime && nodes[2 * other + 1] < nodes[2 * least + 1])) {
                    least = other;
                    leastTime = otherTime;
                }
            }
            if (time < leastTime || (time == leastTime && mark < nodes[2 * least + 1])) {
                break;
            }
            nodes[2 * at] = leastTime;
            nodes[2 * at + 1] = nodes[2 * least + 1];
            at = least;
            child = 4 * at + 1;
        }
        nodes[2 * at] = time;
        nodes[2 * at + 1] = mark;
    }
}
