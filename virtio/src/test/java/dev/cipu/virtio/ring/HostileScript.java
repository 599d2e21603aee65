package dev.cipu.virtio.ring;

import static dev.cipu.virtio.ring.RawRing.ADJACENT;
import static dev.cipu.virtio.ring.RawRing.BIG;
import static dev.cipu.virtio.ring.RawRing.FAR;
import static dev.cipu.virtio.ring.RawRing.HOLE;
import static dev.cipu.virtio.ring.RawRing.INDIRECT;
import static dev.cipu.virtio.ring.RawRing.LOW;
import static dev.cipu.virtio.ring.RawRing.NEAR;
import static dev.cipu.virtio.ring.RawRing.SMALL;
import static dev.cipu.virtio.ring.RawRing.TOP;

import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.memory.GuestMemory;
import dev.cipu.virtio.ring.ChainOracle.Buffer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;

/**
 * Turns bytes into a hostile driver: ring and memory contents, and operations of both sides between them. Every chain
 * is judged by {@link ChainOracle} too, and what the device then does to memory is checked against that.
 *
 * <p>Fails with an {@link AssertionError}, or with whatever else than a {@link VirtqueueViolation} escapes.
 */
final class HostileScript {
    /** Bytes that are copied out of and into a chain to see that its parts can be reached. */
    private static final int TOUCHED = 512;

    private static final long[] BASES = {NEAR, ADJACENT, FAR, LOW, TOP, HOLE, 0x8000_0000_0000_0000L, FAR + SMALL};

    private final ByteBuffer script;
    private final RawRing ring;
    private final FeatureSet features;
    private final BitSet outstanding = new BitSet();
    private final Chain chain = new Chain();
    private final MemorySegment bytes = MemorySegment.ofArray(new byte[TOUCHED]);
    private GuestMemory memory;
    private SplitQueue queue;
    private boolean broken;
    private int popped;
    private int violations;

    private HostileScript(byte[] input, Arena arena) {
        script = ByteBuffer.wrap(input).order(ByteOrder.LITTLE_ENDIAN);
        ring = new RawRing(1 << u8() % 6, arena);
        int bits = u8();
        FeatureSet set = FeatureSet.NONE;
        if ((bits & 1) == 0) {
            set = set.with(RingFeature.INDIRECT_DESC);
        }
        if ((bits & 2) != 0) {
            set = set.with(RingFeature.EVENT_IDX);
        }
        features = set;
        memory = ring.memory();
        queue = start(0);
    }

