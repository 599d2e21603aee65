package dev.cipu.virtio.ring;

import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.memory.GuestMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * A driver that writes whatever it likes into a packed ring, over the guest memory of {@link RawRing}. Takes its offsets and bits
 * from the specification's text, not from the code under test.
 */
public final class PackedRawRing {
    public static final int NEXT = 1;
    public static final int WRITE = 2;
    public static final int INDIRECT = 4;
    public static final int AVAIL = 1 << 7;
    public static final int USED = 1 << 15;

    private static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final int size;
    private final RawRing guest;
    private final MemorySegment descriptors;
    private final MemorySegment driverEvent;
    private final MemorySegment deviceEvent;

    /** Where the driver goes on. */
    private int index;

    private boolean wrap = true;

    public PackedRawRing(int size) {
        this(size, Arena.ofAuto());
    }

    /**
     * @param arena keeps the memory
     */
    public PackedRawRing(int size, Arena arena) {
        this.size = size;
        guest = new RawRing(1, arena);
        descriptors = arena.allocate(16L * size, 16);
        driverEvent = arena.allocate(4, 4);
        deviceEvent = arena.allocate(4, 4);
    }

    public int size() {
        return size;
    }

    /** The memory that descriptors point into, and the means to write it. */
    public RawRing guest() {
        return guest;
    }

    public GuestMemory memory() {
        return guest.memory();
    }

    /** The device's half of this ring, to be completed. */
    public VirtqueueBuilder builder(int... features) {
        return new VirtqueueBuilder()
                .size(size)
                .memory(memory())
                .rings(descriptors, driverEvent, deviceEvent)
                .features(FeatureSet.of(features).with(RingFeature.RING_PACKED));
    }

    public PackedQueue device(int... features) {
        return builder(features).buildPacked();
    }

    /** Writes all of a descriptor; {@code length} is unsigned 32 bits, the others are cut to 16. */
    public void descriptor(int at, long address, long length, int id, int flags) {
        descriptors.set(U64, 16L * at, address);
        length(at, length);
        id(at, id);
        // the device may run in another thread and acquires the flags
        VarHandle.releaseFence();
        flags(at, flags);
    }

    /** Writes entry {@code index} of an indirect table at a guest address, which may lie across regions. */
    public void entry(long table, int index, long address, long length, int id, int flags) {
        MemorySegment bytes = MemorySegment.ofArray(new byte[16]);
        bytes.set(U64, 0, address);
        bytes.set(U32, 8, (int) length);
        bytes.set(U16, 12, (short) id);
        bytes.set(U16, 14, (short) flags);
        guest.poke(table + 16L * index, bytes.toArray(ValueLayout.JAVA_BYTE));
    }

    public void address(int at, long address) {
        descriptors.set(U64, 16L * at, address);
    }

    public void length(int at, long length) {
        descriptors.set(U32, 16L * at + 8, (int) length);
    }

    public void id(int at, int id) {
        descriptors.set(U16, 16L * at + 12, (short) id);
    }

    public void flags(int at, int flags) {
        descriptors.set(U16, 16L * at + 14, (short) flags);
    }

    /** Makes the next descriptor available, and says where it is. */
    public int offer(long address, long length, int id, int flags) {
        int at = index;
        descriptor(at, address, length, id, flags | available());
        skip(1);
        return at;
    }

    /** The bits that make the driver's next descriptor available. */
    public int available() {
        return wrap ? AVAIL : USED;
    }

    /** Goes on so many descriptors without writing any. */
    public void skip(int count) {
        for (int i = 0; i < count; i++) {
            index++;
            if (index == size) {
                index = 0;
                wrap = !wrap;
            }
        }
    }

    /** Where the driver goes on: the index of a descriptor, and above it the wrap counter. */
    public int position() {
        return index | (wrap ? 1 << 15 : 0);
    }

    public long addressOf(int at) {
        return descriptors.get(U64, 16L * at);
    }

    public int lengthOf(int at) {
        return descriptors.get(U32, 16L * at + 8);
    }

    public int idOf(int at) {
        return Short.toUnsignedInt(descriptors.get(U16, 16L * at + 12));
    }

    public int flagsOf(int at) {
        return Short.toUnsignedInt(descriptors.get(U16, 16L * at + 14));
    }

    /** Whether a descriptor is used in a lap. */
    public boolean isUsed(int at, boolean lap) {
        int owner = flagsOf(at) & (AVAIL | USED);
        VarHandle.acquireFence();
        return owner == (lap ? AVAIL | USED : 0);
    }

    /** The driver's wish: a position, and 0 always, 1 never, 2 there only. */
    public void driverEvent(int position, int flags) {
        driverEvent.set(U16, 0, (short) position);
        driverEvent.set(U16, 2, (short) flags);
    }

    public int deviceEventPosition() {
        return Short.toUnsignedInt(deviceEvent.get(U16, 0));
    }

    public int deviceEventFlags() {
        return Short.toUnsignedInt(deviceEvent.get(U16, 2));
    }

    public MemorySegment descriptors() {
        return descriptors;
    }

    public MemorySegment driverEvent() {
        return driverEvent;
    }

    public MemorySegment deviceEvent() {
        return deviceEvent;
    }
}
