package dev.cipu.virtio.ring;

import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.memory.GuestMemory;
import dev.cipu.virtio.memory.HostMemory;
import dev.cipu.virtio.memory.Le;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The device's half of a packed virtqueue. {@code [virtio-1.4 §2.8]}
 *
 * <p>A descriptor's second word, which holds all that decides, is read once, with one aligned load. Positions are our own:
 * what the driver writes into used descriptors is never read back. Used elements wait in private memory until a release
 * writes them, the first one last, so that they become visible together; where order was negotiated, a run of chains that
 * the device only read is told by one element. {@code [virtio-1.4 §2.8.8]}
 */
public final class PackedQueue implements Virtqueue {
    private static final int[] NO_HEADS = {};

    /** Instead of the kind of all chains that wait. */
    private static final int MIXED = 0;

    /** Of a descriptor's second word, the flags that all chains of a burst have alike. */
    private static final long SINGLE_FLAGS = (long) (PackedLayout.FLAGS_OWNER
                    | PackedLayout.FLAG_NEXT
                    | PackedLayout.FLAG_WRITE
                    | PackedLayout.FLAG_INDIRECT)
            << PackedLayout.FLAGS_SHIFT;

    private final int size;

    /** The three parts; they keep the addresses below alive. */
    @SuppressWarnings("UnusedVariable")
    private final MemorySegment descriptors;

    private final MemorySegment driverEvent;
    private final MemorySegment deviceEvent;
    private final long descriptorsAt;
    private final boolean eventIndex;
    private final boolean inOrder;
    private final PackedWalker walker;
    private final Interrupt interrupt;
    private final @Nullable PackedInflightLog inflight;
    private final @Nullable DirtyChains dirty;

    private final PackedFlight flight;

    /** Not 0 if ids of the burst at hand do not follow each other. */
    private int strays;

    /** Pushed and not released, as the lower 48 bits of descriptors: a circle, as long as the queue at least. */
    private final long[] element;

    /** What kind of chains they were, where {@link #waitKind} is {@link #MIXED}. */
    private final int[] chain;

    private final int waitMask;
    private int waitFrom;
    private int waitTo;

    /** What kind of chains all of them were, if each had one slot and they are alike. */
    private int waitKind = MIXED;

    private final List<ChainRecord> resubmit;
    private int resubmitted;

    private GuestMemory memory;

    /** The region that held the last single buffer. */
    private long hintBase;

    private long hintSize = -1;
    private long hintHost;

    /** Whether it was looked up for the device to write: a translation may permit only one of both. */
    private boolean hintWritable;

    /** Position of the next descriptor to pop, and of the next one to use. */
    private int next;

    private int used;

    /** Slots that were popped and are not the driver's again. */
    private int held;

    /** Slots used since the driver was called if it asked for it. */
    private int unsettled;

    private boolean seen;
    private volatile @Nullable Violation broken;

    PackedQueue(VirtqueueBuilder from) {
        size = from.size;
        descriptors = from.descriptors;
        driverEvent = from.driverArea;
        deviceEvent = from.deviceArea;
        descriptorsAt = descriptors.address();
        eventIndex = from.features.has(RingFeature.EVENT_IDX);
        inOrder = from.features.has(RingFeature.IN_ORDER);
        walker = new PackedWalker(size, from.features.has(RingFeature.INDIRECT_DESC));
        interrupt = from.interrupt;
        inflight = from.packedInflight;
        dirty = from.dirtyChains();
        memory = from.memory;
        flight = new PackedFlight(size);
        int room = Integer.highestOneBit(2 * size - 1);
        element = new long[room];
        chain = new int[room];
        waitMask = room - 1;
        resubmit = from.records;
        int position = from.positionOr(RingFormat.PACKED.start());
        next = position & 0xffff;
        used = position >>> 16;
        held = heldBetween(used, next);
    }

