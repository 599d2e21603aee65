package dev.cipu.dataplane.blk;

/**
 * Implicitly open zones in the order of their last writes: a list without objects, because writes move in it. The lock of
 * its {@link Zones} guards it.
 */
final class WriteOrder {
    static final int NOBODY = -1;

    private final int[] before;
    private final int[] after;
    private int oldest = NOBODY;
    private int newest = NOBODY;

    /**
     * @param zones that there are
     */
    WriteOrder(int zones) {
        before = new int[zones];
        after = new int[zones];
    }

    /** The zone whose last write is longest ago, or {@link #NOBODY}. */
    int oldest() {
        return oldest;
    }

    /** A zone that is not in the list was written. */
    void add(int zone) {
        before[zone] = newest;
        after[zone] = NOBODY;
        if (newest == NOBODY) {
            oldest = zone;
        } else {
            after[newest] = zone;
        }
        newest = zone;
    }

    /** Takes out a zone that is in the list. */
    void remove(int zone) {
        if (before[zone] == NOBODY) {
            oldest = after[zone];
        } else {
            after[before[zone]] = after[zone];
        }
        if (after[zone] == NOBODY) {
            newest = before[zone];
        } else {
            before[after[zone]] = before[zone];
        }
    }
}
