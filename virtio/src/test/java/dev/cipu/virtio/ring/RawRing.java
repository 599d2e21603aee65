package dev.cipu.virtio.ring;

import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.memory.GuestMemory;
import dev.cipu.virtio.memory.GuestMemory.Region;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.List;

/**
 * A driver that writes whatever it likes: descriptors, ring entries, indices and tables by hand, into a guest memory of
 * several regions. Takes its offsets from the specification's text, not from the code under test.
 *
 * <pre>
 * LOW 0x0+0x1000   NEAR 0x10000+0x10000   ADJACENT 0x20000+0x10000 (other host memory)   hole   FAR 0x40000+0x1000
 * TOP 2^64-0x1000+0x1000, so that the address space ends where LOW begins
 * </pre>
 */
public final class RawRing {
    public static final int NEXT = 1;
    public static final int WRITE = 2;
    public static final int INDIRECT = 4;

    public static final long LOW = 0;
    public static final long NEAR = 0x10000;
    public static final long ADJACENT = 0x20000;
    public static final long HOLE = 0x30000;
    public static final long FAR = 0x40000;
    public static final long TOP = -0x1000;

    /** Bytes of NEAR and ADJACENT. */
    public static final int BIG = 0x10000;

    /** Bytes of LOW, FAR and TOP. */
    public static final int SMALL = 0x1000;

    /** What the front-end adds to a guest address. */
    public static final long USER = 0x7f00_0000_0000L;

    private static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final int size;
    private final GuestMemory memory;
    private final MemorySegment descriptors;
    private final MemorySegment avail;
    private final MemorySegment used;

    public RawRing(int size) {
        this(size, Arena.ofAuto());
    }

    /**
     * @param arena keeps the memory
     */
    public RawRing(int size, Arena arena) {
        this.size = size;
        memory = GuestMemory.of(List.of(
                region(arena, FAR, SMALL),
                region(arena, ADJACENT, BIG),
                region(arena, NEAR, BIG),
                region(arena, TOP, SMALL),
                region(arena, LOW, SMALL)));
        descriptors = arena.allocate(16L * size, 16);
        avail = arena.allocate(6L + 2L * size, 2);
        used = arena.allocate(6L + 8L * size, 4);
    }

    private static Region region(Arena arena, long guestAddress, long bytes) {
        return new Region(guestAddress, guestAddress + USER, arena.allocate(bytes, 4096));
    }

    public int size() {
        return size;
    }

    public GuestMemory memory() {
        return memory;
    }

    /** The device's half of this ring, to be completed. */
    public VirtqueueBuilder builder(int... features) {
        return new VirtqueueBuilder()
                .size(size)
                .memory(memory)
                .rings(descriptors, avail, used)
                .features(FeatureSet.of(features));
    }

    public SplitQueue device(int... features) {
        return builder(features).buildSplit();
    }

    /** Writes descriptor {@code index}; {@code length} is unsigned 32 bits, the others are cut to 16. */
    public void descriptor(int index, long address, long length, int flags, int next) {
        long at = 16L * index;
        descriptors.set(U64, at, address);
        descriptors.set(U32, at + 8, (int) length);
        descriptors.set(U16, at + 12, (short) flags);
        descriptors.set(U16, at + 14, (short) next);
    }

    /** Writes entry {@code index} of an indirect table at a guest address, which may lie across regions. */
    public void entry(long table, int index, long address, long length, int flags, int next) {
        MemorySegment bytes = MemorySegment.ofArray(new byte[16]);
        bytes.set(U64, 0, address);
        bytes.set(U32, 8, (int) length);
        bytes.set(U16, 12, (short) flags);
        bytes.set(U16, 14, (short) next);
        poke(table + 16L * index, bytes.toArray(ValueLayout.JAVA_BYTE));
    }

    /** Makes a chain available. */
    public void offer(int head) {
        int index = availIndex();
        availEntry(index % size, head);
        availIndex(index + 1);
    }

    public void availEntry(int slot, int head) {
        avail.set(U16, 4 + 2L * slot, (short) head);
    }

    public void availIndex(int index) {
        // the device may run in another thread and acquires the index
        VarHandle.releaseFence();
        avail.set(U16, 2, (short) index);
    }

    public int availIndex() {
        return Short.toUnsignedInt(avail.get(U16, 2));
    }

    public void availFlags(int flags) {
        avail.set(U16, 0, (short) flags);
    }

    public void usedEvent(int event) {
        avail.set(U16, 4 + 2L * size, (short) event);
    }

    public int availEvent() {
        return Short.toUnsignedInt(used.get(U16, 4 + 8L * size));
    }

    public void availEvent(int event) {
        used.set(U16, 4 + 8L * size, (short) event);
    }

    public int usedFlags() {
        return used.get(U16, 0);
    }

    public int usedIndex() {
        return Short.toUnsignedInt(used.get(U16, 2));
    }

    public void usedIndex(int index) {
        used.set(U16, 2, (short) index);
    }

    public int usedId(int slot) {
        return used.get(U32, 4 + 8L * slot);
    }

    public int usedLength(int slot) {
        return used.get(U32, 8 + 8L * slot);
    }

    public void usedElement(int slot, int id, int length) {
        used.set(U32, 4 + 8L * slot, id);
        used.set(U32, 8 + 8L * slot, length);
    }

    /** Where a guest address lies in this process. */
    public long host(long guestAddress) {
        return host(memory, guestAddress);
    }

    static long host(GuestMemory memory, long guestAddress) {
        int region = memory.regionOf(guestAddress);
        return memory.segment(region).address() + guestAddress - memory.base(region);
    }

    /** Whether bytes of this process all lie in one region of the memory. */
    static boolean lies(GuestMemory memory, long hostAddress, long bytes) {
        return memory.regions().stream()
                .map(GuestMemory.Region::segment)
                .anyMatch(region ->
                        hostAddress >= region.address() && hostAddress + bytes <= region.address() + region.byteSize());
    }

    /** Writes guest memory byte by byte, over region borders. */
    public void poke(long guestAddress, byte... bytes) {
        for (int i = 0; i < bytes.length; i++) {
            int region = regionOf(guestAddress + i);
            memory.segment(region).set(ValueLayout.JAVA_BYTE, guestAddress + i - memory.base(region), bytes[i]);
        }
    }

    /** Reads guest memory byte by byte, over region borders. */
    public byte[] peek(long guestAddress, int count) {
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++) {
            int region = regionOf(guestAddress + i);
            bytes[i] = memory.segment(region).get(ValueLayout.JAVA_BYTE, guestAddress + i - memory.base(region));
        }
        return bytes;
    }

    private int regionOf(long guestAddress) {
        for (int i = 0; i < memory.regions().size(); i++) {
            Region region = memory.regions().get(i);
            if (Long.compareUnsigned(guestAddress - region.guestAddress(), region.size()) < 0) {
                return i;
            }
        }
        throw new IllegalArgumentException("0x" + Long.toHexString(guestAddress) + " is in no region");
    }

    public MemorySegment descriptors() {
        return descriptors;
    }

    public MemorySegment avail() {
        return avail;
    }

    public MemorySegment used() {
        return used;
    }
}
