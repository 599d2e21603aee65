package dev.cipu.shim.vhost.backend;

import dev.cipu.shim.posix.Fd;
import dev.cipu.shim.posix.FdBundle;
import dev.cipu.shim.posix.Mapping;
import dev.cipu.shim.posix.PosixException;
import dev.cipu.shim.session.MappedRegions;
import dev.cipu.virtio.memory.GuestMemory;
import java.util.List;
import java.util.Objects;

/**
 * The front-end's memory as mapped here. A table never changes: a message makes a new one, rings move over, and only
 * then the mappings that the new one lacks are closed. Owned by the session's thread.
 */
final class MemoryTable implements AutoCloseable {
    /** What GET_MAX_MEM_SLOTS answers. Looking an address up is linear in the slots that are in use. */
    static final int MAX_SLOTS = 64;

    static final MemoryTable EMPTY = new MemoryTable(MappedRegions.none());

    private final MappedRegions<MemoryRegion> mapped;
    private final GuestMemory memory;

    private MemoryTable(MappedRegions<MemoryRegion> mapped) {
        this.mapped = mapped;
        this.memory = GuestMemory.of(mapped.slots().stream()
                .map(slot -> new GuestMemory.Region(
                        slot.region().guestAddress(),
                        slot.region().userAddress(),
                        Objects.requireNonNull(slot.mapping()).segment()))
                .toList());
    }

    /** Maps a whole table, one descriptor a region, in order. On refusal nothing stays mapped. */
    static MemoryTable of(List<MemoryRegion> regions, FdBundle descriptors) {
        MappedRegions<MemoryRegion> mapped = MappedRegions.none();
        try {
            for (MemoryRegion region : regions) {
                checkPlace(region, mapped);
                mapped = mapped.with(region, map(region, descriptors.take()));
            }
            return new MemoryTable(mapped);
        } catch (RuntimeException e) {
            mapped.close();
            throw e;
        }
    }

    /** This table and one region more; both share the mappings of the others. */
    MemoryTable with(MemoryRegion region, FdBundle descriptors) {
        if (mapped.slots().size() >= MAX_SLOTS) {
            throw new RefusedException("all " + MAX_SLOTS + " memory slots are in use");
        }
        checkPlace(region, mapped);
        return new MemoryTable(mapped.with(region, map(region, descriptors.take())));
    }

    /** This table without one region, which stays mapped until {@link #closeAllBut} is called here. */
    MemoryTable without(MemoryRegion region) {
        MappedRegions<MemoryRegion> fewer = mapped.without(one -> one.isSamePlace(region));
        if (fewer.slots().size() == mapped.slots().size()) {
            throw new RefusedException("no such memory region: 0x" + Long.toHexString(region.guestAddress()));
        }
        return new MemoryTable(fewer);
    }

    private static void checkPlace(MemoryRegion region, MappedRegions<MemoryRegion> others) {
        region.check();
        long free = MappedRegions.MAX_BYTES;
        for (MappedRegions.Slot<MemoryRegion> slot : others.slots()) {
            free -= slot.region().size();
            if (slot.region().overlaps(region)) {
                throw new RefusedException("memory regions overlap at 0x" + Long.toHexString(region.guestAddress()));
            }
        }
        if (region.size() > free) {
            throw new RefusedException("memory regions of more than " + MappedRegions.MAX_BYTES + " bytes");
        }
    }

    private static Mapping map(MemoryRegion region, Fd file) {
        try {
            return Mapping.of(file, region.fileOffset(), region.size());
        } catch (IllegalArgumentException | PosixException e) {
            throw new RefusedException(
                    "memory region 0x" + Long.toHexString(region.guestAddress()) + ": " + e.getMessage());
        }
    }

    GuestMemory memory() {
        return memory;
    }

    /** False when a file has been cut shorter than what is mapped of it. */
    boolean filesStillCover() {
        return mapped.filesStillCover();
    }

    /** Unmaps what {@code successor} does not share. Nobody may use this table any more. */
    void closeAllBut(MemoryTable successor) {
        mapped.closeAllBut(successor.mapped);
    }

    @Override
    public void close() {
        mapped.close();
    }
}
