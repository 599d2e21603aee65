package dev.cipu.virtio.ring;

import static dev.cipu.virtio.ring.HostileScript.require;
import static dev.cipu.virtio.ring.RawRing.ADJACENT;
import static dev.cipu.virtio.ring.RawRing.BIG;
import static dev.cipu.virtio.ring.RawRing.FAR;
import static dev.cipu.virtio.ring.RawRing.HOLE;
import static dev.cipu.virtio.ring.RawRing.LOW;
import static dev.cipu.virtio.ring.RawRing.NEAR;
import static dev.cipu.virtio.ring.RawRing.SMALL;
import static dev.cipu.virtio.ring.RawRing.TOP;

import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.memory.GuestMemory;
import dev.cipu.virtio.ring.ChainOracle.Buffer;
import dev.cipu.virtio.ring.PackedChainOracle.Judged;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Turns bytes into a hostile driver of a packed ring: descriptors, events and memory contents, and operations of both sides
 * between them. Every chain is judged by {@link PackedChainOracle} too, and every used element is read back.
 *
 * <p>Fails with an {@link AssertionError}, or with whatever else than a {@link VirtqueueViolation} escapes.
 */
final class HostilePackedScript {
    /** Bytes that are copied out of and into a chain to see that its parts can be reached. */
    private static final int TOUCHED = 512;

    private static final int SINGLES = 8;
    private static final int[] SIZES = {1, 2, 3, 4, 7, 8, 16, 33};
    private static final long[] BASES = {NEAR, ADJACENT, FAR, LOW, TOP, HOLE, 0x8000_0000_0000_0000L, FAR + SMALL};
    private static final long[] TABLES = {FAR, ADJACENT - 40, TOP + SMALL - 40, NEAR + 3};

    /** A chain that the device holds, or returned. */
    private record Held(int id, int slots, boolean writable, int written) {}

    private final ByteBuffer script;
    private final PackedRawRing ring;
    private final ByteBuffer descriptors;
    private final int size;
    private final FeatureSet features;
    private final List<Held> outstanding = new ArrayList<>();
    private final ArrayDeque<Held> pushed = new ArrayDeque<>();
    private final Chain chain = new Chain();
    private final SingleChains singles = new SingleChains(SINGLES);
    private final MemorySegment bytes = MemorySegment.ofArray(new byte[TOUCHED]);
    private GuestMemory memory;
    private PackedQueue queue;

    /** Descriptors popped and used since the beginning; the wrap counters follow. */
    private long next;

    private long used;
    private boolean broken;

    private int popped;
    private int violations;

    private HostilePackedScript(byte[] input, Arena arena) {
        script = ByteBuffer.wrap(input).order(ByteOrder.LITTLE_ENDIAN);
        ring = new PackedRawRing(SIZES[u8() % SIZES.length], arena);
        size = ring.size();
        descriptors = ring.descriptors().asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
        int bits = u8();
        FeatureSet set = FeatureSet.NONE;
        set = (bits & 1) == 0 ? set.with(RingFeature.INDIRECT_DESC) : set;
        set = (bits & 2) != 0 ? set.with(RingFeature.EVENT_IDX) : set;
        features = (bits & 4) != 0 ? set.with(RingFeature.IN_ORDER) : set;
        memory = ring.memory();
        queue = start(0);
    }

    /** Runs the script; what it did, for tests of this class. */
    static HostilePackedScript run(byte[] input) {
        // given back at once: thousands of runs a second would outrun the garbage collector
        try (Arena arena = Arena.ofConfined()) {
            HostilePackedScript run = new HostilePackedScript(input, arena);
            run.steps();
            return run;
        }
    }

    int popped() {
        return popped;
    }

    int violations() {
        return violations;
    }

    private PackedQueue start(long at) {
        next = at;
        used = at;
        outstanding.clear();
        pushed.clear();
        broken = false;
        memory = ring.memory();
        int position = position(at);
        return ring.builder()
                .features(features.with(RingFeature.RING_PACKED))
                .position(position << 16 | position)
                .buildPacked();
    }

    private int position(long count) {
        return (int) (count % size) | (lap(count) ? 0x8000 : 0);
    }

    private boolean lap(long count) {
        return count / size % 2 == 0;
    }

    private int index(long count) {
        return (int) (count % size);
    }

    private int room() {
        return (int) (size - (next - used));
    }