    /** Runs the script; what it did, for tests of this class. */
    static HostileScript run(byte[] input) {
        // given back at once: thousands of runs a second would outrun the garbage collector
        try (Arena arena = Arena.ofConfined()) {
            HostileScript run = new HostileScript(input, arena);
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

    private SplitQueue start(int index) {
        ring.usedIndex(index);
        ring.availIndex(index);
        outstanding.clear();
        broken = false;
        memory = ring.memory();
        return ring.builder().features(features).position(index).buildSplit();
    }

    private void steps() {
        while (script.hasRemaining()) {
            switch (u8() % 12) {
                case 0, 1 -> descriptor();
                case 2 -> entry();
                case 3, 4 -> ring.offer(u8() % (ring.size() + 1));
                case 5 -> ring.availIndex(u16());
                case 6, 7 -> pop();
                case 8 -> complete();
                case 9 -> notifications();
                case 10 -> scribble();
                default -> restart();
            }
        }
        // whatever is available now: a queue's worth at most, then nothing or a violation
        for (int i = 0; i <= ring.size(); i++) {
            pop();
        }
    }

    private void descriptor() {
        int flags = u8();
        ring.descriptor(u8() % ring.size(), address(), length(flags), flags & 7, u8() % (ring.size() + 1));
    }

    private void entry() {
        int flags = u8();
        int where = u8();
        // tables begin in the middle of a region or shortly before its end, the last one before the end of all
        long table = List.of(FAR, ADJACENT - 40, TOP + SMALL - 40, NEAR + 3).get(where % 4);
        int index = where / 4 % 8;
        if (table == TOP + SMALL - 40 && index >= 2) {
            return;
        }
        ring.entry(table, index, address(), length(flags), flags & 7, u8() % 9);
    }

    private long address() {
        int kind = u8();
        if (kind >= 0xf0) {
            return script.remaining() >= 8 ? script.getLong() : -1;
        }
        if (kind >= 0xe0) {
            return List.of(FAR, ADJACENT - 40, TOP + SMALL - 40, NEAR + 3).get(kind % 4);
        }
        return BASES[kind % BASES.length] + u16() - (kind >= 0x80 ? BIG / 2 : 0);
    }

    private long length(int flags) {
        int kind = u8();
        if ((flags & INDIRECT) != 0 && kind < 0xf0) {
            return kind % 16 * 16L;
        }
        if (kind >= 0xf8) {
            return script.remaining() >= 4 ? Integer.toUnsignedLong(script.getInt()) : 0xffff_ffffL;
        }
        return kind < 0x80 ? kind : u16();
    }

    private void notifications() {
        switch (u8() % 4) {
            case 0 -> queue.suppressKicks();
            case 1 -> {
                if (queue.awaitKicks() != (queue.available() == 0)) {
                    throw new AssertionError("awaitKicks and available disagree");
                }
            }
            case 2 -> ring.usedEvent(u16());
            default -> ring.availFlags(u16());
        }
    }

    private void scribble() {
        switch (u8() % 5) {
            case 0 -> ring.usedIndex(u16());
            case 1 -> ring.usedElement(u8() % ring.size(), u16(), u16());
            case 2 -> ring.availEvent(u16());
            case 3 -> ring.availEntry(u8() % ring.size(), u16());
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
        if (broken || u8() % 16 == 0) {
            queue = start(u16());
        }
    }

    private void pop() {
        int index = queue.position();
        int delta = (ring.availIndex() - index) & 0xffff;
        int head =
                Short.toUnsignedInt(ring.avail().get(ValueLayout.JAVA_SHORT_UNALIGNED, 4 + 2L * (index % ring.size())));
        boolean named = head < ring.size() && !outstanding.get(head);
        Optional<List<Buffer>> expected = named ? judge(head) : Optional.empty();
        boolean got;
        try {
            got = queue.pop(chain);
        } catch (VirtqueueViolation violation) {
            violations++;
            require(!broken, "a broken queue throws once");
            require(delta > ring.size() || expected.isEmpty(), "a well-formed chain was refused: " + violation.kind());
            require(queue.isBroken() && queue.position() == index, "a broken queue stays where it is");
            broken = true;
            return;
        }
        require(!(got && broken), "a broken queue yields nothing");
        if (!got) {
            require(broken || delta == 0 || delta > ring.size(), "an available chain was not found");
            return;
        }
        popped++;
        require(expected.isPresent(), "a broken chain was accepted");
        require(chain.head() == head && queue.position() == (index + 1) % 0x10000, "another head than was named");
        outstanding.set(head);
        compare(expected.get());
        touch();
        if (u8() % 8 == 0) {
            queue.unpop(chain);
            outstanding.clear(head);
            require(queue.position() == index, "a chain put back is next again");
        }
    }

    private Optional<List<Buffer>> judge(int head) {
        return new ChainOracle(
                        ring.size(),
                        features.has(RingFeature.INDIRECT_DESC),
                        memory,
                        address -> ring.peek(address, 1)[0])
                .judge(ring.descriptors().asByteBuffer().order(ByteOrder.LITTLE_ENDIAN), head);
    }

    /** The parts are the buffers, cut at region borders and in order. */
    private void compare(List<Buffer> expected) {
        long[] sums = new long[2];
        for (Buffer buffer : expected) {
            sums[buffer.writable() ? 1 : 0] += buffer.length();
        }
        require(chain.readableBytes() == sums[0] && chain.writableBytes() == sums[1], "a wrong number of bytes");
        int part = 0;
        for (Buffer buffer : expected) {
            BigInteger address = buffer.address();
            long left = buffer.length();
            while (left > 0) {
                require(part < chain.parts(), "a part is missing");
                long at = chain.address(part);
                int length = chain.length(part);
                require(length > 0 && length <= left && RawRing.lies(memory, at, length), "a part outside its region");
                require(part < chain.readableParts() != buffer.writable(), "a part on the wrong side");
                require(at == RawRing.host(memory, address.longValue()), "a part at another address");
                left -= length;
                address = address.add(BigInteger.valueOf(length));
                part++;
            }
        }
        require(part == chain.parts(), "a part too many");
    }

    /** Reads and writes across part borders without leaving the regions. */
    private void touch() {
        long from = u8() % 4 == 0 ? u16() : 0;
        int expected = Math.clamp(chain.readableBytes() - from, 0, TOUCHED);
        require(chain.read(from, bytes, 0, TOUCHED) == expected, "a short read");
        expected = Math.clamp(chain.writableBytes() - from, 0, TOUCHED);
        require(chain.write(from, bytes, 0, TOUCHED) == expected, "a short write");
        require(chain.zero(from, 16) == Math.min(expected, 16), "a short fill");
    }

    private void complete() {
        int head = outstanding.nextSetBit(u8() % ring.size());
        if (head < 0) {
            return;
        }
        outstanding.clear(head);
        queue.push(head, u16());
        queue.publish();
    }

    private int u8() {
        return script.hasRemaining() ? script.get() & 0xff : 0;
    }

    private int u16() {
        return script.remaining() >= 2 ? script.getShort() & 0xffff : 0xffff;
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }
}
