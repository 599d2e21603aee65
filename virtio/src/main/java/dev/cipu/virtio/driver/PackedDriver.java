package dev.cipu.virtio.driver;

import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.memory.Le;
import dev.cipu.virtio.ring.PackedLayout;
import dev.cipu.virtio.ring.RingFormat;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * The driver's half of a packed virtqueue. {@code [virtio-1.4 §2.8]} Its area holds descriptors, driver event, device event,
 * then one indirect table a buffer id where indirect descriptors are in use.
 *
 * <p>Buffer ids are taken last freed first, so that they are no positions. Where order was negotiated, one used element may
 * stand for all chains up to its own. {@code [virtio-1.4 §2.8.8]}
 */
public final class PackedDriver implements DriverQueue {
    private static final int NONE = -1;

    private final int size;
    private final MemorySegment area;
    private final long areaAddress;
    private final long driverEventAt;
    private final long deviceEventAt;
    private final long indirectAt;
    private final int indirectEntries;
    private final boolean eventIndex;
    private final boolean inOrder;

    private final int[] freeIds;
    private final int[] slotsOfId;

    /** Bytes that the device may write into a chain: what a chain used without an element of its own counts as. */
    private final int[] writableOfId;

    /** Ids in the order in which they were made available: a circle of {@code size}. */
    private final int[] order;

    private int oldest;
    private int ordered;

    private int free;
    private int freeCount;

    /** Positions of the next descriptor to make available and of the next used one. */
    private int added;

    private int polled;

    /** Slots added and not published; the first one's second word is held back. */
    private int unpublished;

    private long firstAt;
    private long firstRest;

    /** Where order was negotiated: the id up to which the device has used chains. */
    private int batchEnd;

    private int batchLength;
    private int usedLength;
    private boolean callsWanted;

    /** Bytes of the area, see {@link DriverQueue#bytes}. */
    public static long bytes(int size, int indirectEntries) {
        return indirectOffset(size) + (long) size * indirectEntries * PackedLayout.DESCRIPTOR_BYTES;
    }

    private static long eventOffset(int size) {
        return (long) size * PackedLayout.DESCRIPTOR_BYTES;
    }

    private static long indirectOffset(int size) {
        long end = eventOffset(size) + 2 * PackedLayout.EVENT_BYTES;
        return (end + PackedLayout.DESCRIPTOR_ALIGN - 1) & -PackedLayout.DESCRIPTOR_ALIGN;
    }

    /** A fresh ring, see {@link DriverQueue#of}. */
    public PackedDriver(MemorySegment area, long areaAddress, int size, FeatureSet negotiated, int indirectEntries) {
        if (!PackedLayout.isValidSize(size) || area.byteSize() < bytes(size, indirectEntries)) {
            throw new IllegalArgumentException("no ring of " + size + " in " + area.byteSize() + " bytes");
        }
        this.size = size;
        this.area = area;
        this.areaAddress = areaAddress;
        driverEventAt = eventOffset(size);
        deviceEventAt = driverEventAt + PackedLayout.EVENT_BYTES;
        indirectAt = indirectOffset(size);
        this.indirectEntries = negotiated.has(RingFeature.INDIRECT_DESC) ? indirectEntries : 0;
        eventIndex = negotiated.has(RingFeature.EVENT_IDX);
        inOrder = negotiated.has(RingFeature.IN_ORDER);
        freeIds = new int[size];
        slotsOfId = new int[size];
        writableOfId = new int[size];
        order = new int[size];
        callsWanted = true;
        restart();
    }

    @Override
    public void restart() {
        area.asSlice(0, indirectAt).fill((byte) 0);
        for (int i = 0; i < size; i++) {
            freeIds[i] = size - 1 - i;
            slotsOfId[i] = 0;
        }
        freeCount = size;
        free = size;
        oldest = 0;
        ordered = 0;
        added = PackedLayout.START;
        polled = PackedLayout.START;
        unpublished = 0;
        batchEnd = NONE;
        if (!callsWanted) {
            suppressCalls();
        }
    }

    @Override
    public RingFormat format() {
        return RingFormat.PACKED;
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
        return areaAddress + driverEventAt;
    }