    private void steps() {
        while (script.hasRemaining()) {
            switch (u8() % 14) {
                case 0 -> descriptor(u8() % size, owner(u8()));
                case 1, 2, 3 -> descriptor(ahead(), 0);
                case 4 -> entry();
                case 5 -> ring.flags(u8() % size, u16());
                case 6, 7 -> pop();
                case 8 -> popSingles();
                case 9 -> push();
                case 10 -> release();
                case 11 -> notifications();
                case 12 -> scribble();
                default -> restart();
            }
        }
        // whatever is available now: a queue's worth at most, then nothing or a violation
        for (int i = 0; i <= size; i++) {
            pop();
        }
        require(queue.isBroken() == broken, "whether the queue is broken");
    }

    private int owner(int bits) {
        return ((bits & 1) != 0 ? PackedRawRing.AVAIL : 0) | ((bits & 2) != 0 ? PackedRawRing.USED : 0);
    }

    /** A descriptor shortly behind the ones popped, where a well-meaning driver would write. */
    private int ahead() {
        return -1 - u8() % Math.min(size, 4);
    }

    /** Below 0: so far ahead of the next one to pop, and available. */
    private void descriptor(int where, int owner) {
        long count = where < 0 ? next - 1 - where : where;
        int bits = where < 0 ? (lap(count) ? PackedRawRing.AVAIL : PackedRawRing.USED) : owner;
        int flags = u8();
        // ids are short mostly, so that they meet
        int id = (flags & 0x40) != 0 ? u16() : u8() % (2 * size);
        long address = address();
        ring.descriptor(index(count), address, length(flags), id, bits | (flags & 7));
    }

    private void entry() {
        int flags = u8();
        int where = u8();
        long table = TABLES[where % 4];
        int at = where / 4 % 8;
        if (table == TOP + SMALL - 40 && at >= 2) {
            return;
        }
        long address = address();
        ring.entry(table, at, address, length(flags), u8(), flags);
    }

    private long address() {
        int kind = u8();
        if (kind >= 0xf0) {
            return script.remaining() >= 8 ? script.getLong() : -1;
        }
        if (kind >= 0xe0) {
            return TABLES[kind % 4];
        }
        return BASES[kind % BASES.length] + u16() - (kind >= 0x80 ? BIG / 2 : 0);
    }

    private long length(int flags) {
        int kind = u8();
        if ((flags & PackedRawRing.INDIRECT) != 0 && kind < 0xf0) {
            return kind % 16 * 16L;
        }
        if (kind >= 0xf8) {
            return script.remaining() >= 4 ? Integer.toUnsignedLong(script.getInt()) : 0xffff_ffffL;
        }
        return kind < 0x80 ? kind : u16();
    }

    private Optional<Judged> judge(long count, int room) {
        if (broken || room == 0 || !PackedChainOracle.isAvailable(descriptors, index(count), lap(count))) {
            return Optional.empty();
        }
        boolean tables = features.has(RingFeature.INDIRECT_DESC);
        return new PackedChainOracle(
                        size, tables, memory, address -> ring.guest().peek(address, 1)[0])
                .judge(descriptors, index(count), lap(count), room)
                .filter(judged -> outstanding.stream().noneMatch(held -> held.id == judged.id()));
    }

    private void pop() {
        boolean there = !broken && room() > 0 && PackedChainOracle.isAvailable(descriptors, index(next), lap(next));
        Optional<Judged> expected = judge(next, room());
        boolean got;
        try {
            got = queue.pop(chain);
        } catch (VirtqueueViolation violation) {
            violations++;
            require(there && expected.isEmpty(), "a well-formed chain was refused: " + violation.kind());
            require(queue.isBroken() && (queue.position() & 0xffff) == position(next), "it stays where it is");
            broken = true;
            return;
        }
        require(got == there, "an available chain, and nothing else");
        if (!got) {
            require(!queue.hasSeen(), "nothing was seen");
            return;
        }
        require(expected.isPresent(), "a broken chain was accepted");
        Judged judged = expected.get();
        popped++;
        require(chain.head() == judged.id(), "the id of the chain's last descriptor");
        HostileScript.compare(chain, memory, judged.buffers());
        touch();
        if (u8() % 8 == 0) {
            queue.unpop(chain);
            require(queue.position() == (position(used) << 16 | position(next)), "a chain put back is next again");
            return;
        }
        next += judged.slots();
        outstanding.add(new Held(chain.head(), judged.slots(), chain.writableBytes() > 0, 0));
        require(queue.position() == (position(used) << 16 | position(next)), "the chain's descriptors are passed");
    }

