package dev.cipu.virtio.ring;

import dev.cipu.virtio.memory.GuestMemory;
import dev.cipu.virtio.memory.HostMemory;
import dev.cipu.virtio.memory.Le;

/**
 * Resolves chains of a packed queue and judges them: lists linked by NEXT over the slots that follow in the ring, and
 * indirect tables. {@code [virtio-1.4 §2.8.5..§2.8.7]} Owner: the thread that owns the queue.
 */
final class PackedWalker {
    private final boolean indirect;
    private final IndirectTable table;

    /**
     * @param size descriptors of the queue
     * @param indirect whether indirect tables were negotiated
     */
    PackedWalker(int size, boolean indirect) {
        this.indirect = indirect;
        table = new IndirectTable(size);
    }

    /**
     * Resolves the chain whose first descriptor is given. Each further one is read once, as two longs, and judged on that copy.
     *
     * @param slotsAt where the slots are in {@link HostMemory}
     * @param size how many there are
     * @param position of the first descriptor
     * @param limit slots that the chain may take
     * @param recorded whether the slots are a record, whose owner flags say nothing
     * @return slots taken; {@link Chain#head} is the buffer id
     * @throws VirtqueueViolation if the chain breaks a rule
     */
    int walk(
            Chain chain,
            GuestMemory memory,
            long slotsAt,
            int size,
            int position,
            int limit,
            boolean recorded,
            long firstAddress,
            long firstRest) {
        chain.begin(memory, PackedLayout.id(firstRest));
        if ((flags(firstRest) & PackedLayout.FLAG_INDIRECT) != 0) {
            if ((flags(firstRest) & PackedLayout.FLAG_NEXT) != 0) {
                throw new VirtqueueViolation(Violation.INDIRECT_WITH_NEXT);
            }
            walkIndirect(chain, memory, firstAddress, firstRest);
            return 1;
        }
        long address = firstAddress;
        long rest = firstRest;
        int at = position;
        int slots = 1;
        boolean writable = false;
        while (true) {
            int flags = flags(rest);
            boolean toWrite = (flags & PackedLayout.FLAG_WRITE) != 0;
            if (writable && !toWrite) {
                throw new VirtqueueViolation(Violation.READABLE_AFTER_WRITABLE);
            }
            writable = toWrite;
            chain.append(address, rest & 0xffffffffL, toWrite);
            if ((flags & PackedLayout.FLAG_NEXT) == 0) {
                // [virtio-1.4 §2.8.6] the last descriptor has the id
                chain.rename(PackedLayout.id(rest));
                return slots;
            }
            if (slots == limit) {
                throw new VirtqueueViolation(Violation.CHAIN_TOO_LONG);
            }
            slots++;
            at = PackedLayout.advance(at, 1, size);
            long slot = slotsAt + (long) PackedLayout.index(at) * PackedLayout.DESCRIPTOR_BYTES;
            rest = HostMemory.ALL.get(Le.LONG_UNALIGNED, slot + 8);
            address = HostMemory.ALL.get(Le.LONG_UNALIGNED, slot);
            if (!recorded && !PackedLayout.isAvailable(rest, at)) {
                throw new VirtqueueViolation(Violation.NEXT_NOT_AVAILABLE);
            }
            if ((flags(rest) & PackedLayout.FLAG_INDIRECT) != 0) {
                throw new VirtqueueViolation(Violation.INDIRECT_IN_CHAIN);
            }
        }
    }

    /** All entries of the table belong to the chain; of their flags only WRITE means something. {@code [virtio-1.4 §2.8.7]} */
    private void walkIndirect(Chain chain, GuestMemory memory, long tableAddress, long rest) {
        if (!indirect) {
            throw new VirtqueueViolation(Violation.INDIRECT_NOT_NEGOTIATED);
        }
        table.locate(memory, tableAddress, rest & 0xffffffffL);
        boolean writable = false;
        for (int i = 0; i < table.entries(); i++) {
            long at = table.at(i);
            long address = HostMemory.ALL.get(Le.LONG_UNALIGNED, at);
            long entry = HostMemory.ALL.get(Le.LONG_UNALIGNED, at + 8);
            boolean toWrite = (flags(entry) & PackedLayout.FLAG_WRITE) != 0;
            if (writable && !toWrite) {
                throw new VirtqueueViolation(Violation.READABLE_AFTER_WRITABLE);
            }
            writable = toWrite;
            chain.append(address, entry & 0xffffffffL, toWrite);
        }
    }

    private static int flags(long rest) {
        return (int) (rest >>> PackedLayout.FLAGS_SHIFT);
    }
}
