package dev.cipu.virtio.ring;

import dev.cipu.virtio.memory.GuestMemory;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongUnaryOperator;

/**
 * Judges a chain the slow way: arbitrary-precision addresses, a byte-by-byte view of memory, no knowledge of how the
 * queue does it. Only for a driver that stands still.
 */
final class ChainOracle {
    /** A buffer of a well-formed chain. */
    record Buffer(BigInteger address, long length, boolean writable) {}

    private final int size;
    private final boolean indirect;
    private final List<BigInteger[]> memory = new ArrayList<>();
    private final LongUnaryOperator byteAt;

    /**
     * @param byteAt a byte of guest memory by its guest address
     */
    ChainOracle(int size, boolean indirect, GuestMemory memory, LongUnaryOperator byteAt) {
        this.size = size;
        this.indirect = indirect;
        this.byteAt = byteAt;
        for (GuestMemory.Region region : memory.regions()) {
            BigInteger start = unsigned(region.guestAddress());
            this.memory.add(new BigInteger[] {start, start.add(BigInteger.valueOf(region.size()))});
        }
    }

    static BigInteger unsigned(long value) {
        return new BigInteger(Long.toUnsignedString(value));
    }

    /** The buffers of the chain at {@code head}, empty ones left out; nothing if the chain breaks a rule. */
    Optional<List<Buffer>> judge(ByteBuffer descriptors, int head) {
        List<Buffer> chain = new ArrayList<>();
        return walk(descriptors, head, size, indirect, chain) && totalIsAllowed(chain)
                ? Optional.of(chain)
                : Optional.empty();
    }

    private boolean walk(ByteBuffer table, int first, int entries, boolean tablesAllowed, List<Buffer> chain) {
        int index = first;
        for (int links = 0; links < entries; links++) {
            if (index >= entries) {
                return false;
            }
            long address = table.getLong(16 * index);
            long length = Integer.toUnsignedLong(table.getInt(16 * index + 8));
            int flags = table.getShort(16 * index + 12);
            boolean goesOn = (flags & RawRing.NEXT) != 0;
            if ((flags & RawRing.INDIRECT) != 0) {
                return tablesAllowed && !goesOn && walkTable(unsigned(address), length, chain);
            }
            boolean writable = (flags & RawRing.WRITE) != 0;
            if ((!writable && wrote(chain)) || !isMapped(unsigned(address), length)) {
                return false;
            }
            chain.add(new Buffer(unsigned(address), length, writable));
            if (!goesOn) {
                return true;
            }
            index = Short.toUnsignedInt(table.getShort(16 * index + 14));
        }
        return false;
    }

    private boolean walkTable(BigInteger address, long length, List<Buffer> chain) {
        long entries = length / 16;
        if (entries == 0 || length % 16 != 0 || entries > Math.max(size, 1024) || !isMapped(address, length)) {
            return false;
        }
        ByteBuffer table = ByteBuffer.allocate((int) length).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < length; i++) {
            table.put(i, (byte) byteAt.applyAsLong(address.longValue() + i));
        }
        return walk(table, 0, (int) entries, false, chain);
    }

    static boolean wrote(List<Buffer> chain) {
        return !chain.isEmpty() && chain.getLast().writable();
    }

    static boolean totalIsAllowed(List<Buffer> chain) {
        return chain.stream().mapToLong(Buffer::length).sum() <= 1L << 32;
    }

    /** Whether every byte of a range lies in some region: regions are merged where they touch. */
    boolean isMapped(BigInteger address, long length) {
        BigInteger at = address;
        BigInteger end = address.add(BigInteger.valueOf(length));
        while (at.compareTo(end) < 0) {
            BigInteger here = at;
            Optional<BigInteger> regionEnd = memory.stream()
                    .filter(r -> r[0].compareTo(here) <= 0 && here.compareTo(r[1]) < 0)
                    .map(r -> r[1])
                    .findFirst();
            if (regionEnd.isEmpty()) {
                return false;
            }
            at = regionEnd.get();
        }
        return true;
    }
}
