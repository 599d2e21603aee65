package dev.cipu.shim.vhost.backend;

import dev.cipu.virtio.memory.Le;
import dev.cipu.virtio.ring.ChainRecord;
import dev.cipu.virtio.ring.PackedInflightLog;
import dev.cipu.virtio.ring.PackedLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
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
    private static final int TAKEN = 1;
    private static final int FREE = 0;
    private static final int NONE = -1;
    private static final int FLAGS_SHIFT = 48;
    private static final int WRAP_SHIFT = 15;

    private final PackedInflightPart part;
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
    PackedInflightQueue(PackedInflightPart part, int size, int descriptors) {
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
        int version = part.u16(PackedInflightLayout.VERSION);
        if (version == 0) {
            setUp(position);
            return List.of();
        }
        if (version != PackedInflightLayout.CURRENT_VERSION
                || part.u16(PackedInflightLayout.DESCRIPTORS) != descriptors) {
            throw new RefusedException("inflight record of version " + version);
        }
        for (int i = 0; i < descriptors; i++) {
            next[i] = part.u16(PackedInflightLayout.entry(i) + PackedInflightLayout.ENTRY_NEXT);
        }
        finishLastBatch(ring);
        List<ChainRecord> chains = taken();
        checkFreeList();
        takeBackElements(ring, chains.stream().mapToInt(ChainRecord::slots).sum());
        return chains;
    }

    /** Position of the next used element. */
    int used() {
        return used;
    }

    /** Begins a record of a ring that has nothing in flight. */
    void setUp(int position) {
        // a record that is half set up is none
        part.u16(PackedInflightLayout.VERSION, 0);
        for (int i = 0; i < descriptors; i++) {
            clear(i);
            // the last one's successor is named, and never reached: a ring has no more chains than entries
            next[i] = i + 1 == descriptors ? 0 : i + 1;
            part.u16(PackedInflightLayout.entry(i) + PackedInflightLayout.ENTRY_NEXT, next[i]);
        }
        part.u16(PackedInflightLayout.DESCRIPTORS, descriptors);
        freeHead = 0;
        writeFreeHead();
        part.u16(PackedInflightLayout.OLD_FREE_HEAD, 0);
        used = position;
        writePositions(position, position);
        part.u16(PackedInflightLayout.VERSION, PackedInflightLayout.CURRENT_VERSION);
    }

    /** Positions that differ: the ring tells whether the last batch reached its driver. */
    private void finishLastBatch(MemorySegment ring) {
        used = readUsed(PackedInflightLayout.OLD_USED_INDEX, PackedInflightLayout.OLD_USED_WRAP);
        int now = readUsed(PackedInflightLayout.USED_INDEX, PackedInflightLayout.USED_WRAP);
        freeHead = part.u16(PackedInflightLayout.OLD_FREE_HEAD);
        if (now != used && reachedDriver(ring)) {
            freeHead = part.u16(PackedInflightLayout.FREE_HEAD);
            clearFirst(slotsBetween(used, now));
            used = now;
        } else if (now == used && freeHead < descriptors && takenDescriptors() < descriptors) {
            // A chain whose taking was cut short is still the ring's. Within a publication none is taken, and of a full
            // ring
            // the old head says nothing.
            clear(freeHead);
        }
        writeFreeHead();
        settle();
    }

    private int slotsBetween(int from, int to) {
        int slots = PackedLayout.index(to) - PackedLayout.index(from);
        slots += ((from ^ to) & PackedLayout.WRAP) == 0 ? 0 : size;
        if (slots < 0 || slots > size) {
            throw new RefusedException("inflight record of a publication of " + slots + " descriptors");
        }
        return slots;
    }

    /** The last batch's entries are the free list's first ones, as many as the ring's descriptors that were used. */
    private void clearFirst(int entries) {
        int at = freeHead;
        for (int i = 0; i < entries && at < descriptors; i++) {
            clear(at);
            at = next[at];
        }
    }

    /**
     * A publication that was cut short may have written all its elements but the first, which nobody has seen. The driver would
     * see them behind the first one that is written anew, and take their chains for used.
     */
    private void takeBackElements(MemorySegment ring, int held) {
        for (int i = 1; i < held; i++) {
            int position = PackedLayout.advance(used, i, size);
            long at = (long) PackedLayout.index(position) * PackedLayout.DESCRIPTOR_BYTES + 8;
            long rest = ring.get(Le.LONG, at);
            if (PackedLayout.isUsed(rest, position)) {
                int id = PackedLayout.id(rest);
                ring.set(Le.LONG, at, PackedLayout.rest((int) rest, id, PackedLayout.availFlags(position)));
            }
        }
    }

    private boolean reachedDriver(MemorySegment ring) {
        long at = (long) PackedLayout.index(used) * PackedLayout.DESCRIPTOR_BYTES + 8;
        int flags = (int) (ring.get(Le.LONG, at) >>> FLAGS_SHIFT);
        return (flags & (PackedLayout.FLAG_AVAIL | PackedLayout.FLAG_USED)) != PackedLayout.availFlags(used);
    }

    private int takenDescriptors() {
        int sum = 0;
        for (int i = 0; i < descriptors; i++) {
            sum += isTaken(i) ? part.u16(PackedInflightLayout.entry(i) + PackedInflightLayout.ENTRY_NUM) : 0;
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
        int slots = part.u16(PackedInflightLayout.entry(head) + PackedInflightLayout.ENTRY_NUM);
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
            id = part.u16(from + PackedInflightLayout.ENTRY_ID);
            int flags = part.u16(from + PackedInflightLayout.ENTRY_FLAGS);
            int length = part.u32(from + PackedInflightLayout.ENTRY_LENGTH);
            long to = (long) i * PackedLayout.DESCRIPTOR_BYTES;
            copy.set(Le.LONG, to, part.u64(from + PackedInflightLayout.ENTRY_ADDRESS));
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
        part.u64(at + PackedInflightLayout.ENTRY_ADDRESS, address);
        // id, flags and length lie in another order than in the ring
        part.u64(at + PackedInflightLayout.ENTRY_ID, Long.rotateLeft(rest, Integer.SIZE));
    }

    @Override
    public void taken(int id) {
        entryOf(id);
        entryOfId[id] = first;
        last[first] = tail;
        count[first] = told;
        freeHead = next[tail];
        long at = PackedInflightLayout.entry(first);
        part.u16(at + PackedInflightLayout.ENTRY_LAST, tail);
        part.u16(at + PackedInflightLayout.ENTRY_NUM, told);
        part.u64(at + PackedInflightLayout.ENTRY_COUNTER, counter++);
        told = 0;
        // after all that it says of the chain
        part.u8(at + PackedInflightLayout.ENTRY_INFLIGHT, TAKEN);
        // after the mark: while the old head is this entry, the mark counts for nothing
        writeFreeHead();
        part.u16(PackedInflightLayout.OLD_FREE_HEAD, freeHead);
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
            part.u16(PackedInflightLayout.entry(last[head]) + PackedInflightLayout.ENTRY_NEXT, freeHead);
            freeHead = head;
        }
        writeFreeHead();
        // after the list, which a successor follows if the positions differ
        writePositions(position, used);
        used = position;
    }

    @Override
    public void published() {
        // each a release, so after the used elements: a chain may look free only once the driver owns it
        for (int i = 0; i < batched; i++) {
            clear(batch[i]);
        }
        batched = 0;
        settle();
    }

    /** The last batch is done: old and new agree. */
    private void settle() {
        part.u16(PackedInflightLayout.OLD_FREE_HEAD, freeHead);
        // the position last: as long as it is the old one, a successor looks at the ring and finds the batch used
        writePositions(used, used);
    }

    private void writeFreeHead() {
        part.u16(PackedInflightLayout.FREE_HEAD, freeHead);
    }

    private int readUsed(long index, long wrap) {
        int position = part.u16(index) | (part.u8(wrap) == 0 ? 0 : PackedLayout.WRAP);
        if (!PackedLayout.isValidPosition(position, size)) {
            throw new RefusedException("inflight record of position " + part.u16(index));
        }
        return position;
    }

    /** With one store: an index of one lap with the wrap counter of the other would be a position far away. */
    private void writePositions(int now, int old) {
        long indices = PackedLayout.index(now) | (long) PackedLayout.index(old) << Short.SIZE;
        long wraps = wrap(now) | wrap(old) << Byte.SIZE;
        part.u64(PackedInflightLayout.POSITIONS, wraps << Integer.SIZE | indices);
    }

    private static long wrap(int position) {
        return Integer.toUnsignedLong(position >>> WRAP_SHIFT & 1);
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
        return part.u8(PackedInflightLayout.entry(entry) + PackedInflightLayout.ENTRY_INFLIGHT) != FREE;
    }

    private long counterOf(int entry) {
        return part.u64(PackedInflightLayout.entry(entry) + PackedInflightLayout.ENTRY_COUNTER);
    }

    private void clear(int entry) {
        part.u8(PackedInflightLayout.entry(entry) + PackedInflightLayout.ENTRY_INFLIGHT, FREE);
    }
}
