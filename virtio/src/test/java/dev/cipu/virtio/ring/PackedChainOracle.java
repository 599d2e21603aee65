package dev.cipu.virtio.ring;

import dev.cipu.virtio.memory.GuestMemory;
import dev.cipu.virtio.ring.ChainOracle.Buffer;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongUnaryOperator;

/** Judges a chain of a packed ring the slow way, as {@link ChainOracle} does for a split one. */
final class PackedChainOracle {
    /** A well-formed chain. */
    record Judged(List<Buffer> buffers, int slots, int id) {}

    private final int size;
    private final boolean indirect;
    private final ChainOracle memory;
    private final LongUnaryOperator byteAt;

    /**
     * @param byteAt a byte of guest memory by its guest address
     */
    PackedChainOracle(int size, boolean indirect, GuestMemory memory, LongUnaryOperator byteAt) {
        this.size = size;
        this.indirect = indirect;
        this.memory = new ChainOracle(size, indirect, memory, byteAt);
        this.byteAt = byteAt;
    }

    /** Whether the bits say that a descriptor is the device's in this lap. */
    static boolean isAvailable(ByteBuffer ring, int index, boolean lap) {
        int flags = ring.getShort(16 * index + 14);
        return (flags & PackedRawRing.AVAIL) != 0 == lap && (flags & PackedRawRing.USED) != 0 != lap;
    }

    /**
     * The chain that begins at an available descriptor; nothing if it breaks a rule.
     *
     * @param room descriptors that the device does not hold
     */
    Optional<Judged> judge(ByteBuffer ring, int first, boolean firstLap, int room) {
        List<Buffer> chain = new ArrayList<>();
        int index = first;
        boolean lap = firstLap;
        for (int slots = 1; slots <= room && isAvailable(ring, index, lap); slots++) {
            int flags = ring.getShort(16 * index + 14);
            int id = Short.toUnsignedInt(ring.getShort(16 * index + 12));
            boolean goesOn = (flags & PackedRawRing.NEXT) != 0;
            if ((flags & PackedRawRing.INDIRECT) != 0) {
                boolean good = indirect && slots == 1 && !goesOn && walkTable(ring, index, chain);
                return good && ChainOracle.totalIsAllowed(chain)
                        ? Optional.of(new Judged(chain, 1, id))
                        : Optional.empty();
            }
            if (!append(ring, 16 * index, chain)) {
                return Optional.empty();
            }
            if (!goesOn) {
                return ChainOracle.totalIsAllowed(chain) ? Optional.of(new Judged(chain, slots, id)) : Optional.empty();
            }
            index = (index + 1) % size;
            lap ^= index == 0;
        }
        return Optional.empty();
    }

    private boolean append(ByteBuffer table, int at, List<Buffer> chain) {
        BigInteger address = ChainOracle.unsigned(table.getLong(at));
        long length = Integer.toUnsignedLong(table.getInt(at + 8));
        boolean writable = (table.getShort(at + 14) & PackedRawRing.WRITE) != 0;
        if ((!writable && ChainOracle.wrote(chain)) || !memory.isMapped(address, length)) {
            return false;
        }
        chain.add(new Buffer(address, length, writable));
        return true;
    }

    private boolean walkTable(ByteBuffer ring, int index, List<Buffer> chain) {
        BigInteger address = ChainOracle.unsigned(ring.getLong(16 * index));
        long length = Integer.toUnsignedLong(ring.getInt(16 * index + 8));
        long entries = length / 16;
        if (entries == 0 || length % 16 != 0 || entries > Math.max(size, 1024) || !memory.isMapped(address, length)) {
            return false;
        }
        ByteBuffer table = ByteBuffer.allocate((int) length).order(ring.order());
        for (int i = 0; i < length; i++) {
            table.put(i, (byte) byteAt.applyAsLong(address.longValue() + i));
        }
        for (int at = 0; at < length; at += 16) {
            if (!append(table, at, chain)) {
                return false;
            }
        }
        return true;
    }
}
