package dev.cipu.shim.vhost.backend;

import dev.cipu.virtio.memory.GuestMemory;
import java.util.Arrays;

/**
 * The translations that a front-end has told, by I/O virtual address. Entries that continue each other here as there are one, so
 * that a ring over many pages is whole. Bounded: a front-end that tells more than fit has all but the newest forgotten, and is
 * asked again for those that are needed. Owned by the session's thread. [vhost-user "IOMMU support"]
 */
final class Iotlb {
    static final int MAX_ENTRIES = 2048;

    private GuestMemory view = GuestMemory.translated(new long[0], new long[0], new long[0], new byte[0]);

    /** Entries in the making, ascending. */
    private static final class Draft {
        final long[] base;
        final long[] size;
        final long[] host;
        final byte[] access;
        int count;

        Draft(int room) {
            base = new long[room];
            size = new long[room];
            host = new long[room];
            access = new byte[room];
        }

        void add(long first, long bytes, long at, byte may) {
            int last = count - 1;
            if (last >= 0 && base[last] + size[last] == first && host[last] + size[last] == at && access[last] == may) {
                size[last] += bytes;
                return;
            }
            base[count] = first;
            size[count] = bytes;
            host[count] = at;
            access[count++] = may;
        }

        /** As much of an entry of {@code from} as lies at or after {@code first} and at or before {@code last}. */
        void addPart(GuestMemory from, int index, long first, long last) {
            long begin = unsignedMax(from.base(index), first);
            long end = unsignedMin(from.base(index) + from.size(index) - 1, last);
            if (Long.compareUnsigned(begin, end) <= 0) {
                add(begin, end - begin + 1, from.host(index) + begin - from.base(index), accessOf(from, index));
            }
        }

        GuestMemory done() {
            return GuestMemory.translated(
                    Arrays.copyOf(base, count),
                    Arrays.copyOf(size, count),
                    Arrays.copyOf(host, count),
                    Arrays.copyOf(access, count));
        }
    }

    private static byte accessOf(GuestMemory memory, int index) {
        int read = memory.permits(index, false) ? GuestMemory.READABLE : 0;
        int write = memory.permits(index, true) ? GuestMemory.WRITABLE : 0;
        return (byte) (read | write);
    }

    private static long unsignedMax(long a, long b) {
        return Long.compareUnsigned(a, b) >= 0 ? a : b;
    }

    private static long unsignedMin(long a, long b) {
        return Long.compareUnsigned(a, b) <= 0 ? a : b;
    }

    /** What is known now; never changes. */
    GuestMemory view() {
        return view;
    }

    /**
     * An entry, which takes the place of what it overlaps.
     *
     * @param size positive, within one mapping of ours
     * @param host where it lies in this process
     * @return whether something that was known before is not so any more
     */
    boolean update(long iova, long size, long host, int access) {
        long last = iova + size - 1;
        if (access < GuestMemory.READABLE
                || access > (GuestMemory.READABLE | GuestMemory.WRITABLE)
                || Long.compareUnsigned(last, iova) < 0) {
            throw new RefusedException("translation of 0x" + Long.toHexString(iova) + "+0x" + Long.toHexString(size));
        }
        GuestMemory before = view;
        Draft draft = new Draft(before.count() + 2);
        boolean changes = false;
        boolean placed = false;
        for (int i = 0; i < before.count(); i++) {
            if (!placed && Long.compareUnsigned(before.base(i), iova) >= 0) {
                draft.add(iova, size, host, (byte) access);
                placed = true;
            }
            changes |= overlaps(before, i, iova, last)
                    && (before.host(i) - before.base(i) != host - iova || accessOf(before, i) != access);
            if (iova != 0) {
                draft.addPart(before, i, 0, iova - 1);
            }
            if (!placed && Long.compareUnsigned(before.base(i) + before.size(i) - 1, iova) >= 0) {
                draft.add(iova, size, host, (byte) access);
                placed = true;
            }
            if (last != -1) {
                draft.addPart(before, i, last + 1, -1);
            }
        }
        if (!placed) {
            draft.add(iova, size, host, (byte) access);
        }
        if (draft.count > MAX_ENTRIES) {
            draft.count = 0;
            draft.add(iova, size, host, (byte) access);
            changes = true;
        }
        view = draft.done();
        return changes;
    }

    /**
     * Forgets a range. One that would leave the address space ends with it, and a size of 0 is that of all of it: what a
     * front-end makes of 2^64.
     *
     * @return whether anything of it was known
     */
    boolean invalidate(long iova, long size) {
        long end = iova + size - 1;
        long last = size == 0 || Long.compareUnsigned(end, iova) < 0 ? -1 : end;
        GuestMemory before = view;
        Draft draft = new Draft(before.count() + 1);
        boolean changes = false;
        for (int i = 0; i < before.count(); i++) {
            changes |= overlaps(before, i, iova, last);
            if (iova != 0) {
                draft.addPart(before, i, 0, iova - 1);
            }
            if (last != -1) {
                draft.addPart(before, i, last + 1, -1);
            }
        }
        if (changes) {
            view = draft.done();
        }
        return changes;
    }

    /** Forgets what does not lie in the regions of {@code memory}, the front-end's memory table; mappings do not move. */
    void retain(GuestMemory memory) {
        GuestMemory before = view;
        Draft draft = new Draft(before.count());
        for (int i = 0; i < before.count(); i++) {
            for (int region = 0; region < memory.count(); region++) {
                long offset = before.host(i) - memory.host(region);
                if (offset >= 0 && offset <= memory.size(region) - before.size(i)) {
                    draft.add(before.base(i), before.size(i), before.host(i), accessOf(before, i));
                    break;
                }
            }
        }
        view = draft.done();
    }

    private static boolean overlaps(GuestMemory memory, int index, long first, long last) {
        return Long.compareUnsigned(memory.base(index), last) <= 0
                && Long.compareUnsigned(memory.base(index) + memory.size(index) - 1, first) >= 0;
    }
}