    private void popSingles() {
        boolean writable = (u8() & 1) != 0;
        int max = 1 + u8() % SINGLES;
        long at = next;
        int n = queue.popSingles(singles, max, writable);
        require(n <= Math.min(max, room()) && !(broken && n > 0), "a burst as long as was asked for");
        for (int i = 0; i < n; i++) {
            Optional<Judged> expected = judge(at, (int) (size - (at - used)));
            require(expected.isPresent() && expected.get().slots() == 1, "a chain of one descriptor");
            Judged judged = expected.get();
            require(judged.buffers().size() == 1, "one buffer");
            Buffer buffer = judged.buffers().getFirst();
            require(SingleChains.name(singles.elements()[i]) == judged.id(), "the id of the chain");
            require(buffer.writable() == writable && buffer.length() == singles.length(i), "the buffer asked for");
            require(singles.address(i) == RawRing.host(memory, buffer.address().longValue()), "its address");
            require(RawRing.lies(memory, singles.address(i), singles.length(i)), "a buffer in one region");
            outstanding.add(new Held(judged.id(), 1, writable, 0));
            at++;
            popped++;
        }
        int kept = u8() % (n + 1);
        queue.unpopSingles(singles, kept, n);
        for (int i = kept; i < n; i++) {
            outstanding.removeLast();
            at--;
        }
        next = at;
        require((queue.position() & 0xffff) == position(next), "the burst's descriptors are passed");
    }

    /** Reads and writes across part borders without leaving the regions. */
    private void touch() {
        long from = u8() % 4 == 0 ? u16() : 0;
        int expected = Math.clamp(chain.readableBytes() - from, 0, TOUCHED);
        require(chain.read(from, bytes, 0, TOUCHED) == expected, "a short read");
        // not over the tables: what was judged stays as it was
        expected = Math.clamp(chain.writableBytes() - from, 0, TOUCHED);
        require(chain.write(from, bytes, 0, TOUCHED) == expected, "a short write");
    }

    private void push() {
        if (outstanding.isEmpty()) {
            return;
        }
        boolean inOrder = features.has(RingFeature.IN_ORDER);
        Held held = outstanding.remove(inOrder ? 0 : u8() % outstanding.size());
        int written = held.writable ? u16() : 0;
        queue.push(held.id, written);
        pushed.add(new Held(held.id, held.slots, held.writable, written));
    }

    private void release() {
        int kept = u8() % 4 == 0 ? u8() % 4 : 0;
        List<Held> released = new ArrayList<>();
        while (pushed.size() > kept) {
            released.add(pushed.remove());
        }
        queue.releaseAllBut(kept);
        queue.call();
        boolean runs = features.has(RingFeature.IN_ORDER);
        for (int i = 0; i < released.size(); i++) {
            Held told = released.get(i);
            int slots = told.slots;
            while (runs && !told.writable && i + 1 < released.size() && !released.get(i + 1).writable) {
                i++;
                told = released.get(i);
                slots += told.slots;
            }
            int at = index(used);
            require(ring.isUsed(at, lap(used)), "a used element");
            require(ring.idOf(at) == told.id && ring.lengthOf(at) == told.written, "what was used");
            require((ring.flagsOf(at) & PackedRawRing.WRITE) != 0 == told.written > 0, "whether it was written");
            used += slots;
        }
        require(queue.position() == (position(used) << 16 | position(next)), "the used descriptors are passed");
    }

    private void notifications() {
        switch (u8() % 3) {
            case 0 -> queue.suppressKicks();
            case 1 -> {
                boolean there = room() > 0 && PackedChainOracle.isAvailable(descriptors, index(next), lap(next));
                require(queue.awaitKicks() == (broken || !there), "awaitKicks and the ring disagree");
            }
            default -> ring.driverEvent(u16(), u16());
        }
    }

    private void scribble() {
        switch (u8() % 3) {
            case 0 -> ring.address(u8() % size, address());
            case 1 -> ring.id(u8() % size, u16());
            default -> {
                // the front-end takes memory away, or gives it back
                memory = (u8() & 1) == 0
                        ? ring.memory()
                        : GuestMemory.of(ring.memory().regions().subList(1, 3));
                queue.replaceMemory(memory);
            }
        }
    }

    private void restart() {
        int how = u8();
        if (how % 16 == 1) {
            // a fault: all comes back, in the order of the ring
            int held = outstanding.size();
            require(queue.giveBack() == held, "all chains that were held");
            if (broken) {
                queue = start(u16());
            } else {
                queue = start(next);
            }
        } else if (broken || how % 16 == 0) {
            queue = start(u16());
        }
    }

    private int u8() {
        return script.hasRemaining() ? script.get() & 0xff : 0;
    }

    private int u16() {
        return script.remaining() >= 2 ? script.getShort() & 0xffff : 0xffff;
    }
}
