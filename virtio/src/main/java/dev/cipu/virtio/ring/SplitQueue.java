package dev.cipu.virtio.ring;

import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.memory.GuestMemory;
import dev.cipu.virtio.memory.HostMemory;
import dev.cipu.virtio.memory.Le;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The device's half of a split virtqueue. {@code [virtio-1.4 §2.7]}
 *
 * <p>Every word of shared memory that decides something is read once into private memory. The queue's own indices are
 * authoritative: what the driver writes into the used ring is never read back. Used elements are published once per
 * burst.
 */
public final class SplitQueue implements Virtqueue {
    /** Entries that an indirect table may have where the queue is smaller: a device limit. {@code [virtio-1.4 §2.7.4.1]} */
    public static final int MAX_INDIRECT = 1024;

    /** Entries after which a stale avail_event is moved on, well below the wrap at 65536. */
    private static final int EVENT_REFRESH = 0x2000;

    /**
     * Entries popped for one look at the available index at most. Between two looks the driver gets no further than this,
     * {@link #EVENT_REFRESH} and a queue of 32768 beyond avail_event: together less than the wrap.
     */
    private static final int LOOK_AHEAD = 0x4000;

    /** In a cache line of 64 bytes. */
    private static final int DESCRIPTORS_PER_LINE = 4;

    private static final int[] NO_HEADS = {};

    private final int size;
    private final int mask;
    private final MemorySegment descriptors;
    private final MemorySegment avail;
    private final MemorySegment used;

    /** Addresses in {@link HostMemory} of what every chain or burst touches; the segments above keep them alive. */
    private final long descriptorsAt;

    private final long availRingAt;
    private final long usedRingAt;

    private final long usedEvent;
    private final long availEvent;
    private final boolean eventIndex;
    private final boolean indirect;
    private final Interrupt interrupt;
    private final @Nullable InflightLog inflight;
    private final boolean[] outstanding;
    private final int[] resubmit;

    private GuestMemory memory;

    /** The region that held the last single buffer. */
    private long hintBase;

    private long hintSize = -1;
    private long hintHost;

    /** Makes the loads of {@link #touch} needed. */
    @SuppressWarnings("UnusedVariable")
    private long touched;

    private @Nullable MemorySegment scratch;
    private int resubmitted;

    /** Available entries popped so far, those seen so far; used entries written, published; all 16-bit. */
    private int next;

    private int seen;
    private int written;
    private int published;

    /** Used entries up to which the driver was called if it asked for it. */
    private int settled;

    private boolean kicksWanted = true;
    private int suppressedAt;
    private volatile @Nullable Violation broken;

    private SplitQueue(Builder from) {
        if (!SplitLayout.isValidSize(from.size)) {
            throw new IllegalArgumentException("queue size " + from.size + " is not a power of two up to 32768");
        }
        size = from.size;
        mask = size - 1;
        descriptors = exactly(from.descriptors, SplitLayout.descriptorBytes(size));
        avail = exactly(from.avail, SplitLayout.availBytes(size));
        used = exactly(from.used, SplitLayout.usedBytes(size));
        descriptorsAt = descriptors.address();
        availRingAt = avail.address() + SplitLayout.RING;
        usedRingAt = used.address() + SplitLayout.RING;
        usedEvent = SplitLayout.usedEvent(size);
        availEvent = SplitLayout.availEvent(size);
        eventIndex = from.features.has(RingFeature.EVENT_IDX);
        indirect = from.features.has(RingFeature.INDIRECT_DESC);
        interrupt = from.interrupt;
        inflight = from.inflight;
        resubmit = from.resubmit;
        memory = from.memory;
        outstanding = new boolean[size];
        next = SplitLayout.wrap(from.lastAvail);
        seen = next;
        // pairs with the predecessor's setRelease of the used index; the driver never writes it
        written = Short.toUnsignedInt((short) Le.U16.getAcquire(used, SplitLayout.INDEX));
        published = written;
        settled = written;
    }

    /** What a transport knows of a queue when the driver starts it. */
    public static final class Builder {
        private int size;
        private GuestMemory memory = GuestMemory.EMPTY;
        private MemorySegment descriptors = MemorySegment.NULL;
        private MemorySegment avail = MemorySegment.NULL;
        private MemorySegment used = MemorySegment.NULL;
        private FeatureSet features = FeatureSet.NONE;
        private int lastAvail;
        private Interrupt interrupt = Interrupt.NONE;
        private @Nullable InflightLog inflight;
        private int[] resubmit = NO_HEADS;

        /** Number of descriptors, a power of two. */
        public Builder size(int size) {
            this.size = size;
            return this;
        }