    private int heldBetween(int from, int to) {
        int slots = PackedLayout.index(to) - PackedLayout.index(from);
        return ((from ^ to) & PackedLayout.WRAP) == 0 ? slots : slots + size;
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public boolean pop(Chain chain) {
        if (resubmitted < resubmit.size()) {
            return popResubmitted(chain);
        }
        int at = next;
        long slot = descriptorsAt + (long) PackedLayout.index(at) * PackedLayout.DESCRIPTOR_BYTES;
        // pairs with the driver's release of this descriptor's flags: it and those behind it in its chain are visible
        long rest = (long) Le.U64.getAcquire(HostMemory.ALL, slot + 8);
        if (!PackedLayout.isAvailable(rest, at) || held == size || broken != null) {
            seen = false;
            return false;
        }
        long address = HostMemory.ALL.get(Le.LONG_UNALIGNED, slot);
        int flags = (int) (rest >>> PackedLayout.FLAGS_SHIFT);
        boolean writable = (flags & PackedLayout.FLAG_WRITE) != 0;
        int slots = 1;
        boolean more = (flags & (PackedLayout.FLAG_NEXT | PackedLayout.FLAG_INDIRECT)) != 0;
        int id = PackedLayout.id(rest);
        if (more || !chain.single(memory, id, address, rest & 0xffffffffL, writable)) {
            try {
                slots = walker.walk(chain, memory, descriptorsAt, size, at, size - held, false, address, rest);
            } catch (VirtqueueViolation e) {
                throw broken(e);
            }
        }
        take(chain, slots, PackedLayout.index(at));
        next = PackedLayout.advance(at, slots, size);
        held += slots;
        seen = true;
        PackedInflightLog log = inflight;
        if (log != null) {
            for (int i = 0, position = at; i < slots; i++, position = PackedLayout.advance(position, 1, size)) {
                long each = descriptorsAt + (long) PackedLayout.index(position) * PackedLayout.DESCRIPTOR_BYTES;
                log.descriptor(
                        HostMemory.ALL.get(Le.LONG_UNALIGNED, each), HostMemory.ALL.get(Le.LONG_UNALIGNED, each + 8));
            }
            log.taken(chain.head());
        }
        return true;
    }

    private void take(Chain chain, int slots, int first) {
        int kind = chain.writableBytes() > 0 ? slots | PackedFlight.WRITABLE : slots;
        if (!flight.take(chain.head(), kind, first)) {
            throw violation(Violation.HEAD_IN_FLIGHT);
        }
        DirtyChains pages = dirty;
        if (pages != null) {
            pages.popped(chain);
        }
    }

    /** A chain that a predecessor took: it comes from the record, for the ring may have forgotten it. */
    private boolean popResubmitted(Chain chain) {
        if (broken != null) {
            return false;
        }
        ChainRecord record = resubmit.get(resubmitted);
        long at = record.descriptors().address();
        int slots = record.slots();
        try {
            walker.walk(
                    chain,
                    memory,
                    at,
                    slots,
                    PackedLayout.START,
                    slots,
                    true,
                    HostMemory.ALL.get(Le.LONG_UNALIGNED, at),
                    HostMemory.ALL.get(Le.LONG_UNALIGNED, at + 8));
        } catch (VirtqueueViolation e) {
            throw broken(e);
        }
        resubmitted++;
        chain.rename(record.id());
        take(chain, slots, 0);
        seen = true;
        return true;
    }

    @Override
    public int popSingles(SingleChains into, int max, boolean writable) {
        if (inflight != null || resubmitted < resubmit.size() || broken != null) {
            return 0;
        }
        if (dirty != null) {
            seen = held < size && isNextAvailable();
            return 0;
        }
        // the last burst may be kept where this one is to be
        flight.markBurst();
        strays = 0;
        int limit = Math.min(Math.min(max, into.capacity()), size - held);
        int index = PackedLayout.index(next);
        int lap = Math.min(limit, size - index);
        // a ring that is held whole has nothing more, however its descriptors look
        boolean more = limit < size - held;
        int flags = PackedLayout.availFlags(next) | (writable ? PackedLayout.FLAG_WRITE : 0);
        seen = more;
        int n = popRun(into, 0, lap, index, flags);
        if (n == lap && n < limit) {
            seen = more;
            n = popRun(into, n, limit, 0, flags ^ PackedLayout.FLAGS_OWNER);
            strays |= n - lap;
        }
        into.writable(writable);
        int good = flight.takeBurst(into, n, index, strays == 0);
        seen |= good < n;
        next = PackedLayout.advance(next, good, size);
        held += good;
        return good;
    }

    /**
     * Pops chains whose descriptors lie side by side.
     *
     * @param from where the one at {@code index} belongs
     * @param flags that they must have
     * @return up to where there are chains, {@code to} at most; if it is less, {@link #seen} says whether there is another one
     */
    private int popRun(SingleChains into, int from, int to, int index, int flags) {
        long[] element = into.element;
        int looked = look(element, from, to, index, flags);
        int good = resolve(into, from, looked, index, flags);
        if (good < looked) {
            seen = true;
        } else if (looked < to) {
            seen = ((int) (element[looked] >>> PackedLayout.FLAGS_SHIFT) & PackedLayout.FLAGS_OWNER)
                    == (flags & PackedLayout.FLAGS_OWNER);
        }
        return good;
    }

    /**
     * Reads the second words of descriptors as long as they have these flags, and the first one that has not: a loop so short that
     * the core asks for many lines at once.
     */
    private int look(long[] element, int from, int to, int index, int flags) {
        long wanted = (long) flags << PackedLayout.FLAGS_SHIFT;
        long slot = descriptorsAt + (long) index * PackedLayout.DESCRIPTOR_BYTES + 8;
        for (int i = from; i < to; i++) {
            // pairs with the driver's release of this descriptor's flags
            long rest = (long) Le.U64.getAcquire(HostMemory.ALL, slot);
            element[i] = rest;
            if ((rest & SINGLE_FLAGS) != wanted) {
                return i;
            }
            slot += PackedLayout.DESCRIPTOR_BYTES;
        }
        return to;
    }

    /** Resolves the buffers of chains, as long as they are good, and notes whether their ids follow each other. */
    private int resolve(SingleChains into, int from, int to, int index, int flags) {
        boolean writable = (flags & PackedLayout.FLAG_WRITE) != 0;
        long[] address = into.address;
        long[] element = into.element;
        long base = hintBase;
        long room = hintWritable == writable ? hintSize : -1;
        long host = hintHost;
        long slot = descriptorsAt + (long) index * PackedLayout.DESCRIPTOR_BYTES;
        int id = from < to ? SingleChains.name(element[from]) : 0;
        int stray = 0;
        int i = from;
        while (i < to) {
            long guestAddress = HostMemory.ALL.get(Le.LONG_UNALIGNED, slot);
            int bytes = (int) element[i];
            if (bytes <= 0) {
                break;
            }
            long offset = guestAddress - base;
            // a wrapped or negative distance fails the first comparison
            if (offset < 0 || offset > room - bytes) {
                int region = memory.regionOf(guestAddress);
                if (region < 0
                        || guestAddress - memory.base(region) > memory.size(region) - bytes
                        || !memory.permits(region, writable)) {
                    break;
                }
                base = memory.base(region);
                room = memory.size(region);
                host = memory.host(region);
                offset = guestAddress - base;
            }
            stray |= SingleChains.name(element[i]) ^ id;
            id++;
            address[i] = host + offset;
            slot += PackedLayout.DESCRIPTOR_BYTES;
            i++;
        }
        hintBase = base;
        hintSize = room;
        hintHost = host;
        hintWritable = writable;
        strays |= stray;
        return i;
    }

    @Override
    public void pushSingles(SingleChains done, int count) {
        if (count == 0) {
            return;
        }
        flight.pushed(done, count);
        int to = waitTo;
        int at = to & waitMask;
        int lap = Math.min(count, element.length - at);
        keep(done, 0, lap, at);
        keep(done, lap, count, 0);
        int kind = PackedFlight.kindOf(done);
        await(kind);
        waitTo = to + count;
        if (waitKind == MIXED) {
            noteKind(kind, to, waitTo);
        }
    }

    /** Writes what is told of chains to where it waits. */
    private void keep(SingleChains done, int from, int to, int at) {
        long[] elements = done.element;
        long[] waiting = element;
        long told = done.told();
        int shift = at - from;
        for (int i = from; i < to; i++) {
            waiting[i + shift] = elements[i] & told;
        }
    }

    /** A chain of this kind is about to wait behind those that do. */
    private void await(int kind) {
        int before = waitFrom == waitTo ? kind : waitKind;
        if (before == kind && (kind & PackedFlight.SLOTS) == 1) {
            waitKind = kind;
        } else if (before != MIXED) {
            noteKind(before, waitFrom, waitTo);
            waitKind = MIXED;
        }
    }

    private void noteKind(int kind, int from, int to) {
        for (int i = from; i != to; i++) {
            chain[i & waitMask] = kind;
        }
    }

    @Override
    public void unpopSingles(SingleChains popped, int from, int count) {
        flight.unpopped(popped, from, count);
        unpop(count - from);
    }

    private void unpop(int slots) {
        next = PackedLayout.back(next, slots, size);
        held -= slots;
        seen = broken == null;
    }

    @Override
    public void unpop(Chain chain) {
        if (inflight != null) {
            throw new IllegalStateException("a chain in the inflight log stays taken");
        }
        unpop(flight.remove(chain.head()) & PackedFlight.SLOTS);
    }

    @Override
    public void push(int head, int written) {
        int kind = flight.remove(head);
        PackedInflightLog log = inflight;
        if (log != null) {
            log.completing(head);
        }
        DirtyChains pages = dirty;
        if (pages != null) {
            pages.pushed(head);
        }
        await(kind);
        element[waitTo & waitMask] = SingleChains.element(head, written);
        chain[waitTo & waitMask] = kind;
        waitTo++;
    }

    @Override
    public void release() {
        if (waitTo != waitFrom) {
            release(waitTo);
        }
    }

    @Override
    public void releaseAllBut(int kept) {
        if (inflight != null) {
            release();
        } else if (waitTo - waitFrom > kept) {
            release(waitTo - kept);
        }
    }

    /** Makes the elements before {@code to} visible. */
    private void release(int to) {
        int count = to - waitFrom;
        int before = used;
        int heldBefore = held;
        if (waitKind == MIXED) {
            releaseAny(to);
        } else if (inOrder && waitKind == PackedFlight.SINGLE) {
            // [virtio-1.4 §2.8.8] the last id of a run stands for all of it
            releaseFirst(count, rest(element[(to - 1) & waitMask], used));
        } else {
            releaseSingles(count);
        }
        DirtyChains pages = dirty;
        if (pages != null) {
            pages.slots(descriptorsAt, before, heldBefore - held, size);
        }
        waitFrom = to;
        if (to == waitTo) {
            // the same few warm lines of the circle again
            waitFrom = 0;
            waitTo = 0;
        }
        PackedInflightLog log = inflight;
        if (log != null) {
            log.published();
        }
    }

    /**
     * Writes one element a slot, the first one last and the others backwards: the driver looks at the first one all the time, and
     * each look at its line between two stores to it would cost the line twice.
     */
    private void releaseSingles(int count) {
        int at = used;
        int lap = Math.min(count, size - PackedLayout.index(at));
        use(waitFrom + lap, count - lap, 0, at ^ PackedLayout.WRAP);
        use(waitFrom + 1, lap - 1, PackedLayout.index(at) + 1, at);
        releaseFirst(count, rest(element[waitFrom & waitMask], at));
    }

    private void use(int from, int count, int index, int lap) {
        long slot = descriptorsAt + (long) (index + count - 1) * PackedLayout.DESCRIPTOR_BYTES + 8;
        for (int i = 1; i <= count; i++) {
            HostMemory.ALL.set(Le.LONG_UNALIGNED, slot, rest(element[(from + count - i) & waitMask], lap));
            slot -= PackedLayout.DESCRIPTOR_BYTES;
        }
    }

    /** Writes elements of chains of any length. */
    private void releaseAny(int to) {
        int at = used;
        int slots = 0;
        long first = 0;
        for (int i = waitFrom; i != to; i++) {
            int kind = chain[i & waitMask];
            int run = kind & PackedFlight.SLOTS;
            if (inOrder && kind < PackedFlight.WRITABLE) {
                while (i + 1 != to && chain[(i + 1) & waitMask] < PackedFlight.WRITABLE) {
                    i++;
                    run += chain[i & waitMask];
                }
            }
            long rest = rest(element[i & waitMask], at);
            if (slots == 0) {
                first = rest;
            } else {
                long slot = descriptorsAt + (long) PackedLayout.index(at) * PackedLayout.DESCRIPTOR_BYTES + 8;
                HostMemory.ALL.set(Le.LONG_UNALIGNED, slot, rest);
            }
            at = PackedLayout.advance(at, run, size);
            slots += run;
        }
        releaseFirst(slots, first);
    }

    /** Writes the element that makes all others visible, which end {@code slots} behind it. */
    private void releaseFirst(int slots, long rest) {
        long first = descriptorsAt + (long) PackedLayout.index(used) * PackedLayout.DESCRIPTOR_BYTES + 8;
        used = PackedLayout.advance(used, slots, size);
        PackedInflightLog log = inflight;
        if (log != null) {
            log.publishing(used);
        }
        // pairs with the driver's acquire of these flags: the elements behind it and all buffers are visible
        Le.U64.setRelease(HostMemory.ALL, first, rest);
        held -= slots;
        // a driver that was not asked for so long has seen a whole lap of them
        unsettled = Math.min(unsettled + slots, size);
    }

    /** The second word of a used descriptor. {@code [virtio-1.4 §2.8.4]} */
    private static long rest(long element, int at) {
        int flags = PackedLayout.usedFlags(at) | ((int) element == 0 ? 0 : PackedLayout.FLAG_WRITE);
        return element | (long) flags << PackedLayout.FLAGS_SHIFT;
    }

    @Override
    public boolean call() {
        int slots = unsettled;
        if (slots == 0) {
            return false;
        }
        unsettled = 0;
        // pairs with the driver's fence between asking for a call and its last look at the ring
        VarHandle.fullFence();
        if (PackedLayout.wantsEvent(driverEvent.get(Le.INT, 0), used, slots, size, eventIndex)) {
            interrupt.raise();
            return true;
        }
        return false;
    }

    @Override
    public void suppressKicks() {
        wish(PackedLayout.event(PackedLayout.EVENT_DISABLE, 0));
    }

    @Override
    public boolean awaitKicks() {
        int event = eventIndex
                ? PackedLayout.event(PackedLayout.EVENT_DESCRIPTOR, next)
                : PackedLayout.event(PackedLayout.EVENT_ENABLE, 0);
        wish(event);
        // pairs with the driver's fence between making descriptors available and its look at our wish
        VarHandle.fullFence();
        if (broken != null) {
            return true;
        }
        return resubmitted == resubmit.size() && (held == size || !isNextAvailable());
    }

    private boolean isNextAvailable() {
        long slot = descriptorsAt + (long) PackedLayout.index(next) * PackedLayout.DESCRIPTOR_BYTES;
        // pairs with the driver's release of this descriptor's flags, as in pop()
        return PackedLayout.isAvailable((long) Le.U64.getAcquire(HostMemory.ALL, slot + 8), next);
    }

    private void wish(int event) {
        deviceEvent.set(Le.INT, 0, event);
        DirtyChains pages = dirty;
        if (pages != null) {
            pages.deviceArea(0, PackedLayout.EVENT_BYTES);
        }
    }

    @Override
    public boolean hasSeen() {
        return seen || resubmitted < resubmit.size();
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
    public int position() {
        return used << 16 | next;
    }

    @Override
    public int[] abandon() {
        giveBack();
        return NO_HEADS;
    }

    /**
     * Returns every chain that was popped and not pushed, nothing written into it: a stopped ring cannot be asked for them again,
     * for used elements may have overwritten their descriptors.
     *
     * @return how many
     */
    int giveBack() {
        // in the order of the ring, on which a driver may rely
        int[] ids = flight.inOrder(PackedLayout.index(used));
        for (int id : ids) {
            push(id, 0);
        }
        release();
        return ids.length;
    }

    private VirtqueueViolation violation(Violation kind) {
        return broken(new VirtqueueViolation(kind));
    }

    private VirtqueueViolation broken(VirtqueueViolation why) {
        broken = why.kind();
        seen = false;
        return why;
    }
}
