package dev.cipu.shim.vfio.server;

import dev.cipu.shim.posix.FdBundle;
import dev.cipu.shim.posix.Mapping;
import dev.cipu.shim.posix.Memfd;
import dev.cipu.shim.posix.PosixException;
import dev.cipu.shim.session.MappedRegions;
import dev.cipu.shim.vfio.ErrorNumber;
import dev.cipu.virtio.memory.GuestMemory;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * All of the client's memory that the device may use. A table never changes: a command makes a new one, queues move over, and
 * only then the mappings that the new one lacks are closed. Owned by the session's thread.
 *
 * <p>A region without a file is far: the client keeps it to itself and moves data when it is asked to. Behind its addresses is
 * memory of the card's own, empty but for what is under way, see {@link FarRing}.
 */
final class DmaTable implements AutoCloseable {
    /** What a client may map at a time. A machine has some twenty; each costs a descriptor and a mapping of this process. */
    static final int MAX_REGIONS = 256;

    static final DmaTable EMPTY = new DmaTable(MappedRegions.none());

    private static final String FAR = "cipu-far";

    private final MappedRegions<DmaRegion> mapped;
    private final GuestMemory memory;
    private final GuestMemory wide;

    private DmaTable(MappedRegions<DmaRegion> mapped) {
        this.mapped = mapped;
        memory = memory(DmaRegion::shared);
        wide = memory(region -> true);
    }

    private GuestMemory memory(Predicate<DmaRegion> which) {
        return GuestMemory.of(mapped.slots().stream()
                .filter(slot -> which.test(slot.region()))
                .map(slot -> new GuestMemory.Region(
                        slot.region().address(),
                        slot.region().address(),
                        bytes(slot),
                        slot.region().access()))
                .toList());
    }

    private static MemorySegment bytes(MappedRegions.Slot<DmaRegion> slot) {
        return Objects.requireNonNull(slot.mapping()).segment();
    }

    /**
     * What is behind an address.
     *
     * @param bytes from the address to the end of its region: the client's, or where it is far, the card's that stand for them
     */
    record Place(DmaRegion region, MemorySegment bytes) {
        boolean isShared() {
            return region.shared();
        }

        boolean permits(boolean write) {
            return (region.access() & (write ? GuestMemory.WRITABLE : GuestMemory.READABLE)) != 0;
        }
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
        return new DmaTable(mapped.with(region, region.shared() ? map(region, descriptors) : empty(region)));
    }

    private static Mapping empty(DmaRegion region) {
        try (Memfd file = Memfd.create(FAR, region.size())) {
            return file.map();
        } catch (PosixException e) {
            throw new Refusal(ErrorNumber.NO_SPACE, region + ": " + e.getMessage());
        }
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

    /** As {@link #memory}, and the card's own memory where the client's is far. */
    GuestMemory wide() {
        return wide;
    }

    /** Null where there is nothing. */
    @Nullable
    Place place(long address) {
        for (MappedRegions.Slot<DmaRegion> slot : mapped.slots()) {
            long offset = address - slot.region().address();
            if (Long.compareUnsigned(offset, slot.region().size()) < 0) {
                return new Place(slot.region(), bytes(slot).asSlice(offset));
            }
        }
        return null;
    }

    /** Gives back whole pages of the card's that stood for far ones. */
    void forget(long address, long bytes) {
        for (MappedRegions.Slot<DmaRegion> slot : mapped.slots()) {
            long offset = address - slot.region().address();
            if (!slot.region().shared()
                    && offset >= 0
                    && offset <= slot.region().size() - bytes) {
                Objects.requireNonNull(slot.mapping()).discard(offset, bytes);
            }
        }
    }

    /** Whether most of the memory that the device may write is far: then so are the rings, and nobody can watch them. */
    boolean isMostlyFar() {
        long balance = 0;
        for (DmaRegion region : regions()) {
            if (region.isWritable()) {
                balance += region.shared() ? region.size() : -region.size();
            }
        }
        return balance < 0;
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