        /** Where descriptors point. */
        public Builder memory(GuestMemory memory) {
            this.memory = memory;
            return this;
        }

        /** The three parts; each segment has at least the bytes and the alignment that {@link SplitLayout} asks for. */
        public Builder rings(MemorySegment descriptors, MemorySegment avail, MemorySegment used) {
            this.descriptors = descriptors;
            this.avail = avail;
            this.used = used;
            return this;
        }

        /**
         * The three parts by guest address; size and memory must be set before.
         *
         * @throws IllegalArgumentException if a part is not whole in one region
         */
        public Builder rings(long descriptors, long avail, long used) {
            return rings(
                    part(descriptors, SplitLayout.descriptorBytes(size)),
                    part(avail, SplitLayout.availBytes(size)),
                    part(used, SplitLayout.usedBytes(size)));
        }

        private MemorySegment part(long guestAddress, long bytes) {
            MemorySegment found = memory.guestRange(guestAddress, bytes);
            if (found == null) {
                throw new IllegalArgumentException(
                        "no memory at 0x" + Long.toHexString(guestAddress) + " for a part of the queue");
            }
            return found;
        }

        /** What driver and device agreed on. */
        public Builder features(FeatureSet features) {
            this.features = features;
            return this;
        }

        /** The available index to go on from, 0 for a fresh queue. */
        public Builder lastAvail(int lastAvail) {
            this.lastAvail = lastAvail;
            return this;
        }

        public Builder interrupt(Interrupt interrupt) {
            this.interrupt = interrupt;
            return this;
        }

        /**
         * Where chains in flight are recorded.
         *
         * @param resubmit heads that a predecessor had taken and not completed, in the order in which it took them; the
         *     first chains that the queue yields
         */
        public Builder inflight(InflightLog log, int... resubmit) {
            this.inflight = log;
            this.resubmit = resubmit.clone();
            return this;
        }

        /**
         * @throws IllegalArgumentException if the size is not a power of two, or a part too small or misaligned
         */
        public SplitQueue build() {
            if (descriptors.address() % SplitLayout.DESCRIPTOR_ALIGN != 0
                    || avail.address() % SplitLayout.AVAIL_ALIGN != 0
                    || used.address() % SplitLayout.USED_ALIGN != 0) {
                throw new IllegalArgumentException("a part of the queue is misaligned");
            }
            return new SplitQueue(this);
        }
    }

