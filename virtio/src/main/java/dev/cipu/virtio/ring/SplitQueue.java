package dev.cipu.virtio.ring;

import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.memory.GuestMemory;
import dev.cipu.virtio.memory.HostMemory;
import dev.cipu.virtio.memory.Le;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The device's half of a split virtqueue. {@code [virtio-1.4 §2.7]}
 *
 * <p>Every word of shared memory that decides something is read once into private memory. The queue's own indices are
 * authoritative: what the driver writes into the used ring is never read back. Used elements become visible many at
 * a time.
 */
public final class SplitQueue implements Virtqueue {
    /** Entries after which a stale avail_event is moved on, well below the wrap at 65536. */
    private static final int EVENT_REFRESH = 0x2000;

    /**
     * Entries popped for one look at the available index at most. Between two looks the driver gets no further than this,
     * {@link #EVENT_REFRESH} and a queue of 32768 beyond avail_event: together less than the wrap.
     */
    private static final int LOOK_AHEAD = 0x4000;

    /** In a cache line of 64 bytes. */
    private static final int DESCRIPTORS_PER_LINE = 4;

    private static final int USED_PER_LINE = 8;

    private final int size;
    private final int mask;

    /** The three parts; they keep the addresses below alive. */
    @SuppressWarnings("UnusedVariable")
    private final MemorySegment descriptors;

    private final MemorySegment avail;
    private final MemorySegment used;

    /** Addresses in {@link HostMemory} of what every chain or burst touches. */
    private final long descriptorsAt;

    private final long availRingAt;
    private final long usedRingAt;

    private final long usedEvent;
    private final long availEvent;
    private final boolean eventIndex;
    private final ChainWalker walker;
    private final Interrupt interrupt;
    private final @Nullable InflightLog inflight;
    private final @Nullable DirtyChains dirty;
    private final boolean[] outstanding;
    private final int[] resubmit;

    private GuestMemory memory;

    /** The region that held the last single buffer. */
    private long hintBase;

    private long hintSize = -1;
    private long hintHost;

    /** Whether it was looked up for the device to write: a translation may permit only one of both. */
    private boolean hintWritable;

    /** Makes the loads of {@link #touch} needed. */
    @SuppressWarnings("UnusedVariable")
    private long touched;

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

    SplitQueue(VirtqueueBuilder from) {
        size = from.size;
        mask = size - 1;
        descriptors = from.descriptors;
        avail = from.driverArea;
        used = from.deviceArea;
        descriptorsAt = descriptors.address();
        availRingAt = avail.address() + SplitLayout.RING;
        usedRingAt = used.address() + SplitLayout.RING;
        usedEvent = SplitLayout.usedEvent(size);
        availEvent = SplitLayout.availEvent(size);
        eventIndex = from.features.has(RingFeature.EVENT_IDX);
        walker = new ChainWalker(descriptorsAt, size, from.features.has(RingFeature.INDIRECT_DESC));
        interrupt = from.interrupt;
        inflight = from.inflight;
        dirty = from.dirtyChains();
        resubmit = from.resubmit;
        memory = from.memory;
        outstanding = new boolean[size];
        next = SplitLayout.wrap(from.positionOr(0));
        seen = next;
        // pairs with the predecessor's setRelease of the used index; the driver never writes it
        written = from.fresh ? next : Short.toUnsignedInt((short) Le.U16.getAcquire(used, SplitLayout.INDEX));
        published = written;
        settled = written;
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
        take(chain, head);
        next = SplitLayout.wrap(at + 1);
        InflightLog log = inflight;
        if (log != null) {
            log.taken(head);
        }
        return true;
    }

    @Override
    public int popSingles(SingleChains into, int max, boolean writable) {
        if (resubmitted < resubmit.length || (next == seen && !look()) || inflight != null || dirty != null) {
            return 0;
        }
        // in locals, which the calls of the slow path cannot change: the loop loads nothing twice
        int at = next;
        boolean[] out = outstanding;
        long[] address = into.address;
        long[] element = into.element;
        long ring = availRingAt;
        long table = descriptorsAt;
        int last = mask;
        int limit = Math.min(Math.min(max, into.capacity()), SplitLayout.wrap(seen - at));
        touch(at, limit);
        int wanted = writable ? SplitLayout.FLAG_WRITE : 0;
        long base = hintBase;
        long room = hintWritable == writable ? hintSize : -1;
        long host = hintHost;
        int n = 0;
        while (n < limit) {
            // within the ring by the mask, within the table by the check
            int head = Short.toUnsignedInt(HostMemory.ALL.get(
                    Le.SHORT_UNALIGNED, ring + (long) SplitLayout.AVAIL_ENTRY_BYTES * ((at + n) & last)));
            if (head > last || out[head]) {
                break;
            }
            long descriptor = table + (long) head * SplitLayout.DESCRIPTOR_BYTES;
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
            out[head] = true;
            address[n] = host + offset;
            element[n] = SingleChains.element(head, bytes);
            n++;
        }
        hintBase = base;
        hintSize = room;
        hintHost = host;
        hintWritable = writable;
        into.writable(writable);
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
        boolean[] out = outstanding;
        long[] element = done.element;
        // private memory first: a store to it between two to the ring would make the second wait for the first one's
        // line
        for (int i = 0; i < count; i++) {
            int head = SingleChains.name(element[i]);
            if (!out[head]) {
                throw notInFlight(head);
            }
            out[head] = false;
        }
        int at = written;
        long told = done.told();
        // asks for all lines of the ring at once, by their first elements
        for (int i = 0; i < count; i += USED_PER_LINE) {
            use(at + i, Long.rotateLeft(element[i] & told, 32));
        }
        for (int i = 0; i < count; i++) {
            use(at + i, Long.rotateLeft(element[i] & told, 32));
        }
        written = SplitLayout.wrap(at + count);
    }

