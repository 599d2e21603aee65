package dev.cipu.virtio.ring;

import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.memory.GuestMemory;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a transport knows of a {@link Virtqueue} when the driver starts it. */
public final class VirtqueueBuilder {
    private static final int[] NO_HEADS = {};

    int size;
    GuestMemory memory = GuestMemory.EMPTY;
    MemorySegment descriptors = MemorySegment.NULL;
    MemorySegment driverArea = MemorySegment.NULL;
    MemorySegment deviceArea = MemorySegment.NULL;
    FeatureSet features = FeatureSet.NONE;

    @Nullable
    Integer position;

    /** Whether the used index of a split queue is the position too, whatever the ring says. */
    boolean fresh;

    Interrupt interrupt = Interrupt.NONE;

    @Nullable
    InflightLog inflight;

    @Nullable
    PackedInflightLog packedInflight;

    @Nullable
    DirtyLog dirty;

    int[] resubmit = NO_HEADS;
    List<ChainRecord> records = List.of();

    /** Number of descriptors, see {@link RingFormat#isValidSize}. */
    public VirtqueueBuilder size(int size) {
        this.size = size;
        return this;
    }

    /** Where descriptors point. */
    public VirtqueueBuilder memory(GuestMemory memory) {
        this.memory = memory;
        return this;
    }

    /** The three parts; each segment has at least the bytes and the alignment that {@link RingFormat} asks for. */
    public VirtqueueBuilder rings(MemorySegment descriptors, MemorySegment driverArea, MemorySegment deviceArea) {
        this.descriptors = descriptors;
        this.driverArea = driverArea;
        this.deviceArea = deviceArea;
        return this;
    }

    /**
     * The three parts by guest address; size, memory and features must be set before.
     *
     * @throws IllegalArgumentException if a part is not whole in one region
     */
    public VirtqueueBuilder rings(long descriptors, long driverArea, long deviceArea) {
        RingFormat format = RingFormat.of(features);
        return rings(
                part(descriptors, format.descriptorBytes(size)),
                part(driverArea, format.driverBytes(size)),
                part(deviceArea, format.deviceBytes(size)));
    }

    private MemorySegment part(long guestAddress, long bytes) {
        MemorySegment found = memory.guestRange(guestAddress, bytes);
        if (found == null) {
            throw new IllegalArgumentException(
                    "no memory at 0x" + Long.toHexString(guestAddress) + " for a part of the queue");
        }
        return found;
    }

    /** What driver and device agreed on, the format of the queue with it. */
    public VirtqueueBuilder features(FeatureSet features) {
        this.features = features;
        return this;
    }

    /** Where to go on, as {@link Virtqueue#position} of a predecessor told it; without it the queue is a fresh one. */
    public VirtqueueBuilder position(int position) {
        this.position = position;
        return this;
    }

    /** As {@link #position}, of a split queue that was reset: nothing that its ring still says of the past counts. */
    public VirtqueueBuilder fresh(int position) {
        this.fresh = true;
        return position(position);
    }

    public VirtqueueBuilder interrupt(Interrupt interrupt) {
        this.interrupt = interrupt;
        return this;
    }

    /** Where chains of a split queue in flight are recorded. */
    public VirtqueueBuilder inflight(InflightLog log) {
        this.inflight = log;
        return this;
    }

    /** Where chains of a packed queue in flight are recorded. */
    public VirtqueueBuilder inflight(PackedInflightLog log) {
        this.packedInflight = log;
        return this;
    }

    /** Who hears what the device writes; chains are then popped one by one. Null: nobody. */
    public VirtqueueBuilder dirty(@Nullable DirtyLog log) {
        this.dirty = log;
        return this;
    }

    /**
     * The first chains that a split queue yields.
     *
     * @param heads that a predecessor had taken and not completed, in the order in which it took them
     */
    public VirtqueueBuilder resubmit(int... heads) {
        this.resubmit = heads.clone();
        return this;
    }

    /**
     * The first chains that a packed queue yields.
     *
     * @param chains that a predecessor had taken and not completed, in the order in which it took them
     */
    public VirtqueueBuilder resubmit(List<ChainRecord> chains) {
        this.records = List.copyOf(chains);
        return this;
    }

    @Nullable
    DirtyChains dirtyChains() {
        DirtyLog log = dirty;
        return log == null ? null : new DirtyChains(log);
    }

    int positionOr(int start) {
        return position == null ? start : position;
    }

    /**
     * A queue of the format that was negotiated.
     *
     * @throws IllegalArgumentException if the size or the position is none of the format's, or a part too small or
     *     misaligned
     */
    public Virtqueue build() {
        return RingFormat.of(features) == RingFormat.PACKED ? buildPacked() : buildSplit();
    }

    /** As {@link #build}, of the split format whatever was negotiated. */
    public SplitQueue buildSplit() {
        check(RingFormat.SPLIT);
        return new SplitQueue(this);
    }

    /** As {@link #build}, of the packed format whatever was negotiated. */
    public PackedQueue buildPacked() {
        check(RingFormat.PACKED);
        int at = positionOr(RingFormat.PACKED.start());
        if (!PackedLayout.isValidPosition(at & 0xffff, size) || !PackedLayout.isValidPosition(at >>> 16, size)) {
            throw new IllegalArgumentException(
                    "no position 0x" + Integer.toHexString(at) + " in a queue of " + size + " descriptors");
        }
        return new PackedQueue(this);
    }

    private void check(RingFormat format) {
        if (!format.isValidSize(size)) {
            throw new IllegalArgumentException("queue size " + size + " is not "
                    + (format == RingFormat.SPLIT ? "a power of two up to 32768" : "in 1..32768"));
        }
        if (!format.isAligned(descriptors.address(), driverArea.address(), deviceArea.address())) {
            throw new IllegalArgumentException("a part of the queue is misaligned");
        }
        descriptors = exactly(descriptors, format.descriptorBytes(size));
        driverArea = exactly(driverArea, format.driverBytes(size));
        deviceArea = exactly(deviceArea, format.deviceBytes(size));
    }

    private static MemorySegment exactly(MemorySegment part, long bytes) {
        if (part.byteSize() < bytes) {
            throw new IllegalArgumentException("a part of the queue has " + part.byteSize() + " bytes of " + bytes);
        }
        return part.asSlice(0, bytes);
    }
}