    @Override
    public long deviceAreaAddress() {
        return areaAddress + deviceEventAt;
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
            return NONE;
        }
        int id = freeIds[freeCount - 1];
        for (int i = 0; i < total; i++) {
            int flags = (i < readable ? 0 : PackedLayout.FLAG_WRITE) | (i == total - 1 ? 0 : PackedLayout.FLAG_NEXT);
            descriptor(addresses[i], lengths[i], id, flags);
        }
        return expose(id, total, lengths, readable, total);
    }

    private int addIndirect(long[] addresses, int[] lengths, int readable, int total) {
        if (free == 0) {
            return NONE;
        }
        int id = freeIds[freeCount - 1];
        long table = indirectAt + (long) id * indirectEntries * PackedLayout.DESCRIPTOR_BYTES;
        for (int i = 0; i < total; i++) {
            long at = table + (long) i * PackedLayout.DESCRIPTOR_BYTES;
            area.set(Le.LONG, at, addresses[i]);
            area.set(Le.LONG, at + 8, PackedLayout.rest(lengths[i], 0, i < readable ? 0 : PackedLayout.FLAG_WRITE));
        }
        descriptor(areaAddress + table, total * PackedLayout.DESCRIPTOR_BYTES, id, PackedLayout.FLAG_INDIRECT);
        return expose(id, 1, lengths, readable, total);
    }

    /** Writes the next descriptor; the first one since the last publication keeps its flags back. */
    private void descriptor(long address, int length, int id, int flags) {
        long at = (long) PackedLayout.index(added) * PackedLayout.DESCRIPTOR_BYTES;
        long rest = PackedLayout.rest(length, id, flags | PackedLayout.availFlags(added));
        area.set(Le.LONG, at, address);
        if (unpublished == 0) {
            firstAt = at + 8;
            firstRest = rest;
        } else {
            area.set(Le.LONG, at + 8, rest);
        }
        unpublished++;
        added = PackedLayout.advance(added, 1, size);
    }

    private int expose(int id, int slots, int[] lengths, int readable, int total) {
        freeCount--;
        free -= slots;
        slotsOfId[id] = slots;
        if (inOrder) {
            int writable = 0;
            for (int i = readable; i < total; i++) {
                writable += lengths[i];
            }
            writableOfId[id] = writable;
            int at = oldest + ordered++;
            order[at < size ? at : at - size] = id;
        }
        return id;
    }

    @Override
    public boolean publish() {
        int slots = unpublished;
        if (slots == 0) {
            return false;
        }
        unpublished = 0;
        // pairs with the device's acquire of these flags: the descriptors behind it are visible
        Le.U64.setRelease(area, firstAt, firstRest);
        // pairs with the device's fence between asking for a kick and its last look at the ring
        VarHandle.fullFence();
        int event = area.get(Le.INT, deviceEventAt);
        return PackedLayout.wantsEvent(event, added, slots, size, eventIndex);
    }

    @Override
    public int poll() {
        if (batchEnd != NONE) {
            return takeOldest();
        }
        long at = (long) PackedLayout.index(polled) * PackedLayout.DESCRIPTOR_BYTES + 8;
        // pairs with the device's release of these flags: the buffers of all chains it stands for are visible
        long rest = (long) Le.U64.getAcquire(area, at);
        if (!PackedLayout.isUsed(rest, polled) || free == size) {
            return NONE;
        }
        int id = PackedLayout.id(rest);
        if (id >= size || slotsOfId[id] == 0) {
            throw new IllegalStateException("the device used buffer " + id + ", which it does not hold");
        }
        // [virtio-1.4 §2.8.5] without the flag nothing was written, and the length means nothing
        int length = PackedLayout.isWritten(rest) ? (int) rest : 0;
        if (inOrder) {
            batchEnd = id;
            batchLength = length;
            return takeOldest();
        }
        usedLength = length;
        return take(id);
    }

    private int takeOldest() {
        if (ordered == 0) {
            throw new IllegalStateException("the device used buffer " + batchEnd + " before its turn");
        }
        int id = order[oldest];
        oldest = oldest + 1 == size ? 0 : oldest + 1;
        ordered--;
        if (id == batchEnd) {
            batchEnd = NONE;
            usedLength = batchLength;
        } else {
            // [virtio-1.4 §2.8.8] used without an element of its own: completely
            usedLength = writableOfId[id];
        }
        return take(id);
    }

    private int take(int id) {
        int slots = slotsOfId[id];
        slotsOfId[id] = 0;
        freeIds[freeCount++] = id;
        free += slots;
        polled = PackedLayout.advance(polled, slots, size);
        return id;
    }

    @Override
    public int usedLength() {
        return usedLength;
    }

    @Override
    public void suppressCalls() {
        callsWanted = false;
        area.set(Le.INT, driverEventAt, PackedLayout.event(PackedLayout.EVENT_DISABLE, 0));
    }

    @Override
    public boolean awaitCalls() {
        callsWanted = true;
        int event = eventIndex
                ? PackedLayout.event(PackedLayout.EVENT_DESCRIPTOR, polled)
                : PackedLayout.event(PackedLayout.EVENT_ENABLE, 0);
        area.set(Le.INT, driverEventAt, event);
        // pairs with the device's fence between using descriptors and its look at our wish
        VarHandle.fullFence();
        long at = (long) PackedLayout.index(polled) * PackedLayout.DESCRIPTOR_BYTES + 8;
        long rest = (long) Le.U64.getAcquire(area, at);
        return batchEnd == NONE && (free == size || !PackedLayout.isUsed(rest, polled));
    }

    @Override
    public int notificationData() {
        return added;
    }

    @Override
    public int position() {
        return polled << 16 | polled;
    }
}
