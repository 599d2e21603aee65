package dev.cipu.dataplane.blk;

/**
 * Where zones are remembered beyond the process: a word of 64 bits for each, whose meaning is {@link Zones}'. Calls come
 * from workers, one at a time.
 */
public interface ZoneTable {
    /** Zones are empty at first, and forgotten. */
    ZoneTable NONE = new ZoneTable() {
        @Override
        public long load(int zone) {
            return 0;
        }

        @Override
        public void save(int zone, long word) {}

        @Override
        public boolean sync() {
            return true;
        }
    };

    /** The word of a zone, 0 if none was ever saved. */
    long load(int zone);

    /** Remembers a word; it survives the process at once, a power failure after {@link #sync}. Never blocks. */
    void save(int zone, long word);

    /** Makes what was saved survive a power failure; may wait for the disk. False if that cannot be done. */
    boolean sync();
}
