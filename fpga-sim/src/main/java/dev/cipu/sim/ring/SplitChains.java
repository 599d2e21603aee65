package dev.cipu.sim.ring;

import static dev.cipu.virtio.ring.SplitLayout.DESCRIPTOR_BYTES;
import static dev.cipu.virtio.ring.SplitLayout.FLAG_INDIRECT;
import static dev.cipu.virtio.ring.SplitLayout.FLAG_NEXT;
import static dev.cipu.virtio.ring.SplitLayout.FLAG_WRITE;

import dev.cipu.sim.event.Actor;
import dev.cipu.sim.memory.CardMemory;
import dev.cipu.sim.memory.Dma;
import dev.cipu.virtio.memory.Le;
import java.lang.foreign.MemorySegment;

/**
 * Follows the chains of one turn through the descriptor table. Lines of the table that were read stay until the turn is over, and
 * no longer: by the next one the driver may have written them anew. All chains go on at once as far as the lines carry them; then
 * the missing lines are read together.
 */
final class SplitChains {
    private static final int NOWHERE = -1;

    private final RingPlace place;
    private final EngineShape shape;
    private final int lineBits;
    private final Dma dma;
    private final MemorySegment local;

    /** A copy of the table, line by line. */
    private final long tablePlace;

    /** The round in which a line was asked for last; it is there when that round is over. */
    private final long[] lineRound;

    private final long tablesPlace;
    private final int tableBytes;
    private long round;
    private long firstRound;
    private int count;
    private boolean broken;

    private final Chain[] chains;

    /** The descriptor at which each chain stands, {@link #NOWHERE} at its end. */
    private final int[] at;

    /** How many descriptors of the table it has passed. */
    private final int[] passed;

    /** Entries of the indirect table that was asked for, 0 without one. */
    private final int[] indirect;

    SplitChains(RingPlace place, EngineShape shape, Dma dma, CardMemory card) {
        this.place = place;
        this.shape = shape;
        lineBits = Integer.numberOfTrailingZeros(shape.line());
        this.dma = dma;
        local = dma.local();
        tablePlace = card.allocate((long) DESCRIPTOR_BYTES * place.size());
        lineRound = new long[(place.size() + shape.line() - 1) / shape.line()];
        tableBytes = DESCRIPTOR_BYTES * shape.indirectEntries();
        tablesPlace = card.allocate((long) tableBytes * shape.prefetch());
        chains = new Chain[shape.prefetch()];
        at = new int[shape.prefetch()];
        passed = new int[shape.prefetch()];
        indirect = new int[shape.prefetch()];
    }

    /** A new turn; nothing that was read counts any more. */
    void begin() {
        firstRound = round + 1;
        count = 0;
    }

    void add(Chain chain, int head) {
        chain.begin(head);
        chains[count] = chain;
        at[count] = head;
        passed[count] = 0;
        indirect[count] = 0;
        count++;
    }

    Chain chain(int index) {
        return chains[index];
    }

    boolean isBroken() {
        return broken;
    }

    /**
     * Goes on with all chains.
     *
     * @param read is woken for each read
     * @return reads that are under way; 0 if all chains are at their ends
     */
    int walk(Actor read) {
        round++;
        int reads = 0;
        for (int i = 0; i < count && !broken; i++) {
            if (at[i] != NOWHERE) {
                reads += follow(i, read);
            }
        }
        return reads;
    }

    private int follow(int i, Actor read) {
        if (indirect[i] > 0) {
            takeTable(i);
            return 0;
        }
        while (at[i] != NOWHERE) {
            int index = at[i];
            if (index >= place.size() || passed[i] >= place.size()) {
                broken = true;
                return 0;
            }
            int line = index >> lineBits;
            if (lineRound[line] == round) {
                return 0;
            }
            if (lineRound[line] < firstRound) {
                return ask(line, read);
            }
            long descriptor = tablePlace + (long) DESCRIPTOR_BYTES * index;
            passed[i]++;
            int flags = flags(descriptor);
            if ((flags & FLAG_INDIRECT) != 0) {
                return askTable(i, descriptor, flags, read);
            }
            add(i, descriptor, flags);
            at[i] = next(descriptor, flags);
        }
        chains[i].occupy(passed[i]);
        return 0;
    }

    private int ask(int line, Actor read) {
        int first = line << lineBits;
        int entries = Math.min(shape.line(), place.size() - first);
        long offset = (long) DESCRIPTOR_BYTES * first;
        lineRound[line] = round;
        dma.read(place.descriptors() + offset, DESCRIPTOR_BYTES * entries, tablePlace + offset, read, 0);
        return 1;
    }

    private int askTable(int i, long descriptor, int flags, Actor read) {
        int bytes = length(descriptor);
        if ((flags & FLAG_NEXT) != 0 || bytes <= 0 || bytes % DESCRIPTOR_BYTES != 0 || bytes > tableBytes) {
            broken = true;
            return 0;
        }
        indirect[i] = bytes / DESCRIPTOR_BYTES;
        dma.read(address(descriptor), bytes, tablesPlace + (long) tableBytes * i, read, 0);
        return 1;
    }

    private void takeTable(int i) {
        long table = tablesPlace + (long) tableBytes * i;
        int entries = indirect[i];
        int index = 0;
        for (int steps = 0; index != NOWHERE; steps++) {
            if (index >= entries || steps >= entries) {
                broken = true;
                return;
            }
            long descriptor = table + (long) DESCRIPTOR_BYTES * index;
            int flags = flags(descriptor);
            if ((flags & FLAG_INDIRECT) != 0) {
                broken = true;
                return;
            }
            add(i, descriptor, flags);
            index = next(descriptor, flags);
        }
        at[i] = NOWHERE;
        chains[i].occupy(passed[i]);
    }

    private void add(int i, long descriptor, int flags) {
        boolean writable = (flags & FLAG_WRITE) != 0;
        Chain chain = chains[i];
        if (!writable && chain.count() > chain.readable()) {
            broken = true;
            return;
        }
        chain.add(address(descriptor), length(descriptor), writable);
    }

    private long address(long descriptor) {
        return local.get(Le.LONG, descriptor);
    }

    private int length(long descriptor) {
        return local.get(Le.INT, descriptor + 8);
    }

    private int flags(long descriptor) {
        return local.get(Le.SHORT, descriptor + 12);
    }

    private int next(long descriptor, int flags) {
        return (flags & FLAG_NEXT) == 0 ? NOWHERE : Short.toUnsignedInt(local.get(Le.SHORT, descriptor + 14));
    }
}
