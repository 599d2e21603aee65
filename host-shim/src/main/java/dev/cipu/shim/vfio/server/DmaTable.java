package dev.cipu.shim.vfio.server;

import dev.cipu.shim.posix.FdBundle;
import dev.cipu.shim.posix.Mapping;
import dev.cipu.shim.posix.PosixException;
import dev.cipu.shim.session.MappedRegions;
import dev.cipu.shim.vfio.ErrorNumber;
import dev.cipu.virtio.memory.GuestMemory;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;

/**
 * All of the client's memory that the device may use. A table never changes: a command makes a new one, queues move over, and
 * only then the mappings that the new one lacks are closed. Owned by the session's thread.
 *
 * <p>A region without a file is known, so that it can be taken away again, and is no memory of any queue.
 */
final class DmaTable implements AutoCloseable {
    /** What a client may map at a time. A machine has some twenty; each costs a descriptor and a mapping of this process. */
    static final int MAX_REGIONS = 256;

    static final DmaTable EMPTY = new DmaTable(MappedRegions.none());

    private final MappedRegions<DmaRegion> mapped;
    private final GuestMemory memory;

    private DmaTable(MappedRegions<DmaRegion> mapped) {
        this.mapped = mapped;
        memory = GuestMemory.of(mapped.slots().stream()
                .filter(slot -> slot.mapping() != null)
                .map(slot -> new GuestMemory.Region(
                        slot.region().address(),
                        slot.region().address(),
                        Objects.requireNonNull(slot.mapping()).segment(),
                        slot.region().access()))
                .toList());
    }

    /** This table and one region more, which takes the descriptor if there is one; both share the mappings of the others. */
    DmaTable with(DmaRegion region, FdBundle descriptors) {
        long free = MappedRegions.MAX_BYTES;
        for (DmaRegion other : regions()) {
            free -= other.size();
            if (other.overlaps(region)) {
                throw new Refusal(ErrorNumber.EXISTS, region + " overlaps another");
            }
        }
        if (mapped.slots().size() >= MAX_REGIONS || region.size() > free) {
            throw new Refusal(ErrorNumber.NO_SPACE, region + " is more than a client may map");
        }
        return new DmaTable(mapped.with(region, descriptors.count() == 0 ? null : map(region, descriptors)));
    }

    private static Mapping map(DmaRegion region, FdBundle descriptors) {
        try {
            return region.isWritable()
                    ? Mapping.of(descriptors.take(), region.fileOffset(), region.size())
                    : Mapping.readOnly(descriptors.take(), region.fileOffset(), region.size());
        } catch (IllegalArgumentException | PosixException e) {
            throw new Refusal(region + ": " + e.getMessage());
        }
    }

    /**
     * This table without one region, which stays mapped until {@link #closeAllBut} is called here.
     *
     * @throws Refusal if there is none with exactly this place
     */
    DmaTable without(long address, long size) {
        Predicate<DmaRegion> gone = region -> region.isAt(address, size);
        if (regions().stream().noneMatch(gone)) {
            throw new Refusal(
                    ErrorNumber.NO_ENTRY,
                    "no DMA region 0x" + Long.toHexString(address) + "+0x" + Long.toHexString(size));
        }
        return new DmaTable(mapped.without(gone));
    }

    List<DmaRegion> regions() {
        return mapped.slots().stream().map(MappedRegions.Slot::region).toList();
    }

    /** What queues may use. */
    GuestMemory memory() {
        return memory;
    }

    /** False when a file has been cut shorter than what is mapped of it. */
    boolean filesStillCover() {
        return mapped.filesStillCover();
    }

    /** Unmaps what {@code successor} does not share. Nobody may use this table any more. */
    void closeAllBut(DmaTable successor) {
        mapped.closeAllBut(successor.mapped);
    }

    @Override
    public void close() {
        mapped.close();
    }
}
