package dev.cipu.shim.session;

import dev.cipu.shim.posix.EventFd;
import dev.cipu.virtio.memory.GuestMemory;
import dev.cipu.virtio.ring.DirtyLog;
import org.jspecify.annotations.Nullable;

/**
 * Marks what one ring's device has written, by guest-physical address. Where a buffer was found through an IOMMU makes no
 * difference: the front-end's memory table says which page is behind an address of ours. Owner: the ring's worker.
 */
public final class RingLog implements DirtyLog {
    /** How the device's area is logged. */
    public enum Area {
        NOT,
        /** Under the address that the front-end gave, which need not be in its memory. */
        AT_ADDRESS,
        /** Where it lies: a front-end behind an IOMMU gives an I/O virtual address. */
        WHERE_IT_IS
    }

    private final PageLog log;
    private final @Nullable EventFd changed;
    private final GuestMemory table;
    private final Area area;
    private final long areaAt;

    /** The region that was found last. */
    private int hint;

    /**
     * @param changed to be told of marks, or null
     * @param table the front-end's memory table
     * @param areaAt guest-physical address, or address in this process
     */
    public RingLog(PageLog log, @Nullable EventFd changed, GuestMemory table, Area area, long areaAt) {
        this.log = log;
        this.changed = changed;
        this.table = table;
        this.area = area;
        this.areaAt = areaAt;
    }

    /** The log of a ring whose driver's addresses are those of {@code memory}, its own area as well. */
    public static RingLog whereItLies(PageLog log, GuestMemory memory, long areaAt) {
        return new RingLog(log, null, memory, Area.WHERE_IT_IS, areaAt);
    }

    @Override
    public void written(long address, long bytes) {
        long at = address;
        long left = bytes;
        while (left > 0 && find(at)) {
            long offset = at - table.host(hint);
            long n = Math.min(left, table.size(hint) - offset);
            log.mark(table.base(hint) + offset, n);
            at += n;
            left -= n;
        }
    }

    private boolean find(long address) {
        if (hint < table.count() && holds(hint, address)) {
            return true;
        }
        for (hint = 0; hint < table.count(); hint++) {
            if (holds(hint, address)) {
                return true;
            }
        }
        return false;
    }

    private boolean holds(int region, long address) {
        return Long.compareUnsigned(address - table.host(region), table.size(region)) < 0;
    }

    @Override
    public void deviceAreaWritten(long offset, long bytes) {
        switch (area) {
            case NOT -> {}
            case AT_ADDRESS -> {
                // an address of the front-end's choice may be the last one there is
                if (Long.compareUnsigned(areaAt + offset, areaAt) >= 0) {
                    log.mark(areaAt + offset, bytes);
                }
            }
            case WHERE_IT_IS -> written(areaAt + offset, bytes);
        }
    }

    @Override
    public void told() {
        EventFd event = changed;
        if (event != null) {
            event.signal();
        }
    }
}
