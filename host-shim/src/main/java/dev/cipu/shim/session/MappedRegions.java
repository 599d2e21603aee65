package dev.cipu.shim.session;

import dev.cipu.shim.posix.Mapping;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What of a peer's memory is mapped here. It never changes: a message makes a new one, queues move over, and only then the
 * mappings that the new one lacks are closed. Owned by the session's thread.
 *
 * @param <R> what a region is to a protocol
 */
public final class MappedRegions<R> implements AutoCloseable {
    /**
     * Bytes of all regions of a peer together, 16 TiB: more than the guests of today have, and a small part of the 128 TiB of
     * addresses that this process has for all its peers. A file costs its sender nothing until it is written to.
     */
    public static final long MAX_BYTES = 1L << 44;

    /**
     * One region.
     *
     * @param mapping null for memory that the peer did not share
     */
    public record Slot<R>(R region, @Nullable Mapping mapping) {
        private boolean fileStillCovers() {
            return mapping == null || mapping.fileStillCovers();
        }

        private void close() {
            if (mapping != null) {
                mapping.close();
            }
        }
    }

    private final List<Slot<R>> slots;

    private MappedRegions(List<Slot<R>> slots) {
        this.slots = List.copyOf(slots);
    }

    /** No region at all. */
    public static <R> MappedRegions<R> none() {
        return new MappedRegions<>(List.of());
    }

    public List<Slot<R>> slots() {
        return slots;
    }

    /** These regions and one more, which takes {@code mapping}; both share the mappings of the others. */
    public MappedRegions<R> with(R region, @Nullable Mapping mapping) {
        List<Slot<R>> more = new ArrayList<>(slots);
        more.add(new Slot<>(region, mapping));
        return new MappedRegions<>(more);
    }

    /** These without some, which stay mapped until {@link #closeAllBut} is called here. */
    public MappedRegions<R> without(Predicate<R> gone) {
        return new MappedRegions<>(
                slots.stream().filter(slot -> !gone.test(slot.region)).toList());
    }

    /** False when a file has been cut shorter than what is mapped of it. */
    public boolean filesStillCover() {
        return slots.stream().allMatch(Slot::fileStillCovers);
    }

    /** Unmaps what {@code successor} does not share. Nobody may use these regions any more. */
    public void closeAllBut(MappedRegions<R> successor) {
        for (Slot<R> slot : slots) {
            if (successor.slots.stream().noneMatch(kept -> kept.mapping == slot.mapping)) {
                slot.close();
            }
        }
    }

    @Override
    public void close() {
        slots.forEach(Slot::close);
    }
}
