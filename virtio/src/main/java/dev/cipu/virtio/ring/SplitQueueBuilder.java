package dev.cipu.virtio.ring;

import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.memory.GuestMemory;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** What a transport knows of a {@link SplitQueue} when the driver starts it. */
public final class SplitQueueBuilder {
    private static final int[] NO_HEADS = {};

    int size;
    GuestMemory memory = GuestMemory.EMPTY;
    MemorySegment descriptors = MemorySegment.NULL;
    MemorySegment avail = MemorySegment.NULL;
    MemorySegment used = MemorySegment.NULL;
    FeatureSet features = FeatureSet.NONE;
    int lastAvail;
    Interrupt interrupt = Interrupt.NONE;

    @Nullable
    InflightLog inflight;

    int[] resubmit = NO_HEADS;

    /** Number of descriptors, a power of two. */
    public SplitQueueBuilder size(int size) {
        this.size = size;
        return this;
    }

    /** Where descriptors point. */
    public SplitQueueBuilder memory(GuestMemory memory) {
        this.memory = memory;
        return this;
    }

    /** The three parts; each segment has at least the bytes and the alignment that {@link SplitLayout} asks for. */
    public SplitQueueBuilder rings(MemorySegment descriptors, MemorySegment avail, MemorySegment used) {
        this.descriptors = descriptors;
        this.avail = avail;
        this.used = used;
        return this;
    }

    /**
     * The three parts by guest address; size and memory must be set before.
     *
     * @throws IllegalArgumentException if a part is not whole in one region
     */
    public SplitQueueBuilder rings(long descriptors, long avail, long used) {
        return rings(
                part(descriptors, SplitLayout.descriptorBytes(size)),
                part(avail, SplitLayout.availBytes(size)),
                part(used, SplitLayout.usedBytes(size)));
    }

    private MemorySegment part(long guestAddress, long bytes) {
        MemorySegment found = memory.guestRange(guestAddress, bytes);
        if (found == null) {
            throw new IllegalArgumentException(
                    "no memory at 0x" + Long.toHexString(guestAddress) + " for a part of the queue");
        }
        return found;
    }

    /** What driver and device agreed on. */
    public SplitQueueBuilder features(FeatureSet features) {
        this.features = features;
        return this;
    }

    /** The available index to go on from, 0 for a fresh queue. */
    public SplitQueueBuilder lastAvail(int lastAvail) {
        this.lastAvail = lastAvail;
        return this;
    }

    public SplitQueueBuilder interrupt(Interrupt interrupt) {
        this.interrupt = interrupt;
        return this;
    }

    /** Where chains in flight are recorded. */
    public SplitQueueBuilder inflight(InflightLog log) {
        this.inflight = log;
        return this;
    }

    /**
     * The first chains that the queue yields.
     *
     * @param heads that a predecessor had taken and not completed, in the order in which it took them
     */
    public SplitQueueBuilder resubmit(int... heads) {
        this.resubmit = heads.clone();
        return this;
    }

    /**
     * @throws IllegalArgumentException if the size is not a power of two, or a part too small or misaligned
     */
    public SplitQueue build() {
        if (!SplitLayout.isValidSize(size)) {
            throw new IllegalArgumentException("queue size " + size + " is not a power of two up to 32768");
        }
        if (descriptors.address() % SplitLayout.DESCRIPTOR_ALIGN != 0
                || avail.address() % SplitLayout.AVAIL_ALIGN != 0
                || used.address() % SplitLayout.USED_ALIGN != 0) {
            throw new IllegalArgumentException("a part of the queue is misaligned");
        }
        descriptors = exactly(descriptors, SplitLayout.descriptorBytes(size));
        avail = exactly(avail, SplitLayout.availBytes(size));
        used = exactly(used, SplitLayout.usedBytes(size));
        return new SplitQueue(this);
    }

    private static MemorySegment exactly(MemorySegment part, long bytes) {
        if (part.byteSize() < bytes) {
            throw new IllegalArgumentException("a part of the queue has " + part.byteSize() + " bytes of " + bytes);
        }
        return part.asSlice(0, bytes);
    }
}
