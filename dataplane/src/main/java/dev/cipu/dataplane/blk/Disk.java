package dev.cipu.dataplane.blk;

import org.jspecify.annotations.Nullable;

/**
 * What the queues of a block device share: a store, and what stands in front of it. Queues of several workers use it; one
 * control thread at a time asks for its size anew.
 */
public final class Disk {
    private final BlockStore store;
    private final @Nullable Zones zones;
    private final @Nullable Wear wear;
    private volatile long sectors;

    /**
     * @param zones null if the disk has none
     * @param wear null if it does not tell
     */
    public Disk(BlockStore store, @Nullable Zones zones, @Nullable Wear wear) {
        this.store = store;
        this.zones = zones;
        this.wear = wear;
        sectors = store.sectors();
    }

    /** A disk that is nothing but its store. */
    public static Disk of(BlockStore store) {
        return new Disk(store, null, null);
    }

    public BlockStore store() {
        return store;
    }

    public @Nullable Zones zones() {
        return zones;
    }

    public @Nullable Wear wear() {
        return wear;
    }

    /** Capacity in units of 512 bytes, as far as is known. */
    public long sectors() {
        return sectors;
    }

    /**
     * Asks the store how large it is. Zones are there to stay: a disk that has some keeps its size.
     *
     * @return whether that has changed
     */
    public boolean refresh() {
        long now = zones == null ? store.sectors() : sectors;
        boolean changed = now != sectors;
        sectors = now;
        return changed;
    }
}
