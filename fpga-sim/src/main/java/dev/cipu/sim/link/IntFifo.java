package dev.cipu.sim.link;

import java.util.Arrays;

/** Numbers that wait in line; grows as it must. */
final class IntFifo {
    private int[] ring = new int[64];
    private int head;
    private int count;

    boolean isEmpty() {
        return count == 0;
    }

    void add(int value) {
        if (count == ring.length) {
            int[] larger = Arrays.copyOfRange(ring, head, head + 2 * count);
            System.arraycopy(ring, 0, larger, count - head, head);
            ring = larger;
            head = 0;
        }
        ring[(head + count) & (ring.length - 1)] = value;
        count++;
    }

    /** The first in line; there must be one. */
    int first() {
        return ring[head];
    }

    void removeFirst() {
        head = (head + 1) & (ring.length - 1);
        count--;
    }
}
