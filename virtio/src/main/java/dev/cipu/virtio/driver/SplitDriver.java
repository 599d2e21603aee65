package dev.cipu.virtio.driver;

import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.memory.Le;
import dev.cipu.virtio.ring.RingFormat;
import dev.cipu.virtio.ring.SplitLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * The driver's half of a split virtqueue. {@code [virtio-1.4 §2.7]} Keeps the ring in one area of guest memory:
 * descriptors, available ring, used ring, then one indirect table a descriptor where indirect descriptors are in use.
 *
 * <p>One thread owns it. No method but the constructor allocates.
 */
public final class SplitDriver implements DriverQueue {
    /** Entries after which a stale used_event is moved on, well below the wrap at 65536. */
    private static final int EVENT_REFRESH = 0x2000;

    /**
     * How far behind an index is that no device reaches any more: one may look at our wish some turns after it has published, and
     * compares all that it has published since it looked last.
     */
    private static final int LONG_AGO = 1 << 13;

    /** Elements polled for one look at the used index at most; see the device's half. */
    private static final int LOOK_AHEAD = 0x4000;

    private static final int NONE = -1;

    private final int size;
    private final int mask;
    private final MemorySegment area;
    private final long areaAddress;
    private final long availAt;
    private final long usedAt;
    private final long indirectAt;
    private final int indirectEntries;
    private final boolean eventIndex;
    private final boolean inOrder;

    /**
     * Free descriptors form a list; a chain's descriptors are linked by the same array. Where order was negotiated it is the order of
     * the table and never changes. {@code [virtio-1.4 §2.7.5]}
     */
    private final int[] link;

    private final int[] chainLength;

    /** Where order was negotiated: bytes that the device may write into a chain, by its head. */
    private final int[] writable;

    private int oldest;

    /** The head up to which the device has used chains. */
    private int batchEnd = NONE;

    private int batchLength;
    private int freeHead;
    private int free;

    private int added;
    private int published;
    private int polled;
    private int usedSeen;
    private int usedLength;
    private boolean callsWanted = true;
    private int suppressedAt;

    /**
     * Bytes of the area for a queue of this size.
     *
     * @param indirectEntries descriptors an indirect table can hold, 0 for no tables
     */
    public static long bytes(int size, int indirectEntries) {
        return indirectOffset(size) + (long) size * indirectEntries * SplitLayout.DESCRIPTOR_BYTES;
    }

    /**
     * A fresh ring; clears the area.
     *
     * @param area guest memory of at least {@link #bytes}, aligned to 16
     * @param areaAddress the guest address of its first byte, aligned to 16
     * @param negotiated what driver and device agreed on
     * @param indirectEntries longest chain to be put into an indirect table, 0 for none
     */
    public SplitDriver(MemorySegment area, long areaAddress, int size, FeatureSet negotiated, int indirectEntries) {
        if (!SplitLayout.isValidSize(size) || area.byteSize() < bytes(size, indirectEntries)) {
            throw new IllegalArgumentException("no ring of " + size + " in " + area.byteSize() + " bytes");
        }
        this.size = size;
        this.mask = size - 1;
        this.area = area;
        this.areaAddress = areaAddress;
        this.availAt = SplitLayout.descriptorBytes(size);
        this.usedAt = usedOffset(size);
        this.indirectAt = indirectOffset(size);
        this.indirectEntries = negotiated.has(RingFeature.INDIRECT_DESC) ? indirectEntries : 0;
        this.eventIndex = negotiated.has(RingFeature.EVENT_IDX);
        this.inOrder = negotiated.has(RingFeature.IN_ORDER);
        this.link = new int[size];
        this.writable = new int[size];
        this.chainLength = new int[size];
        restart();
    }

    private static long usedOffset(int size) {
        long end = SplitLayout.descriptorBytes(size) + SplitLayout.availBytes(size);
        return (end + SplitLayout.USED_ALIGN - 1) & -SplitLayout.USED_ALIGN;
    }

