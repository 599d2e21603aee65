package dev.cipu.virtio.memory;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The memory that a guest shares with the card: regions that are contiguous in guest-physical addresses, each backed by
 * one segment. Immutable; a transport whose memory table changes makes a new one and hands it to the queues.
 *
 * <p>All addresses are unsigned 64-bit. Whoever resolves an address here checks its bounds here too: behind it, the
 * fast path accesses {@link HostMemory} without another check.
 */
public final class GuestMemory {
    /** No memory at all. */
    public static final GuestMemory EMPTY = of(List.of());

    /**
     * One region.
     *
     * @param guestAddress first guest-physical address, what descriptors hold
     * @param userAddress the same byte in the front-end's virtual address space, what ring addresses hold
     * @param segment the bytes, its size is the region's size
     * @param access what the device may do with it: {@link #READABLE}, {@link #WRITABLE} or both
     */
    public record Region(long guestAddress, long userAddress, MemorySegment segment, byte access) {
        /** A region that the device may read and write. */
        public Region(long guestAddress, long userAddress, MemorySegment segment) {
            this(guestAddress, userAddress, segment, READABLE_AND_WRITABLE);
        }

        public long size() {
            return segment.byteSize();
        }
    }

    /** What the device may do with a region, see {@link #translated}. */
    public static final byte READABLE = 1;

    public static final byte WRITABLE = 2;

    private static final byte READABLE_AND_WRITABLE = READABLE | WRITABLE;

    /** Regions beyond which looking at each of them takes longer than halving. */
    private static final int FEW = 8;

    private final List<Region> regions;
    private final long[] base;
    private final long[] size;
    private final MemorySegment[] segment;
    private final long[] host;

    /** What the device may do with each region; null where it may read and write all. */
    private final byte @Nullable [] access;

    private final boolean translated;

    private GuestMemory(long[] base, long[] size, long[] host, byte[] access) {
        regions = List.of();
        this.base = base;
        this.size = size;
        segment = new MemorySegment[0];
        this.host = host;
        this.access = access;
        translated = true;
    }

    private GuestMemory(List<Region> sorted) {
        access = accessOf(sorted);
        translated = false;
        regions = sorted;
        base = sorted.stream().mapToLong(Region::guestAddress).toArray();
        size = sorted.stream().mapToLong(Region::size).toArray();
        segment = sorted.stream().map(Region::segment).toArray(MemorySegment[]::new);
        host = sorted.stream().mapToLong(region -> region.segment().address()).toArray();
    }

    private static byte @Nullable [] accessOf(List<Region> regions) {
        byte[] access = new byte[regions.size()];
        boolean limited = false;
        for (int i = 0; i < access.length; i++) {
            access[i] = regions.get(i).access();
            limited |= access[i] != READABLE_AND_WRITABLE;
        }
        return limited ? access : null;
    }

    /**
     * The memory made of these regions, in any order.
     *
     * @throws IllegalArgumentException if a region is empty, wraps the address space, or overlaps another in guest
     *     addresses
     */
    public static GuestMemory of(List<Region> regions) {
        Region[] sorted = regions.toArray(Region[]::new);
        Arrays.sort(sorted, Comparator.comparing(Region::guestAddress, Long::compareUnsigned));
        long end = 0;
        for (int i = 0; i < sorted.length; i++) {
            Region region = sorted[i];
            if (!region.segment().isNative()) {
                throw new IllegalArgumentException(describe(region) + " is not off-heap");
            }
            long last = region.guestAddress() + region.size() - 1;
            if (region.size() <= 0 || Long.compareUnsigned(last, region.guestAddress()) < 0) {
                throw new IllegalArgumentException(describe(region) + " is empty or wraps the address space");
            }
            if (i > 0 && Long.compareUnsigned(region.guestAddress(), end) <= 0) {
                throw new IllegalArgumentException(describe(region) + " overlaps another region");
            }
            end = last;
        }
        return new GuestMemory(List.of(sorted));
    }

    /**
     * Memory behind an IOMMU, as far as its translations are known: guest addresses are I/O virtual ones. A part that is
     * missing is a {@link dev.cipu.virtio.ring.TranslationMiss}, and not a violation. It has neither user addresses nor
     * segments, only addresses in this process.
     *
     * @param base first guest addresses, ascending, unsigned
     * @param size bytes, positive; no region reaches the next one or the end of the address space
     * @param host where each region lies in {@link HostMemory}
     * @param access {@link #READABLE}, {@link #WRITABLE} or both
     */
    public static GuestMemory translated(long[] base, long[] size, long[] host, byte[] access) {
        return new GuestMemory(base, size, host, access);
    }

    /** Whether regions come and go as translations do. */
    public boolean isTranslated() {
        return translated;
    }

    /** How many regions there are. */
    public int count() {
        return base.length;
    }

    /** Whether the device may write, or read, region {@code index}. */
    public boolean permits(int index, boolean write) {
        return access == null || (access[index] & (write ? WRITABLE : READABLE)) != 0;
    }

    /** Whether the device may do with region {@code index} what it likes. */
    public boolean isFree(int index) {
        return access == null || access[index] == READABLE_AND_WRITABLE;
    }

    /** The regions, ascending by guest address; none of translated memory. */
    public List<Region> regions() {
        return regions;
    }

    /** Index of the region that holds the guest address, or -1. */
    public int regionOf(long guestAddress) {
        if (base.length > FEW) {
            return regionOfMany(guestAddress);
        }
        for (int i = 0; i < base.length; i++) {
            if (Long.compareUnsigned(guestAddress - base[i], size[i]) < 0) {
                return i;
            }
        }
        return -1;
    }

    private int regionOfMany(long guestAddress) {
        int low = 0;
        int high = base.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (Long.compareUnsigned(base[middle], guestAddress) <= 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        int last = low - 1;
        return last >= 0 && Long.compareUnsigned(guestAddress - base[last], size[last]) < 0 ? last : -1;
    }

    /** First guest address of region {@code index}. */
    public long base(int index) {
        return base[index];
    }

    /** Bytes of region {@code index}. */
    public long size(int index) {
        return size[index];
    }

    /** Bytes of all regions together. */
    public long size() {
        return Arrays.stream(size).sum();
    }

    /** The bytes of region {@code index}. */
    public MemorySegment segment(int index) {
        return segment[index];
    }

    /** Where region {@code index} lies in this process, an offset in {@link HostMemory#ALL}. */
    public long host(int index) {
        return host[index];
    }

    /** The bytes of a guest range, or null if no single region holds all of it. */
    public @Nullable MemorySegment guestRange(long guestAddress, long bytes) {
        int index = regionOf(guestAddress);
        return index < 0 ? null : slice(index, guestAddress - base[index], bytes);
    }

    /** The bytes of a range of front-end addresses, or null if no single region holds all of it. */
    public @Nullable MemorySegment userRange(long userAddress, long bytes) {
        for (int i = 0; i < regions.size(); i++) {
            long offset = userAddress - regions.get(i).userAddress();
            if (Long.compareUnsigned(offset, size[i]) < 0) {
                return slice(i, offset, bytes);
            }
        }
        return null;
    }

    private @Nullable MemorySegment slice(int index, long offset, long bytes) {
        if (bytes < 0 || bytes > size[index] - offset) {
            return null;
        }
        return !translated
                ? segment[index].asSlice(offset, bytes)
                : HostMemory.ALL.asSlice(host[index] + offset, bytes);
    }

    private static String describe(Region region) {
        return "region 0x" + Long.toHexString(region.guestAddress()) + "+0x" + Long.toHexString(region.size());
    }
}
