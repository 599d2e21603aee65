package dev.cipu.virtio.ring;

import dev.cipu.virtio.memory.GuestMemory;
import dev.cipu.virtio.memory.HostMemory;
import dev.cipu.virtio.memory.Le;

/**
 * Resolves chains of more than one descriptor in the table of a split queue, and judges them. {@code [virtio-1.4 §2.7.5]}
 *
 * <p>Owner: the thread that owns the queue.
 */
final class ChainWalker {
    private final long descriptorsAt;
    private final int size;
    private final boolean indirect;
    private final IndirectTable table;

    /**
     * @param descriptorsAt the table in {@link HostMemory}, of {@code size} entries
     * @param indirect whether indirect tables were negotiated
     */
    ChainWalker(long descriptorsAt, int size, boolean indirect) {
        this.descriptorsAt = descriptorsAt;
        this.size = size;
        this.indirect = indirect;
        table = new IndirectTable(size);
    }

    /**
     * Resolves the chain whose first descriptor is given. Each further one is read once too, as two longs, and judged on
     * that copy.
     *
     * @throws VirtqueueViolation if the chain breaks a rule
     */
    void walk(Chain chain, GuestMemory memory, int head, long firstAddress, long firstRest) {
        chain.begin(memory, head);
        long address = firstAddress;
        long rest = firstRest;
        int left = size;
        boolean writable = false;
        while (true) {
            int flags = (int) (rest >>> 32) & 0xffff;
            if ((flags & SplitLayout.FLAG_INDIRECT) != 0) {
                walkIndirect(chain, memory, address, rest, writable);
                return;
            }
            boolean toWrite = (flags & SplitLayout.FLAG_WRITE) != 0;
            if (writable && !toWrite) {
                throw new VirtqueueViolation(Violation.READABLE_AFTER_WRITABLE);
            }
            writable = toWrite;
            chain.append(address, rest & 0xffffffffL, toWrite);
            if ((flags & SplitLayout.FLAG_NEXT) == 0) {
                return;
            }
            int index = (int) (rest >>> 48);
            if (index >= size) {
                throw new VirtqueueViolation(Violation.NEXT_OUT_OF_RANGE);
            }
            if (--left == 0) {
                throw new VirtqueueViolation(Violation.CHAIN_TOO_LONG);
            }
            long at = descriptorsAt + (long) index * SplitLayout.DESCRIPTOR_BYTES;
            address = HostMemory.ALL.get(Le.LONG_UNALIGNED, at);
            rest = HostMemory.ALL.get(Le.LONG_UNALIGNED, at + 8);
        }
    }

    /** The table that ends a chain. {@code [virtio-1.4 §2.7.5.3]} */
    private void walkIndirect(Chain chain, GuestMemory memory, long tableAddress, long rest, boolean writableBefore) {
        if (!indirect) {
            throw new VirtqueueViolation(Violation.INDIRECT_NOT_NEGOTIATED);
        }
        // the WRITE flag here means nothing: [virtio-1.4 §2.7.5.3.2]
        if ((rest >>> 32 & SplitLayout.FLAG_NEXT) != 0) {
            throw new VirtqueueViolation(Violation.INDIRECT_WITH_NEXT);
        }
        table.locate(memory, tableAddress, rest & 0xffffffffL);
        int index = 0;
        int left = table.entries();
        boolean writable = writableBefore;
        while (true) {
            if (left-- == 0) {
                throw new VirtqueueViolation(Violation.CHAIN_TOO_LONG);
            }
            long at = table.at(index);
            long address = HostMemory.ALL.get(Le.LONG_UNALIGNED, at);
            long entry = HostMemory.ALL.get(Le.LONG_UNALIGNED, at + 8);
            int flags = (int) (entry >>> 32) & 0xffff;
            if ((flags & SplitLayout.FLAG_INDIRECT) != 0) {
                throw new VirtqueueViolation(Violation.INDIRECT_NESTED);
            }
            boolean toWrite = (flags & SplitLayout.FLAG_WRITE) != 0;
            if (writable && !toWrite) {
                throw new VirtqueueViolation(Violation.READABLE_AFTER_WRITABLE);
            }
            writable = toWrite;
            chain.append(address, entry & 0xffffffffL, toWrite);
            if ((flags & SplitLayout.FLAG_NEXT) == 0) {
                return;
            }
            index = (int) (entry >>> 48);
            if (index >= table.entries()) {
                throw new VirtqueueViolation(Violation.NEXT_OUT_OF_RANGE);
            }
        }
    }
}
