package dev.cipu.shim.probe;

import dev.cipu.virtio.driver.DriverMemory;
import dev.cipu.virtio.memory.Le;
import dev.cipu.virtio.ring.SplitLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.List;

/**
 * A split ring with every field open: descriptors, indices, flags and event fields are whatever they are set to.
 * {@code [virtio-1.4 §2.7]} It keeps book of nothing but the next free descriptor and the next entry of the available ring.
 */
public final class RawRing {
    private final DriverMemory memory;
    private final int size;
    private final long descriptors;
    private final long avail;
    private final long used;
    private int nextDescriptor;
    private int added;

    /** A ring with zeroed fields in new memory. */
    public RawRing(DriverMemory memory, int size) {
        this.memory = memory;
        this.size = size;
        descriptors = memory.allocate(SplitLayout.descriptorBytes(size), 4096);
        avail = memory.allocate(SplitLayout.availBytes(size), 64);
        used = memory.allocate(SplitLayout.usedBytes(size), 4096);
    }

    public int size() {
        return size;
    }

    /** Guest address of the descriptor table. */
    public long descriptorAddress() {
        return descriptors;
    }

    /** Guest address of the available ring. */
    public long availAddress() {
        return avail;
    }

    /** Guest address of the used ring. */
    public long usedAddress() {
        return used;
    }

    private long at(long guestAddress) {
        return memory.offset(guestAddress);
    }

    private MemorySegment segment() {
        return memory.segment();
    }

    /** Writes a descriptor of the table. */
    public void descriptor(int index, long address, int length, int flags, int next) {
        descriptorAt(descriptors + (long) index * SplitLayout.DESCRIPTOR_BYTES, address, length, flags, next);
    }

    /** Writes a descriptor anywhere, such as in an indirect table. */
    public void descriptorAt(long guestAddress, long address, int length, int flags, int next) {
        long offset = at(guestAddress);
        segment().set(Le.LONG, offset, address);
        long rest = ((long) next << 48) | ((long) (flags & 0xffff) << 32) | (length & 0xffffffffL);
        segment().set(Le.LONG, offset + 8, rest);
    }

    /** The table's bytes as they are now. */
    public byte[] table() {
        return memory.slice(descriptors, SplitLayout.descriptorBytes(size)).toArray(ValueLayout.JAVA_BYTE);
    }

    /** Starts counting from {@code index}, for a device that was told the same base. */
    public void startAt(int index) {
        added = SplitLayout.wrap(index);
        availIndex(index);
        usedIndex(index);
    }

    /** Writes a chain of linked descriptors; returns its head. */
    public int chain(List<Part> parts) {
        return chain(parts, 0);
    }

    /** As {@link #chain(List)}, with more flags on its last descriptor. */
    public int chain(List<Part> parts, int lastFlags) {
        int head = nextDescriptor;
        for (int i = 0; i < parts.size(); i++) {
            Part part = parts.get(i);
            int index = nextDescriptor;
            nextDescriptor = (nextDescriptor + 1) & (size - 1);
            boolean last = i == parts.size() - 1;
            int flags = (part.writable() ? SplitLayout.FLAG_WRITE : 0) | (last ? lastFlags : SplitLayout.FLAG_NEXT);
            descriptor(index, part.address(), part.length(), flags, last ? 0 : nextDescriptor);
        }
        return head;
    }

    /** Writes an indirect table of the parts; returns its guest address. */
    public long table(List<Part> parts) {
        long table = memory.allocate((long) parts.size() * SplitLayout.DESCRIPTOR_BYTES, 16);
        for (int i = 0; i < parts.size(); i++) {
            Part part = parts.get(i);
            boolean last = i == parts.size() - 1;
            int flags = (part.writable() ? SplitLayout.FLAG_WRITE : 0) | (last ? 0 : SplitLayout.FLAG_NEXT);
            descriptorAt(
                    table + (long) i * SplitLayout.DESCRIPTOR_BYTES,
                    part.address(),
                    part.length(),
                    flags,
                    last ? 0 : i + 1);
        }
        return table;
    }

    /** Puts a head into the next entry of the available ring; the device does not see it before {@link #publish}. */
    public void offer(int head) {
        long entry = avail + SplitLayout.RING + (long) SplitLayout.AVAIL_ENTRY_BYTES * (added & (size - 1));
        segment().set(Le.SHORT, at(entry), (short) head);
        added = SplitLayout.wrap(added + 1);
    }

    /** Shows the device what was offered; whether it wants a kick, by its flags. */
    public boolean publish() {
        availIndex(added);
        return usedFlags() != SplitLayout.USED_NO_NOTIFY;
    }

    /** Writes a chain, offers and publishes it. */
    public int give(List<Part> parts) {
        int head = chain(parts);
        offer(head);
        publish();
        return head;
    }

    public int availIndex() {
        return added;
    }

    public void availIndex(int index) {
        // pairs with the device's acquire of avail.idx
        Le.U16.setRelease(segment(), at(avail) + SplitLayout.INDEX, (short) index);
        // pairs with the device's fence between asking for a kick and its last look at avail.idx
        VarHandle.fullFence();
    }

    public void availFlags(int flags) {
        segment().set(Le.SHORT, at(avail) + SplitLayout.FLAGS, (short) flags);
        VarHandle.fullFence();
    }

    /** Where the driver wants a call, with EVENT_IDX. */
    public void usedEvent(int index) {
        segment().set(Le.SHORT, at(avail) + SplitLayout.usedEvent(size), (short) index);
        VarHandle.fullFence();
    }

    /** Where the device wants a kick, with EVENT_IDX. */
    public int availEvent() {
        return Short.toUnsignedInt(segment().get(Le.SHORT, at(used) + SplitLayout.availEvent(size)));
    }

    public int usedFlags() {
        return Short.toUnsignedInt(segment().get(Le.SHORT, at(used) + SplitLayout.FLAGS));
    }

    public int usedIndex() {
        // pairs with the device's release of used.idx
        return Short.toUnsignedInt((short) Le.U16.getAcquire(segment(), at(used) + SplitLayout.INDEX));
    }

    public void usedIndex(int index) {
        Le.U16.setRelease(segment(), at(used) + SplitLayout.INDEX, (short) index);
    }

    /** The head that the device put at a position of the used ring. */
    public int usedHead(int position) {
        return (int) usedElement(position);
    }

    /** The length that the device put at a position of the used ring. */
    public long usedLength(int position) {
        return usedElement(position) >>> 32;
    }

    private long usedElement(int position) {
        long entry = used + SplitLayout.RING + (long) SplitLayout.USED_ENTRY_BYTES * (position & (size - 1));
        return segment().get(Le.LONG_UNALIGNED, at(entry));
    }

    /** Fills the whole used ring but its flags and index with a byte: what a confused or hostile driver might do. */
    public void scribbleUsed(byte value) {
        segment()
                .asSlice(at(used) + SplitLayout.RING, (long) SplitLayout.USED_ENTRY_BYTES * size)
                .fill(value);
    }
}
