package dev.cipu.dataplane.blk;

import dev.cipu.virtio.blk.BlkZone;

/**
 * The words of zones in a {@link ZoneTable}: the state in the low 8 bits, above it how many sectors are written. Knows
 * whether something has changed since it was last made durable. Any thread may sync; the lock of its {@link Zones} guards
 * the rest.
 */
final class ZoneLog {
    private static final int STATE_BITS = 8;

    private final ZoneTable table;
    private volatile boolean changed;

    ZoneLog(ZoneTable table) {
        this.table = table;
    }

    static long word(long written, byte state) {
        return written << STATE_BITS | state;
    }

    void save(int zone, long written, byte state) {
        table.save(zone, word(written, state));
        changed = true;
    }

    /**
     * The state of a zone as a new run finds it: what was open is closed.
     *
     * @param size sectors of the zone
     * @throws IllegalArgumentException if no zone can be like that
     */
    byte state(int zone, long size) {
        byte was = (byte) table.load(zone);
        long written = table.load(zone) >>> STATE_BITS;
        if (written > size) {
            throw new IllegalArgumentException("zone " + zone + " is written beyond its end");
        }
        return switch (was) {
            case 0, BlkZone.EMPTY -> BlkZone.EMPTY;
            case BlkZone.FULL, BlkZone.READ_ONLY, BlkZone.OFFLINE -> was;
            case BlkZone.IMPLICITLY_OPEN, BlkZone.EXPLICITLY_OPEN, BlkZone.CLOSED ->
                written > 0 ? BlkZone.CLOSED : BlkZone.EMPTY;
            default -> throw new IllegalArgumentException("zone " + zone + " has state " + was);
        };
    }

    /** Sectors of a zone that were written, as a new run finds it. */
    int written(int zone, long size) {
        return state(zone, size) == BlkZone.EMPTY ? 0 : (int) (table.load(zone) >>> STATE_BITS);
    }

    /** Makes all that was saved durable; may wait for a disk. One at a time: who finds nothing to do has waited for it. */
    synchronized boolean sync() {
        if (!changed) {
            return true;
        }
        changed = false;
        boolean good = table.sync();
        if (!good) {
            changed = true;
        }
        return good;
    }
}
