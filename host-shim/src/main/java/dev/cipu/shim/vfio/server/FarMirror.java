package dev.cipu.shim.vfio.server;

import dev.cipu.device.pci.QueueSetup;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.memory.GuestMemory;
import dev.cipu.virtio.memory.Le;
import dev.cipu.virtio.ring.Chain;
import dev.cipu.virtio.ring.DirtyLog;
import dev.cipu.virtio.ring.Interrupt;
import dev.cipu.virtio.ring.PackedLayout;
import dev.cipu.virtio.ring.RingFormat;
import dev.cipu.virtio.ring.SplitLayout;
import dev.cipu.virtio.ring.Virtqueue;
import dev.cipu.virtio.ring.VirtqueueBuilder;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A copy of a driver's ring in the card's own memory and the device's half over it. What the driver has written is fetched before
 * each look, what the device's half has written is brought over in an order that lets the driver believe what it sees. Owned by
 * the session's thread.
 */
final class FarMirror {
    private static final int RING_ALIGN = 64;

    /** Bytes of an indirect table at most; a longer one is judged without a look at it. */
    private static final long MOST_TABLE = (long) SplitLayout.DESCRIPTOR_BYTES * SplitLayout.MAX_SIZE;

    private final QueueSetup setup;
    private final FeatureSet features;
    private final RingFormat format;
    private final int position;
    private final boolean fresh;
    private final Interrupt toDriver;
    private final boolean eventIndex;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment descriptors;
    private final MemorySegment driverArea;
    private final MemorySegment deviceArea;

    /** The ring as it was a moment before, which says what was complete when it was fetched. */
    private final MemorySegment before;

    /** What the device's half has written and the driver does not see yet, in order. */
    private final List<Written> written = new ArrayList<>();

    /** Whether the driver is to be interrupted, if it likes, once it sees all that was written. */
    private boolean callOwed;

    /** What the driver was told last of when it should kick, -1 for nothing. */
    private int wish = -1;

    private @Nullable Virtqueue queue;

    /** Whether the last look has fetched all that it wanted to. */
    private boolean complete;

    /** Where the last look found indirect tables, and their bytes. */
    private final List<long[]> tables = new ArrayList<>();

    /** A range of one of the parts. */
    private record Written(MemorySegment part, long offset, long bytes) {}

    /** Notes what the device's half writes to the ring. What it writes to buffers it does not write here. */
    private final class Notes implements DirtyLog {
        @Override
        public void written(long address, long bytes) {
            long offset = address - descriptors.address();
            if (bytes > 0 && offset >= 0 && offset < descriptors.byteSize()) {
                written.add(new Written(descriptors, offset, bytes));
            }
        }

        @Override
        public void deviceAreaWritten(long offset, long bytes) {
            written.add(new Written(deviceArea, offset, bytes));
        }

        @Override
        public void told() {}
    }

    /** See {@link FarRing}. */
    FarMirror(QueueSetup setup, FeatureSet features, int position, boolean fresh, Interrupt toDriver) {
        this.setup = setup;
        this.features = features;
        this.position = position;
        this.fresh = fresh;
        this.toDriver = toDriver;
        format = RingFormat.of(features);
        eventIndex = features.has(RingFeature.EVENT_IDX);
        int size = setup.size();
        descriptors = arena.allocate(format.descriptorBytes(size), RING_ALIGN);
        driverArea = arena.allocate(format.driverBytes(size), RING_ALIGN);
        deviceArea = arena.allocate(format.deviceBytes(size), RING_ALIGN);
        before = arena.allocate(format == RingFormat.PACKED ? descriptors.byteSize() : Short.BYTES, RING_ALIGN);
    }

    private boolean isPacked() {
        return format == RingFormat.PACKED;
    }

    /** Makes the device's half, unless there is one: that of a ring which is not fresh goes by what the ring says. */
    void load(FarMemory memory, GuestMemory wide) {
        if (queue != null) {
            return;
        }
        if (!fresh) {
            memory.read(setup.descriptors(), descriptors);
            memory.read(setup.driver(), driverArea);
            memory.read(setup.device(), deviceArea);
        }
        VirtqueueBuilder builder = new VirtqueueBuilder()
                .size(setup.size())
                .memory(wide)
                .features(features)
                .rings(descriptors, driverArea, deviceArea)
                .dirty(new Notes())
                .interrupt(toDriver);
        queue = (fresh ? builder.fresh(position) : builder.position(position)).build();
    }

