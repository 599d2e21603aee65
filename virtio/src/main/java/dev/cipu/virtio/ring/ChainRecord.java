package dev.cipu.virtio.ring;

import java.lang.foreign.MemorySegment;

/**
 * A chain of a packed queue as its driver described it: the ring may have forgotten it while it is still in flight.
 *
 * @param id its buffer id
 * @param descriptors private memory with its descriptors, {@link PackedLayout#DESCRIPTOR_BYTES} each, as many as it has in
 *     the ring
 */
public record ChainRecord(int id, MemorySegment descriptors) {
    /** Descriptors of the ring that the chain takes. */
    public int slots() {
        return (int) (descriptors.byteSize() / PackedLayout.DESCRIPTOR_BYTES);
    }
}
