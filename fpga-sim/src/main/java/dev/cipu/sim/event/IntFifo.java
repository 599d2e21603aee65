package dev.cipu.sim.event;

import java.util.Arrays;

/** Numbers that wait in line; grows as it must. */
public final class IntFifo {
    private int[] ring = new int[64];
    private int head;
    private int count;

    public boolean isEmpty() {
        return count == 0;
    }

    public void add(int value) {
        if (count == ring.length) {
            int[] larger = Arrays.copyOfRange(ring, head, head + 2 * count);
            System.arraycopy(ring, 0, larger, count - head, head);
            ring = larger;
            head = 0;
        }
        ring[(head + count) & (ring.length - 1)] = value;
        count++;
    }

    public int size() {
        return count;
    }

    /** The first in line; there must be one. */
    public int first() {
        if (count == 0) {
            throw new IllegalStateException("nobody waits");
        }
        return ring[head];
    }

    /** Takes the first out of the line; there must be one. */
    public int removeFirst() {
        int value = first();
        head = (head + 1) & (ring.length - 1);
        count--;
        return value;
    }
}