    private static MemorySegment exactly(MemorySegment part, long bytes) {
        if (part.byteSize() < bytes) {
            throw new IllegalArgumentException("a part of the queue has " + part.byteSize() + " bytes of " + bytes);
        }
        return part.asSlice(0, bytes);
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public boolean pop(Chain chain) {
        int at = next;
        if (at == seen && !look()) {
            return false;
        }
        if (resubmitted < resubmit.length) {
            return popResubmitted(chain);
        }
        // within the ring by the mask, within the table by the check
        int head = Short.toUnsignedInt(HostMemory.ALL.get(
                Le.SHORT_UNALIGNED, availRingAt + (long) SplitLayout.AVAIL_ENTRY_BYTES * (at & mask)));
        if (head >= size) {
            throw violation(Violation.HEAD_OUT_OF_RANGE);
        }
        if (outstanding[head]) {
            throw violation(Violation.HEAD_IN_FLIGHT);
        }
        resolve(chain, head);
        outstanding[head] = true;
        next = SplitLayout.wrap(at + 1);
        InflightLog log = inflight;
        if (log != null) {
            log.taken(head);
        }
        return true;
    }

    @Override
    public int popSingles(SingleChains into, int max, boolean writable) {
        if (inflight != null || resubmitted < resubmit.length || (next == seen && !look())) {
            return 0;
        }
        int at = next;
        int limit = Math.min(max, SplitLayout.wrap(seen - at));
        touch(at, limit);
        int wanted = writable ? SplitLayout.FLAG_WRITE : 0;
        long base = hintBase;
        long room = hintSize;
        long host = hintHost;
        int n = 0;
        while (n < limit) {
            // within the ring by the mask, within the table by the check
            int head = Short.toUnsignedInt(HostMemory.ALL.get(
                    Le.SHORT_UNALIGNED, availRingAt + (long) SplitLayout.AVAIL_ENTRY_BYTES * ((at + n) & mask)));
            if (head >= size || outstanding[head]) {
                break;
            }
            long descriptor = descriptorsAt + (long) head * SplitLayout.DESCRIPTOR_BYTES;
            long guestAddress = HostMemory.ALL.get(Le.LONG_UNALIGNED, descriptor);
            long rest = HostMemory.ALL.get(Le.LONG_UNALIGNED, descriptor + 8);
            int bytes = (int) rest;
            if (((int) (rest >>> 32) & SplitLayout.FLAGS_KNOWN) != wanted || bytes <= 0) {
                break;
            }
            long offset = guestAddress - base;
            // a wrapped or negative distance fails the first comparison
            if (offset < 0 || offset > room - bytes) {
                int region = memory.regionOf(guestAddress);
                if (region < 0 || guestAddress - memory.base(region) > memory.size(region) - bytes) {
                    break;
                }
                base = memory.base(region);
                room = memory.size(region);
                host = memory.host(region);
                offset = guestAddress - base;
            }
            outstanding[head] = true;
            into.head[n] = head;
            into.address[n] = host + offset;
            into.length[n] = bytes;
            n++;
        }
        hintBase = base;
        hintSize = room;
        hintHost = host;
        next = SplitLayout.wrap(at + n);
        return n;
    }

    /**
     * Asks for the cache lines of the next descriptors, which the driver's core has written, all at once: the loop that
     * judges them is too long for the core to see more than one line ahead.
     */
    private void touch(int at, int count) {
        long sum = 0;
        for (int i = 0; i < count; i += DESCRIPTORS_PER_LINE) {
            int head = HostMemory.ALL.get(
                    Le.SHORT_UNALIGNED, availRingAt + (long) SplitLayout.AVAIL_ENTRY_BYTES * ((at + i) & mask));
            sum += HostMemory.ALL.get(
                    Le.LONG_UNALIGNED, descriptorsAt + (long) (head & mask) * SplitLayout.DESCRIPTOR_BYTES);
        }
        touched = sum;
    }

    @Override
    public void pushSingles(SingleChains done, int count) {
        int at = written;
        for (int i = 0; i < count; i++) {
            int head = done.head[i];
            if (!outstanding[head]) {
                throw notInFlight(head);
            }
            outstanding[head] = false;
            HostMemory.ALL.set(
                    Le.LONG_UNALIGNED,
                    usedRingAt + (long) SplitLayout.USED_ENTRY_BYTES * ((at + i) & mask),
                    (long) done.written[i] << 32 | head);
        }
        written = SplitLayout.wrap(at + count);
    }

    @Override
    public void unpopSingles(SingleChains popped, int from, int count) {
        for (int i = from; i < count; i++) {
            outstanding[popped.head[i]] = false;
        }
        next = SplitLayout.wrap(next - (count - from));
        if (broken != null) {
            seen = next;
        }
    }

    /** Reads the available index; false if it names nothing new. */
    private boolean look() {
        if (broken != null) {
            return false;
        }
        if (resubmitted < resubmit.length) {
            return true;
        }
        // pairs with the driver's release of avail.idx: entries and descriptors below it are visible
        int index = Short.toUnsignedInt((short) Le.U16.getAcquire(avail, SplitLayout.INDEX));
        int delta = SplitLayout.wrap(index - next);
        if (delta == 0) {
            return false;
        }
        if (delta > size) {
            throw violation(Violation.AVAIL_INDEX_JUMP);
        }
        seen = SplitLayout.wrap(next + Math.min(delta, LOOK_AHEAD));
        if (!kicksWanted && eventIndex && SplitLayout.wrap(next - suppressedAt) > EVENT_REFRESH) {
            suppressKicks();
        }
        return true;
    }

    /** A chain that a predecessor took: its head comes from the log, not from the available ring. */
    private boolean popResubmitted(Chain chain) {
        int head = resubmit[resubmitted++];
        if (head < 0 || head >= size) {
            throw violation(Violation.HEAD_OUT_OF_RANGE);
        }
        if (outstanding[head]) {
            throw violation(Violation.HEAD_IN_FLIGHT);
        }
        resolve(chain, head);
        outstanding[head] = true;
        return true;
    }

    /** Reads a chain's first descriptor, once, and resolves the chain. */
    private void resolve(Chain chain, int head) {
        long at = descriptorsAt + (long) head * SplitLayout.DESCRIPTOR_BYTES;
        long address = HostMemory.ALL.get(Le.LONG_UNALIGNED, at);
        long rest = HostMemory.ALL.get(Le.LONG_UNALIGNED, at + 8);
        boolean more = (rest >>> 32 & (SplitLayout.FLAG_NEXT | SplitLayout.FLAG_INDIRECT)) != 0;
        boolean writable = (rest >>> 32 & SplitLayout.FLAG_WRITE) != 0;
        if (more || !chain.single(memory, head, address, rest & 0xffffffffL, writable)) {
            walk(chain, head, address, rest);
        }
    }

    /**
     * Resolves the chain whose first descriptor is given. Each further one is read once too, as two longs, and judged on
     * that copy.
     */
    private void walk(Chain chain, int head, long firstAddress, long firstRest) {
        chain.begin(memory, head);
        long address = firstAddress;
        long rest = firstRest;
        int left = size;
        boolean writable = false;
        try {
            while (true) {
                int flags = (int) (rest >>> 32) & 0xffff;
                if ((flags & SplitLayout.FLAG_INDIRECT) != 0) {
                    walkIndirect(chain, address, rest, writable);
                    return;
                }
                boolean toWrite = (flags & SplitLayout.FLAG_WRITE) != 0;
                if (writable && !toWrite) {
                    throw violation(Violation.READABLE_AFTER_WRITABLE);
                }
                writable = toWrite;
                chain.append(address, rest & 0xffffffffL, toWrite);
                if ((flags & SplitLayout.FLAG_NEXT) == 0) {
                    return;
                }
                int index = (int) (rest >>> 48);
                if (index >= size) {
                    throw violation(Violation.NEXT_OUT_OF_RANGE);
                }
                if (--left == 0) {
                    throw violation(Violation.CHAIN_TOO_LONG);
                }
                long at = descriptorsAt + (long) index * SplitLayout.DESCRIPTOR_BYTES;
                address = HostMemory.ALL.get(Le.LONG_UNALIGNED, at);
                rest = HostMemory.ALL.get(Le.LONG_UNALIGNED, at + 8);
            }
        } catch (VirtqueueViolation e) {
            breakQueue(e.kind());
            throw e;
        }
    }

    /** The table that ends a chain. {@code [virtio-1.4 §2.7.5.3]} */
    private void walkIndirect(Chain chain, long tableAddress, long rest, boolean writableBefore) {
        if (!indirect) {
            throw violation(Violation.INDIRECT_NOT_NEGOTIATED);
        }
        // the WRITE flag here means nothing: [virtio-1.4 §2.7.5.3.2]
        if ((rest >>> 32 & SplitLayout.FLAG_NEXT) != 0) {
            throw violation(Violation.INDIRECT_WITH_NEXT);
        }
        long bytes = rest & 0xffffffffL;
        long entries = bytes / SplitLayout.DESCRIPTOR_BYTES;
        if (entries == 0 || bytes % SplitLayout.DESCRIPTOR_BYTES != 0 || entries > Math.max(size, MAX_INDIRECT)) {
            throw violation(Violation.INDIRECT_SIZE);
        }
        // region and offset instead of a slice: nothing is allocated, whatever the compiler inlines
        int region = memory.regionOf(tableAddress);
        long base = region < 0 ? 0 : tableAddress - memory.base(region);
        MemorySegment table;
        if (region >= 0 && bytes <= memory.size(region) - base) {
            table = memory.segment(region);
        } else {
            table = gather(tableAddress, (int) bytes);
            base = 0;
        }
        int index = 0;
        int left = (int) entries;
        boolean writable = writableBefore;
        while (true) {
            if (left-- == 0) {
                throw violation(Violation.CHAIN_TOO_LONG);
            }
            long at = base + (long) index * SplitLayout.DESCRIPTOR_BYTES;
            long address = table.get(Le.LONG_UNALIGNED, at);
            long entry = table.get(Le.LONG_UNALIGNED, at + 8);
            int flags = (int) (entry >>> 32) & 0xffff;
            if ((flags & SplitLayout.FLAG_INDIRECT) != 0) {
                throw violation(Violation.INDIRECT_NESTED);
            }
            boolean toWrite = (flags & SplitLayout.FLAG_WRITE) != 0;
            if (writable && !toWrite) {
                throw violation(Violation.READABLE_AFTER_WRITABLE);
            }
            writable = toWrite;
            chain.append(address, entry & 0xffffffffL, toWrite);
            if ((flags & SplitLayout.FLAG_NEXT) == 0) {
                return;
            }
            index = (int) (entry >>> 48);
            if (index >= entries) {
                throw violation(Violation.NEXT_OUT_OF_RANGE);
            }
        }
    }

    /** A table that lies across regions, in private memory. */
    private MemorySegment gather(long tableAddress, int bytes) {
        MemorySegment copy = scratch;
        if (copy == null) {
            copy = Arena.ofAuto().allocate((long) Math.max(size, MAX_INDIRECT) * SplitLayout.DESCRIPTOR_BYTES, 16);
            scratch = copy;
        }
        long address = tableAddress;
        int done = 0;
        while (done < bytes) {
            int region = memory.regionOf(address);
            if (region < 0) {
                throw violation(Violation.ADDRESS_UNMAPPED);
            }
            long offset = address - memory.base(region);
            int n = (int) Math.min(bytes - done, memory.size(region) - offset);
            MemorySegment.copy(memory.segment(region), offset, copy, done, n);
            done += n;
            address += n;
            if (done < bytes && address == 0) {
                // the table goes on beyond 2^64
                throw violation(Violation.ADDRESS_UNMAPPED);
            }
        }
        return copy;
    }

    @Override
    public void unpop(Chain chain) {
        if (inflight != null) {
            throw new IllegalStateException("a chain in the inflight log stays taken");
        }
        if (!outstanding[chain.head()]) {
            throw notInFlight(chain.head());
        }
        outstanding[chain.head()] = false;
        next = SplitLayout.wrap(next - 1);
        if (broken != null) {
            // a broken queue yields nothing, not even what it yielded before
            seen = next;
        }
    }

    @Override
    public void push(int head, int bytes) {
        if (!outstanding[head]) {
            throw notInFlight(head);
        }
        outstanding[head] = false;
        InflightLog log = inflight;
        if (log != null) {
            log.completing(head);
        }
        HostMemory.ALL.set(
                Le.LONG_UNALIGNED,
                usedRingAt + (long) SplitLayout.USED_ENTRY_BYTES * (written & mask),
                (long) bytes << 32 | head);
        written = SplitLayout.wrap(written + 1);
    }

    @Override
    public void release() {
        int now = written;
        if (now == published) {
            return;
        }
        // pairs with the driver's acquire of used.idx: elements and buffers below it are visible
        Le.U16.setRelease(used, SplitLayout.INDEX, (short) now);
        published = now;
        InflightLog log = inflight;
        if (log != null) {
            log.published(now);
        }
    }

    @Override
    public boolean call() {
        int now = published;
        int old = settled;
        if (now == old) {
            return false;
        }
        settled = now;
        if (callWanted(now, old)) {
            interrupt.raise();
            return true;
        }
        return false;
    }

    private boolean callWanted(int now, int old) {
        // pairs with the driver's fence between asking for a call and its last look at used.idx
        VarHandle.fullFence();
        if (eventIndex) {
            // [virtio-1.4 §2.7.7.2] the flag means nothing then
            return SplitLayout.needEvent(Short.toUnsignedInt(avail.get(Le.SHORT, usedEvent)), now, old);
        }
        return (avail.get(Le.SHORT, SplitLayout.FLAGS) & SplitLayout.AVAIL_NO_INTERRUPT) == 0;
    }

    @Override
    public void suppressKicks() {
        kicksWanted = false;
        if (eventIndex) {
            // an index already passed: the next kick would come a whole wrap later
            suppressedAt = next;
            used.set(Le.SHORT, availEvent, (short) (next - 1));
        } else {
            used.set(Le.SHORT, SplitLayout.FLAGS, (short) SplitLayout.USED_NO_NOTIFY);
        }
    }

    @Override
    public boolean awaitKicks() {
        kicksWanted = true;
        if (eventIndex) {
            used.set(Le.SHORT, availEvent, (short) next);
        } else {
            used.set(Le.SHORT, SplitLayout.FLAGS, (short) 0);
        }
        // pairs with the driver's fence between publishing avail.idx and its look at our wish
        VarHandle.fullFence();
        return !hasAvailable();
    }

    @Override
    public boolean hasSeen() {
        return next != seen || resubmitted < resubmit.length;
    }

    @Override
    public boolean hasAvailable() {
        if (broken != null) {
            return false;
        }
        return resubmitted < resubmit.length
                || next != Short.toUnsignedInt((short) Le.U16.getAcquire(avail, SplitLayout.INDEX));
    }

    @Override
    public boolean isBroken() {
        return broken != null;
    }

    @Override
    public void replaceMemory(GuestMemory memory) {
        hintSize = -1;
        this.memory = Objects.requireNonNull(memory);
    }

    @Override
    public int lastAvail() {
        return next;
    }

    private static IllegalStateException notInFlight(int head) {
        return new IllegalStateException("head " + head + " is not in flight");
    }

    private void breakQueue(Violation kind) {
        broken = kind;
        // nothing already seen is popped any more
        seen = next;
    }

    private VirtqueueViolation violation(Violation kind) {
        breakQueue(kind);
        return new VirtqueueViolation(kind);
    }
}
