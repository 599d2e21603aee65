package dev.cipu.shim.vhost.backend;

import dev.cipu.shim.posix.Fd;
import dev.cipu.shim.posix.FdBundle;
import dev.cipu.shim.posix.Mapping;
import dev.cipu.shim.posix.PosixException;
import dev.cipu.virtio.memory.GuestMemory;
import java.util.ArrayList;
import java.util.List;

/**
 * The front-end's memory as mapped here. A table never changes: a message makes a new one, rings move over, and only
 * then the mappings that the new one lacks are closed. Owned by the session's thread.
 */
final class MemoryTable implements AutoCloseable {
    /** What GET_MAX_MEM_SLOTS answers. Looking an address up is linear in the slots that are in use. */
    static final int MAX_SLOTS = 64;

    /**
     * Bytes of all regions together, 16 TiB: more than the guests of today have, and a small part of the 128 TiB of
     * addresses that this process has for all its front-ends. A file costs its sender nothing until it is written to.
     */
    static final long MAX_BYTES = 1L << 44;

    static final MemoryTable EMPTY = new MemoryTable(List.of());

    private record Slot(MemoryRegion region, Mapping mapping) {}

    private final List<Slot> slots;
    private final GuestMemory memory;

    private MemoryTable(List<Slot> slots) {
        this.slots = List.copyOf(slots);
        this.memory = GuestMemory.of(slots.stream()
                .map(slot -> new GuestMemory.Region(
                        slot.region.guestAddress(), slot.region.userAddress(), slot.mapping.segment()))
                .toList());
    }

    /** Maps a whole table, one descriptor a region, in order. On refusal nothing stays mapped. */
    static MemoryTable of(List<MemoryRegion> regions, FdBundle descriptors) {
        List<Slot> slots = new ArrayList<>();
        try {
            for (MemoryRegion region : regions) {
                checkPlace(region, slots);
                slots.add(new Slot(region, map(region, descriptors.take())));
            }
            return new MemoryTable(slots);
        } catch (RuntimeException e) {
            slots.forEach(slot -> slot.mapping.close());
            throw e;
        }
    }

    /** This table and one region more; both share the mappings of the others. */
    MemoryTable with(MemoryRegion region, FdBundle descriptors) {
        if (slots.size() >= MAX_SLOTS) {
            throw new RefusedException("all " + MAX_SLOTS + " memory slots are in use");
        }
        checkPlace(region, slots);
        List<Slot> more = new ArrayList<>(slots);
        more.add(new Slot(region, map(region, descriptors.take())));
        return new MemoryTable(more);
    }

    /** This table without one region, which stays mapped until {@link #closeAllBut} is called here. */
    MemoryTable without(MemoryRegion region) {
        List<Slot> fewer =
                slots.stream().filter(slot -> !slot.region.isSamePlace(region)).toList();
        if (fewer.size() == slots.size()) {
            throw new RefusedException("no such memory region: 0x" + Long.toHexString(region.guestAddress()));
        }
        return new MemoryTable(fewer);
    }

    private static void checkPlace(MemoryRegion region, List<Slot> slots) {
        region.check();
        long free = MAX_BYTES;
        for (Slot slot : slots) {
            free -= slot.region.size();
            if (slot.region.overlaps(region)) {
                throw new RefusedException("memory regions overlap at 0x" + Long.toHexString(region.guestAddress()));
            }
        }
        if (region.size() > free) {
            throw new RefusedException("memory regions of more than " + MAX_BYTES + " bytes");
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
        return slots.stream().allMatch(slot -> slot.mapping.fileStillCovers());
    }

    /** Unmaps what {@code successor} does not share. Nobody may use this table any more. */
    void closeAllBut(MemoryTable successor) {
        for (Slot slot : slots) {
            if (successor.slots.stream().noneMatch(kept -> kept.mapping == slot.mapping)) {
                slot.mapping.close();
            }
        }
    }

    @Override
    public void close() {
        closeAllBut(EMPTY);
    }
}
