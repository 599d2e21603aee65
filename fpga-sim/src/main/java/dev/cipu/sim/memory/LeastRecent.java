package dev.cipu.sim.memory;

import java.util.Arrays;

/** A cache of keys in sets of eight, in each of which that key goes which was used least recently. */
public final class LeastRecent {
    private static final int WAYS = 8;
    private static final long NONE = -1;

    private final int setMask;

    /** Keys by set, the one used last first. */
    private final long[] keys;

    private long hits;
    private long misses;

    /**
     * An empty cache.
     *
     * @param entries keys it holds, a power of two of at least 8; 0 for one that holds nothing
     */
    public LeastRecent(int entries) {
        if (entries != 0 && (entries < WAYS || Integer.bitCount(entries) != 1)) {
            throw new IllegalArgumentException(entries + " entries, not 0 and no power of two of at least " + WAYS);
        }
        setMask = Math.max(1, entries / WAYS) - 1;
        keys = new long[entries];
        Arrays.fill(keys, NONE);
    }

    /**
     * Looks a key up, and remembers it.
     *
     * @param key not negative; neighbours go to neighbouring sets
     * @return whether it was there
     */
    public boolean touch(long key) {
        if (keys.length == 0) {
            misses++;
            return false;
        }
        int begin = (int) (key & setMask) * WAYS;
        int end = begin + WAYS;
        int at = begin;
        while (at < end && keys[at] != key) {
            at++;
        }
        boolean hit = at < end;
        for (int i = hit ? at : end - 1; i > begin; i--) {
            keys[i] = keys[i - 1];
        }
        keys[begin] = key;
        if (hit) {
            hits++;
        } else {
            misses++;
        }
        return hit;
    }

    public int capacity() {
        return keys.length;
    }

    public long hits() {
        return hits;
    }

    public long misses() {
        return misses;
    }
}