    private Virtqueue queue() {
        Virtqueue loaded = queue;
        if (loaded == null) {
            throw new IllegalStateException("a mirror that shows nothing yet");
        }
        return loaded;
    }

    /** Descriptors are found in another memory from now on. */
    void move(GuestMemory wide) {
        Virtqueue loaded = queue;
        complete = false;
        if (loaded != null) {
            loaded.replaceMemory(wide);
        }
    }

    /** Fetches what the driver has written; returns whether there is a chain that was not popped. */
    boolean look(FarMemory memory, GuestMemory wide) {
        complete = false;
        forgetTables(memory.pages());
        boolean more = isPacked() ? lookPacked(memory) : lookSplit(memory);
        if (more && features.has(RingFeature.INDIRECT_DESC)) {
            fetchTables(memory, wide);
        }
        complete = more;
        return more;
    }

    private boolean lookSplit(FarMemory memory) {
        // first and for itself: what it counts is complete when that is fetched after it
        memory.read(setup.driver() + SplitLayout.INDEX, before);
        short index = before.get(Le.SHORT, 0);
        if (Short.toUnsignedInt(index) == queue().position()) {
            return false;
        }
        memory.read(setup.descriptors(), descriptors);
        memory.read(setup.driver() + SplitLayout.RING, driverArea.asSlice(SplitLayout.RING));
        driverArea.set(Le.SHORT, SplitLayout.INDEX, index);
        return true;
    }

    private boolean lookPacked(FarMemory memory) {
        int next = queue().position() & 0xffff;
        MemorySegment slot = slot(before, next);
        memory.read(setup.descriptors() + slot.address() - before.address(), slot);
        if (!isComplete(next)) {
            return false;
        }
        // twice: the second time shows all of each chain whose first descriptor was available the first time
        memory.read(setup.descriptors(), before);
        memory.read(setup.descriptors(), descriptors);
        return true;
    }

    private static MemorySegment slot(MemorySegment ring, int position) {
        return ring.asSlice(
                (long) PackedLayout.index(position) * PackedLayout.DESCRIPTOR_BYTES, PackedLayout.DESCRIPTOR_BYTES);
    }

    private boolean isComplete(int position) {
        return PackedLayout.isAvailable(slot(before, position).get(Le.LONG, Long.BYTES), position);
    }

    /** Fetches the indirect tables of all chains that are to be popped, so that they can be popped. */
    private void fetchTables(FarMemory memory, GuestMemory wide) {
        int size = setup.size();
        if (isPacked()) {
            int at = queue().position() & 0xffff;
            for (int i = 0; i < size; i++, at = PackedLayout.advance(at, 1, size)) {
                long rest = slot(descriptors, at).get(Le.LONG, Long.BYTES);
                if (PackedLayout.isAvailable(rest, at)) {
                    fetchTable(memory, wide, slot(descriptors, at), (int) (rest >>> 48));
                }
            }
            return;
        }
        int from = queue().position();
        int count = SplitLayout.wrap(driverArea.get(Le.SHORT, SplitLayout.INDEX) - from);
        for (int i = 0; i < Math.min(count, size); i++) {
            long entry = SplitLayout.RING + (long) SplitLayout.AVAIL_ENTRY_BYTES * (from + i & size - 1);
            int head = Short.toUnsignedInt(driverArea.get(Le.SHORT, entry));
            if (head < size) {
                MemorySegment descriptor =
                        descriptors.asSlice((long) head * SplitLayout.DESCRIPTOR_BYTES, SplitLayout.DESCRIPTOR_BYTES);
                fetchTable(memory, wide, descriptor, descriptor.get(Le.SHORT, 12));
            }
        }
    }