    private void use(int at, long element) {
        HostMemory.ALL.set(Le.LONG_UNALIGNED, usedRingAt + (long) SplitLayout.USED_ENTRY_BYTES * (at & mask), element);
    }

    @Override
    public void unpopSingles(SingleChains popped, int from, int count) {
        for (int i = from; i < count; i++) {
            outstanding[SingleChains.name(popped.element[i])] = false;
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
        int head = resubmit[resubmitted];
        if (head < 0 || head >= size) {
            throw violation(Violation.HEAD_OUT_OF_RANGE);
        }
        if (outstanding[head]) {
            throw violation(Violation.HEAD_IN_FLIGHT);
        }
        resolve(chain, head);
        resubmitted++;
        take(chain, head);
        return true;
    }

    private void take(Chain chain, int head) {
        outstanding[head] = true;
        DirtyChains pages = dirty;
        if (pages != null) {
            pages.popped(chain);
        }
    }

    /** Reads a chain's first descriptor, once, and resolves the chain. */
    private void resolve(Chain chain, int head) {
        long at = descriptorsAt + (long) head * SplitLayout.DESCRIPTOR_BYTES;
        long address = HostMemory.ALL.get(Le.LONG_UNALIGNED, at);
        long rest = HostMemory.ALL.get(Le.LONG_UNALIGNED, at + 8);
        boolean more = (rest >>> 32 & (SplitLayout.FLAG_NEXT | SplitLayout.FLAG_INDIRECT)) != 0;
        boolean writable = (rest >>> 32 & SplitLayout.FLAG_WRITE) != 0;
        if (more || !chain.single(memory, head, address, rest & 0xffffffffL, writable)) {
            try {
                walker.walk(chain, memory, head, address, rest);
            } catch (VirtqueueViolation e) {
                breakQueue(e.kind());
                throw e;
            }
        }
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
        DirtyChains pages = dirty;
        if (pages != null) {
            pages.pushed(head);
        }
        use(written, (long) bytes << 32 | head);
        written = SplitLayout.wrap(written + 1);
    }

    @Override
    public void release() {
        if (written != published) {
            release(written);
        }
    }

    @Override
    public void releaseAllBut(int kept) {
        if (inflight != null) {
            release();
        } else if (SplitLayout.wrap(written - published) > kept) {
            release(SplitLayout.wrap(written - kept));
        }
    }

    private void release(int now) {
        // pairs with the driver's acquire of used.idx: elements and buffers below it are visible
        Le.U16.setRelease(used, SplitLayout.INDEX, (short) now);
        DirtyChains pages = dirty;
        if (pages != null) {
            pages.usedRing(published, now, size);
        }
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
        // pairs with the driver's fence between asking for a call and its last look at used.idx
        VarHandle.fullFence();
        if (callWanted(now, old)) {
            interrupt.raise();
            return true;
        }
        return false;
    }

    private boolean callWanted(int now, int old) {
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
        wishWritten();
    }

    private void wishWritten() {
        DirtyChains pages = dirty;
        if (pages != null) {
            pages.deviceArea(eventIndex ? availEvent : SplitLayout.FLAGS, Short.BYTES);
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
        wishWritten();
        // pairs with the driver's fence between publishing avail.idx and its look at our wish
        VarHandle.fullFence();
        return available() == 0;
    }

    @Override
    public boolean hasSeen() {
        return next != seen || resubmitted < resubmit.length;
    }

    /** Chains that the driver says it has made available, 0 on a broken queue; reads the ring, and believes it. */
    int available() {
        if (broken != null) {
            return 0;
        }
        // pairs with the driver's release of avail.idx, as in look()
        int index = Short.toUnsignedInt((short) Le.U16.getAcquire(avail, SplitLayout.INDEX));
        return resubmit.length - resubmitted + SplitLayout.wrap(index - next);
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
        return next;
    }

    @Override
    public int[] abandon() {
        release();
        return unanswered();
    }

    /** Heads that were popped and not pushed, and those to be popped again that were not. */
    int[] unanswered() {
        int[] taken = IntStream.range(0, size).filter(head -> outstanding[head]).toArray();
        return IntStream.concat(
                        Arrays.stream(HeadOrder.fromOldest(taken, size)),
                        Arrays.stream(resubmit, resubmitted, resubmit.length))
                .toArray();
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
