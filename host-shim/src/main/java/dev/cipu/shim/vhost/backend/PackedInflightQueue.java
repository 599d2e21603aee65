package dev.cipu.shim.vhost.backend;

import dev.cipu.virtio.memory.Le;
import dev.cipu.virtio.ring.ChainRecord;
import dev.cipu.virtio.ring.PackedInflightLog;
import dev.cipu.virtio.ring.PackedLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One packed ring's record of the chains in flight, descriptors and all. Stores are ordered so that whatever instant this
 * process dies at, {@link #recover} in its successor finds a state that the protocol describes: what is not finished lies
 * on the free list behind the old head and counts for nothing. [vhost-user "Inflight I/O tracking"]
 *
 * <p>Owner: the session's thread until the ring is attached, then its worker. The list of free entries is private: what a
 * peer writes into the region meanwhile is never read back.
 */
final class PackedInflightQueue implements PackedInflightLog {
    private static final VarHandle U8 = ValueLayout.JAVA_BYTE.varHandle().withInvokeExactBehavior();
    private static final byte TAKEN = 1;
    private static final byte FREE = 0;
    private static final int NONE = -1;
    private static final int FLAGS_SHIFT = 48;
    private static final int WRAP_SHIFT = 15;

    private final MemorySegment part;
    private final int size;
    private final int descriptors;

    /** Each entry's successor, in the free list or in its chain. */
    private final int[] next;

    private final int[] last;
    private final int[] count;
    private final boolean[] inUse;

    /** By buffer id, {@link #NONE} for one that is not in flight. */
    private int[] entryOfId;

    /** Entries of the chains that complete with the next publication. */
    private final int[] batch;

    private int batched;
    private int freeHead;

    /** The chain being told. */
    private int first = NONE;

    private int tail;
    private int told;
    private int used;
    private long counter;

    /**
     * @param part this ring's bytes
     * @param size descriptors of the ring
     * @param descriptors entries of the part, at least {@code size}
     */
    PackedInflightQueue(MemorySegment part, int size, int descriptors) {
        this.part = part;
        this.size = size;
        this.descriptors = descriptors;
        next = new int[descriptors];
        last = new int[descriptors];
        count = new int[descriptors];
        inUse = new boolean[descriptors];
        entryOfId = new int[size];
        Arrays.fill(entryOfId, NONE);
        batch = new int[size];
    }

    /**
     * Brings the record in line with the ring: finishes or takes back a publication that a predecessor died in, and finds what
     * it left behind. A part that was never used is set up.
     *
     * @param ring the descriptors
     * @param position where a fresh ring begins
     * @return chains to process again, in the order in which they were taken; {@link #used} is then the position of the
     *     next used element
     * @throws RefusedException when the contents cannot be a predecessor's
     */
    List<ChainRecord> recover(MemorySegment ring, int position) {
        int version = u16(PackedInflightLayout.VERSION);
        if (version == 0) {
            setUp(position);
            return List.of();
        }
        if (version != PackedInflightLayout.CURRENT_VERSION || u16(PackedInflightLayout.DESCRIPTORS) != descriptors) {
            throw new RefusedException("inflight record of version " + version);
        }
        for (int i = 0; i < descriptors; i++) {
            next[i] = u16(PackedInflightLayout.entry(i) + PackedInflightLayout.ENTRY_NEXT);
        }
        finishLastBatch(ring);
        List<ChainRecord> chains = taken();
        checkFreeList();
        return chains;
    }

    /** Position of the next used element. */
    int used() {
        return used;
    }

    /** Begins a record of a ring that has nothing in flight. */
    void setUp(int position) {
        for (int i = 0; i < descriptors; i++) {
            clear(i);
            // the last one's successor is named, and never reached: a ring has no more chains than entries
            next[i] = i + 1 == descriptors ? 0 : i + 1;
            u16(PackedInflightLayout.entry(i) + PackedInflightLayout.ENTRY_NEXT, next[i]);
        }
        part.set(Le.SHORT, PackedInflightLayout.DESCRIPTORS, (short) descriptors);
        freeHead = 0;
        writeFreeHead();
        Le.U16.setRelease(part, PackedInflightLayout.OLD_FREE_HEAD, (short) 0);
        used = position;
        writeUsed(PackedInflightLayout.USED_INDEX, PackedInflightLayout.USED_WRAP);
        writeUsed(PackedInflightLayout.OLD_USED_INDEX, PackedInflightLayout.OLD_USED_WRAP);
        Le.U16.setRelease(part, PackedInflightLayout.VERSION, (short) PackedInflightLayout.CURRENT_VERSION);
    }

    /** Positions that differ: the ring tells whether the last batch reached its driver. */
    private void finishLastBatch(MemorySegment ring) {
        used = readUsed(PackedInflightLayout.OLD_USED_INDEX, PackedInflightLayout.OLD_USED_WRAP);
        int now = readUsed(PackedInflightLayout.USED_INDEX, PackedInflightLayout.USED_WRAP);
        freeHead = u16(PackedInflightLayout.OLD_FREE_HEAD);
        int unfinished = freeHead;
        if (now != used && reachedDriver(ring)) {
            used = now;
            freeHead = u16(PackedInflightLayout.FREE_HEAD);
            int at = freeHead;
            for (int i = 0; i < descriptors && at < descriptors && at != unfinished; i++) {
                clear(at);
                at = next[at];
            }
        }
        if (unfinished < descriptors && takenDescriptors() < descriptors) {
            // a chain whose taking was cut short is still the ring's
            clear(unfinished);
        }
        writeFreeHead();
        writeUsed(PackedInflightLayout.USED_INDEX, PackedInflightLayout.USED_WRAP);
        settle();
    }

    private boolean reachedDriver(MemorySegment ring) {
        long at = (long) PackedLayout.index(used) * PackedLayout.DESCRIPTOR_BYTES + 8;
        int flags = (int) (ring.get(Le.LONG, at) >>> FLAGS_SHIFT);
        return (flags & (PackedLayout.FLAG_AVAIL | PackedLayout.FLAG_USED)) != PackedLayout.availFlags(used);
    }

    private int takenDescriptors() {
        int sum = 0;
        for (int i = 0; i < descriptors; i++) {
            sum += isTaken(i) ? u16(PackedInflightLayout.entry(i) + PackedInflightLayout.ENTRY_NUM) : 0;
        }
        return sum;
    }

    private List<ChainRecord> taken() {
        List<Integer> heads = new ArrayList<>();
        for (int i = 0; i < descriptors; i++) {
            if (isTaken(i)) {
                heads.add(i);
                long number = counterOf(i);
                if (Long.compareUnsigned(number, counter) >= 0) {
                    counter = number + 1;
                }
            }
        }
        heads.sort((a, b) -> Long.compareUnsigned(counterOf(a), counterOf(b)));
        List<ChainRecord> chains = new ArrayList<>();
        int sum = 0;
        for (int head : heads) {
            ChainRecord chain = chain(head);
            sum += chain.slots();
            if (sum > size) {
                throw new RefusedException("inflight record of more descriptors than the ring has");
            }
            chains.add(chain);
        }
        return chains;
    }

    private ChainRecord chain(int head) {
        int slots = u16(PackedInflightLayout.entry(head) + PackedInflightLayout.ENTRY_NUM);
        if (slots == 0 || slots > size) {
            throw new RefusedException("inflight record of a chain of " + slots + " descriptors");
        }
        MemorySegment copy =
                Arena.ofAuto().allocate((long) slots * PackedLayout.DESCRIPTOR_BYTES, PackedLayout.DESCRIPTOR_ALIGN);
        int entry = head;
        int id = 0;
        for (int i = 0; i < slots; i++) {
            if (entry >= descriptors || inUse[entry]) {
                throw new RefusedException("inflight record names entry " + entry);
            }
            inUse[entry] = true;
            last[head] = entry;
            long from = PackedInflightLayout.entry(entry);
            id = u16(from + PackedInflightLayout.ENTRY_ID);
            int flags = u16(from + PackedInflightLayout.ENTRY_FLAGS);
            int length = part.get(Le.INT, from + PackedInflightLayout.ENTRY_LENGTH);
            long to = (long) i * PackedLayout.DESCRIPTOR_BYTES;
            copy.set(Le.LONG, to, part.get(Le.LONG, from + PackedInflightLayout.ENTRY_ADDRESS));
            copy.set(Le.LONG, to + 8, PackedLayout.rest(length, id, flags));
            entry = next[entry];
        }
        count[head] = slots;
        if (entryOf(id) != NONE) {
            throw new RefusedException("inflight record names buffer " + id + " twice");
        }
        entryOfId[id] = head;
        return new ChainRecord(id, copy);
    }

    /** As many entries as no chain has, each once: what is taken from it later needs no look. */
    private void checkFreeList() {
        int taken = 0;
        for (boolean used : inUse) {
            taken += used ? 1 : 0;
        }
        int at = freeHead;
        for (int i = taken; i < descriptors; i++) {
            if (at >= descriptors || inUse[at]) {
                throw new RefusedException("inflight record has a broken free list");
            }
            inUse[at] = true;
            at = next[at];
        }
    }

    @Override
    public void descriptor(long address, long rest) {
        int entry = told == 0 ? freeHead : next[tail];
        if (told == 0) {
            first = entry;
        }
        tail = entry;
        told++;
        long at = PackedInflightLayout.entry(entry);
        part.set(Le.LONG, at + PackedInflightLayout.ENTRY_ADDRESS, address);
        part.set(Le.INT, at + PackedInflightLayout.ENTRY_LENGTH, (int) rest);
        part.set(Le.SHORT, at + PackedInflightLayout.ENTRY_ID, (short) PackedLayout.id(rest));
        part.set(Le.SHORT, at + PackedInflightLayout.ENTRY_FLAGS, (short) (rest >>> FLAGS_SHIFT));
    }

    @Override
    public void taken(int id) {
        entryOf(id);
        entryOfId[id] = first;
        last[first] = tail;
        count[first] = told;
        freeHead = next[tail];
        long at = PackedInflightLayout.entry(first);
        u16(at + PackedInflightLayout.ENTRY_LAST, tail);
        u16(at + PackedInflightLayout.ENTRY_NUM, told);
        part.set(Le.LONG, at + PackedInflightLayout.ENTRY_COUNTER, counter++);
        told = 0;
        // after all that it says of the chain
        U8.setRelease(part, at + PackedInflightLayout.ENTRY_INFLIGHT, TAKEN);
        // after the mark: while the old head is this entry, the mark counts for nothing
        writeFreeHead();
        Le.U16.setRelease(part, PackedInflightLayout.OLD_FREE_HEAD, (short) freeHead);
    }

    @Override
    public void completing(int id) {
        if (batched == size) {
            throw new IllegalStateException("more completions than descriptors in one publication");
        }
        batch[batched++] = entryOfId[id];
        entryOfId[id] = NONE;
    }

    @Override
    public void publishing(int position) {
        for (int i = 0; i < batched; i++) {
            int head = batch[i];
            next[last[head]] = freeHead;
            u16(PackedInflightLayout.entry(last[head]) + PackedInflightLayout.ENTRY_NEXT, freeHead);
            freeHead = head;
        }
        writeFreeHead();
        used = position;
        // after the list, which a successor follows if the positions differ
        VarHandle.storeStoreFence();
        writeUsed(PackedInflightLayout.USED_INDEX, PackedInflightLayout.USED_WRAP);
    }

    @Override
    public void published() {
        // after the used elements, which the queue has just released: a chain may look free only once the driver owns
        // it
        VarHandle.storeStoreFence();
        for (int i = 0; i < batched; i++) {
            clear(batch[i]);
        }
        batched = 0;
        // after the marks
        VarHandle.storeStoreFence();
        settle();
    }

    /** The last batch is done: old and new agree. */
    private void settle() {
        Le.U16.setRelease(part, PackedInflightLayout.OLD_FREE_HEAD, (short) freeHead);
        // the position last: as long as it is the old one, a successor looks at the ring and finds the batch used
        VarHandle.storeStoreFence();
        writeUsed(PackedInflightLayout.OLD_USED_INDEX, PackedInflightLayout.OLD_USED_WRAP);
    }

    private void writeFreeHead() {
        Le.U16.setRelease(part, PackedInflightLayout.FREE_HEAD, (short) freeHead);
    }

    private int readUsed(long index, long wrap) {
        int position = u16(index) | (part.get(ValueLayout.JAVA_BYTE, wrap) == 0 ? 0 : PackedLayout.WRAP);
        if (!PackedLayout.isValidPosition(position, size)) {
            throw new RefusedException("inflight record of position " + u16(index));
        }
        return position;
    }

    /** Index first: a successor that finds the new one with the old wrap counter still comes to the right end of the batch. */
    private void writeUsed(long index, long wrap) {
        Le.U16.setRelease(part, index, (short) PackedLayout.index(used));
        U8.setRelease(part, wrap, (byte) (used >>> WRAP_SHIFT));
    }

    private int entryOf(int id) {
        if (id >= entryOfId.length) {
            int before = entryOfId.length;
            entryOfId = Arrays.copyOf(entryOfId, 1 << Short.SIZE);
            Arrays.fill(entryOfId, before, entryOfId.length, NONE);
        }
        return entryOfId[id];
    }

    private boolean isTaken(int entry) {
        return part.get(ValueLayout.JAVA_BYTE, PackedInflightLayout.entry(entry) + PackedInflightLayout.ENTRY_INFLIGHT)
                != FREE;
    }

    private long counterOf(int entry) {
        return part.get(Le.LONG, PackedInflightLayout.entry(entry) + PackedInflightLayout.ENTRY_COUNTER);
    }

    private void clear(int entry) {
        U8.setRelease(part, PackedInflightLayout.entry(entry) + PackedInflightLayout.ENTRY_INFLIGHT, FREE);
    }

    private int u16(long offset) {
        return Short.toUnsignedInt(part.get(Le.SHORT, offset));
    }

    private void u16(long offset, int value) {
        part.set(Le.SHORT, offset, (short) value);
    }
}