    private void fetchTable(FarMemory memory, GuestMemory wide, MemorySegment descriptor, int flags) {
        long address = descriptor.get(Le.LONG, 0);
        long bytes = Integer.toUnsignedLong(descriptor.get(Le.INT, Long.BYTES));
        if ((flags & SplitLayout.FLAG_INDIRECT) == 0 || bytes > MOST_TABLE) {
            return;
        }
        for (long done = 0; done < bytes; ) {
            int region = wide.regionOf(address + done);
            if (region < 0 || !wide.permits(region, false)) {
                return;
            }
            long n = Math.min(bytes - done, wide.base(region) + wide.size(region) - address - done);
            if (memory.isFar(address + done)) {
                memory.pages().take(address + done, n);
                tables.add(new long[] {address + done, n});
                memory.read(address + done, memory.own(address + done, n));
            }
            done += n;
        }
    }

    private void forgetTables(FarPages pages) {
        tables.forEach(table -> pages.release(table[0], table[1]));
        tables.clear();
    }

    /** Pops the next chain that was complete at the last look. */
    boolean pop(Chain chain) {
        return complete && (!isPacked() || isComplete(queue().position() & 0xffff)) && queue().pop(chain);
    }

    void unpop(Chain chain) {
        queue().unpop(chain);
    }

    /** A chain is the driver's again once {@link #show} has been called. */
    void push(int head, int bytes) {
        queue().push(head, bytes);
        callOwed = true;
    }

    /** Lets the driver see all that was pushed, and interrupts it if it likes. */
    void show(FarMemory memory) {
        queue().release();
        bringOver(memory);
        if (callOwed) {
            fetchWish(memory);
            callOwed = false;
            boolean _ = queue().call();
        }
    }

    private void bringOver(FarMemory memory) {
        if (written.isEmpty()) {
            return;
        }
        if (isPacked()) {
            bringSlots(memory);
        } else {
            bringElements(memory);
        }
        written.clear();
    }

    /** The elements, and only then the index. */
    private void bringElements(FarMemory memory) {
        long from = 0;
        long to = 0;
        for (Written each : written) {
            if (each.offset < SplitLayout.RING) {
                continue;
            }
            if (each.offset != to) {
                memory.write(setup.device() + from, deviceArea.asSlice(from, to - from));
                from = each.offset;
            }
            to = each.offset + each.bytes;
        }
        memory.write(setup.device() + from, deviceArea.asSlice(from, to - from));
        memory.write(setup.device() + SplitLayout.INDEX, deviceArea.asSlice(SplitLayout.INDEX, Short.BYTES));
    }

    /** All but the flags of the first descriptor, and only then these. {@code [virtio-1.4 §2.8.21]} */
    private void bringSlots(FarMemory memory) {
        int flags = PackedLayout.DESCRIPTOR_BYTES - Short.BYTES;
        long first = written.getFirst().offset;
        for (Written each : written) {
            long skip = each.offset == first ? PackedLayout.DESCRIPTOR_BYTES : 0;
            memory.write(
                    setup.descriptors() + each.offset + skip,
                    descriptors.asSlice(each.offset + skip, each.bytes - skip));
        }
        memory.write(setup.descriptors() + first, descriptors.asSlice(first, flags));
        memory.write(setup.descriptors() + first + flags, descriptors.asSlice(first + flags, Short.BYTES));
    }

    /** Fetches whether the driver wants to be interrupted. */
    private void fetchWish(FarMemory memory) {
        long offset = isPacked() || !eventIndex ? 0 : SplitLayout.usedEvent(setup.size());
        long bytes = isPacked() ? PackedLayout.EVENT_BYTES : Short.BYTES;
        memory.read(setup.driver() + offset, driverArea.asSlice(offset, bytes));
    }

    /** Asks the driver to kick; returns whether it may have gone on before it saw that. */
    boolean awaitKicks(FarMemory memory) {
        bringOver(memory);
        boolean _ = queue().awaitKicks();
        written.clear();
        long offset = isPacked() || !eventIndex ? 0 : SplitLayout.availEvent(setup.size());
        int bytes = isPacked() ? PackedLayout.EVENT_BYTES : Short.BYTES;
        int now = isPacked() ? deviceArea.get(Le.INT, offset) : Short.toUnsignedInt(deviceArea.get(Le.SHORT, offset));
        if (now == wish) {
            return false;
        }
        memory.write(setup.device() + offset, deviceArea.asSlice(offset, bytes));
        wish = now;
        return true;
    }

    /** The ring is gone. */
    void close(FarPages pages) {
        forgetTables(pages);
        arena.close();
    }
}
