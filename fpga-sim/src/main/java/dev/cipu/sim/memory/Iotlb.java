package dev.cipu.sim.memory;

/**
 * The translation cache of the host's IOMMU. It sees the real addresses of rings and buffers, so what it costs follows from where
 * these lie.
 */
public final class Iotlb {
    private final LeastRecent pages;
    private final int pageBits;
    private final long missTime;

    /**
     * A cache.
     *
     * @param entries pages it knows, a power of two of at least 8; 0 where addresses are not translated
     * @param pageBytes bytes of a page, a power of two
     * @param missTime picoseconds that looking up another page takes
     */
    public Iotlb(int entries, long pageBytes, long missTime) {
        if (Long.bitCount(pageBytes) != 1) {
            throw new IllegalArgumentException("pages of " + pageBytes + " bytes, not a power of two");
        }
        pages = new LeastRecent(entries);
        pageBits = Long.numberOfTrailingZeros(pageBytes);
        this.missTime = missTime;
    }

    /** What translating an access adds to its time; its bytes lie within one page or two. */
    long translate(long address, int bytes) {
        if (pages.capacity() == 0) {
            return 0;
        }
        long first = address >>> pageBits;
        long last = (address + bytes - 1) >>> pageBits;
        long time = lookUp(first);
        return first == last ? time : time + lookUp(last);
    }

    private long lookUp(long page) {
        return pages.touch(page) ? 0 : missTime;
    }

    public long misses() {
        return pages.misses();
    }
}