    private static long indirectOffset(int size) {
        long end = usedOffset(size) + SplitLayout.usedBytes(size);
        return (end + SplitLayout.DESCRIPTOR_ALIGN - 1) & -SplitLayout.DESCRIPTOR_ALIGN;
    }

    @Override
    public void restart() {
        area.asSlice(0, indirectAt).fill((byte) 0);
        for (int i = 0; i < size; i++) {
            link[i] = inOrder ? (i + 1) & mask : i + 1;
            chainLength[i] = 0;
        }
        oldest = 0;
        batchEnd = NONE;
        freeHead = 0;
        free = size;
        added = 0;
        published = 0;
        polled = 0;
        usedSeen = 0;
        if (!callsWanted) {
            suppressCalls();
        }
    }

    @Override
    public RingFormat format() {
        return RingFormat.SPLIT;
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public long descriptorAddress() {
        return areaAddress;
    }

    @Override
    public long driverAreaAddress() {
        return areaAddress + availAt;
    }

    @Override
    public long deviceAreaAddress() {
        return areaAddress + usedAt;
    }

    @Override
    public int free() {
        return free;
    }

    @Override
    public int add(long[] addresses, int[] lengths, int readable, int total) {
        if (total > 1 && total <= indirectEntries) {
            return addIndirect(addresses, lengths, readable, total);
        }
        if (total > free || total == 0) {
            return -1;
        }
        int head = freeHead;
        int index = head;
        for (int i = 0; i < total; i++) {
            int following = link[index];
            boolean last = i == total - 1;
            int flags = (i < readable ? 0 : SplitLayout.FLAG_WRITE) | (last ? 0 : SplitLayout.FLAG_NEXT);
            descriptor(
                    (long) index * SplitLayout.DESCRIPTOR_BYTES, addresses[i], lengths[i], flags, last ? 0 : following);
            index = following;
        }
        noteWritable(head, lengths, readable, total);
        return expose(head, index, total);
    }

    private void noteWritable(int head, int[] lengths, int readable, int total) {
        if (inOrder) {
            int sum = 0;
            for (int i = readable; i < total; i++) {
                sum += lengths[i];
            }
            writable[head] = sum;
        }
    }

    private int addIndirect(long[] addresses, int[] lengths, int readable, int total) {
        if (free == 0) {
            return -1;
        }
        int head = freeHead;
        long table = (long) head * indirectEntries * SplitLayout.DESCRIPTOR_BYTES + indirectAt;
        for (int i = 0; i < total; i++) {
            boolean last = i == total - 1;
            int flags = (i < readable ? 0 : SplitLayout.FLAG_WRITE) | (last ? 0 : SplitLayout.FLAG_NEXT);
            descriptor(
                    table + (long) i * SplitLayout.DESCRIPTOR_BYTES, addresses[i], lengths[i], flags, last ? 0 : i + 1);
        }
        descriptor(
                (long) head * SplitLayout.DESCRIPTOR_BYTES,
                areaAddress + table,
                total * SplitLayout.DESCRIPTOR_BYTES,
                SplitLayout.FLAG_INDIRECT,
                0);
        noteWritable(head, lengths, readable, total);
        return expose(head, link[head], 1);
    }

    private void descriptor(long at, long address, int length, int flags, int following) {
        area.set(Le.LONG, at, address);
        area.set(Le.LONG, at + 8, (long) following << 48 | (long) flags << 32 | (length & 0xffffffffL));
    }

    private int expose(int head, int newFreeHead, int descriptors) {
        freeHead = newFreeHead;
        free -= descriptors;
        chainLength[head] = descriptors;
        area.set(Le.SHORT, availAt + SplitLayout.RING + (long) SplitLayout.AVAIL_ENTRY_BYTES * (added & mask), (short)
                head);
        added = SplitLayout.wrap(added + 1);
        return head;
    }

    @Override
    public boolean publish() {
        int now = added;
        int old = published;
        if (now == old) {
            return false;
        }
        // pairs with the device's acquire of avail.idx
        Le.U16.setRelease(area, availAt + SplitLayout.INDEX, (short) now);
        published = now;
        // pairs with the device's fence between asking for a kick and its last look at avail.idx
        VarHandle.fullFence();
        if (eventIndex) {
            int event = Short.toUnsignedInt(area.get(Le.SHORT, usedAt + SplitLayout.availEvent(size)));
            return SplitLayout.needEvent(event, now, old);
        }
        return (area.get(Le.SHORT, usedAt + SplitLayout.FLAGS) & SplitLayout.USED_NO_NOTIFY) == 0;
    }

    @Override
    public int poll() {
        if (batchEnd != NONE) {
            return takeOldest();
        }
        if (polled == usedSeen) {
            // pairs with the device's release of used.idx
            int index = Short.toUnsignedInt((short) Le.U16.getAcquire(area, usedAt + SplitLayout.INDEX));
            int delta = SplitLayout.wrap(index - polled);
            if (delta == 0) {
                return -1;
            }
            usedSeen = SplitLayout.wrap(polled + Math.min(delta, LOOK_AHEAD));
            if (!callsWanted && eventIndex && SplitLayout.wrap(polled - suppressedAt) > EVENT_REFRESH) {
                suppressCalls();
            }
        }
        long element = area.get(
                Le.LONG_UNALIGNED, usedAt + SplitLayout.RING + (long) SplitLayout.USED_ENTRY_BYTES * (polled & mask));
        int head = (int) element;
        usedLength = (int) (element >>> 32);
        if (head < 0 || head >= size || chainLength[head] == 0) {
            throw new IllegalStateException("the device used chain " + head + ", which it does not hold");
        }
        if (inOrder) {
            batchEnd = head;
            batchLength = usedLength;
            return takeOldest();
        }
        polled = SplitLayout.wrap(polled + 1);
        release(head);
        return head;
    }

    /** One used element may stand for all chains up to its own. {@code [virtio-1.4 §2.7.9]} */
    private int takeOldest() {
        int head = oldest;
        if (chainLength[head] == 0 || polled == usedSeen) {
            throw new IllegalStateException("the device used chain " + batchEnd + " before its turn");
        }
        // a chain used without an element of its own is used completely
        usedLength = head == batchEnd ? batchLength : writable[head];
        batchEnd = head == batchEnd ? NONE : batchEnd;
        oldest = (head + chainLength[head]) & mask;
        polled = SplitLayout.wrap(polled + 1);
        free += chainLength[head];
        chainLength[head] = 0;
        return head;
    }

    private void release(int head) {
        int last = head;
        int count = chainLength[head];
        chainLength[head] = 0;
        for (int i = 1; i < count; i++) {
            last = link[last];
        }
        link[last] = freeHead;
        freeHead = head;
        free += count;
    }

    @Override
    public int usedLength() {
        return usedLength;
    }

    @Override
    public void suppressCalls() {
        callsWanted = false;
        if (eventIndex) {
            // an index passed long ago: the next call would come most of a wrap later
            suppressedAt = polled;
            area.set(Le.SHORT, availAt + SplitLayout.usedEvent(size), (short) (polled - LONG_AGO));
        } else {
            area.set(Le.SHORT, availAt + SplitLayout.FLAGS, (short) SplitLayout.AVAIL_NO_INTERRUPT);
        }
    }

    @Override
    public boolean awaitCalls() {
        callsWanted = true;
        if (eventIndex) {
            area.set(Le.SHORT, availAt + SplitLayout.usedEvent(size), (short) polled);
        } else {
            area.set(Le.SHORT, availAt + SplitLayout.FLAGS, (short) 0);
        }
        // pairs with the device's fence between publishing used.idx and its look at our wish
        VarHandle.fullFence();
        return batchEnd == NONE
                && polled == Short.toUnsignedInt((short) Le.U16.getAcquire(area, usedAt + SplitLayout.INDEX));
    }

    @Override
    public int notificationData() {
        return added;
    }

    @Override
    public int position() {
        return polled;
    }
}
