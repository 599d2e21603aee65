package dev.cipu.shim.vhost.backend;

import dev.cipu.virtio.memory.Le;
import dev.cipu.virtio.ring.InflightLog;
import dev.cipu.virtio.ring.SplitLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * One ring's record of the chains in flight. Each store is ordered after the one before it, so that whatever instant
 * this process dies at, {@link #recover} in its successor finds a state that the protocol describes. There is no reader
 * while we live; the partner of every release here is that successor. [vhost-user "Inflight I/O tracking"]
 *
 * <p>Owner: the session's thread until the ring is attached, then its worker. Indices of its own are private: what a
 * peer writes into the region meanwhile is never read back.
 */
final class InflightQueue implements InflightLog {
    private static final VarHandle U8 = ValueLayout.JAVA_BYTE.varHandle().withInvokeExactBehavior();
    private static final VarHandle U64 = Le.LONG.varHandle().withInvokeExactBehavior();
    private static final byte TAKEN = 1;
    private static final byte FREE = 0;

    private final MemorySegment part;
    private final int size;
    private final int descriptors;

    /** Heads pushed since the last publication. */
    private final int[] batch;

    private int batched;
    private int lastHead;
    private long counter;

    /**
     * @param part this ring's bytes
     * @param size descriptors of the ring
     * @param descriptors entries of the part, at least {@code size}
     */
    InflightQueue(MemorySegment part, int size, int descriptors) {
        this.part = part;
        this.size = size;
        this.descriptors = descriptors;
        this.batch = new int[size];
    }

    /**
     * Brings the record in line with the ring: finishes a publication that a predecessor died in, and finds what it left
     * behind. A part that was never used is set up.
     *
     * @param usedIndex the used ring's index now
     * @return heads to process again, in the order in which they were taken
     * @throws RefusedException when the contents cannot be a predecessor's
     */
    int[] recover(int usedIndex) {
        int version = u16(InflightLayout.VERSION);
        if (version == 0) {
            setUp(usedIndex);
            return new int[0];
        }
        if (version != InflightLayout.CURRENT_VERSION || u16(InflightLayout.DESCRIPTORS) != descriptors) {
            throw new RefusedException("inflight record of version " + version);
        }
        finishLastBatch(usedIndex);
        return taken();
    }

    /** Begins a record of a ring that has nothing in flight. */
    void setUp(int usedIndex) {
        for (int head = 0; head < descriptors; head++) {
            clear(head);
        }
        part.set(Le.SHORT, InflightLayout.DESCRIPTORS, (short) descriptors);
        part.set(Le.SHORT, InflightLayout.USED_INDEX, (short) usedIndex);
        Le.U16.setRelease(part, InflightLayout.VERSION, (short) InflightLayout.CURRENT_VERSION);
    }

    /** A used index beyond the recorded one: entries of that last batch were published but not yet cleared. */
    private void finishLastBatch(int usedIndex) {
        int left = SplitLayout.wrap(usedIndex - u16(InflightLayout.USED_INDEX));
        if (left > size) {
            throw new RefusedException("inflight record and used ring are " + left + " entries apart");
        }
        int head = u16(InflightLayout.LAST_BATCH_HEAD);
        lastHead = head < size ? head : 0;
        while (left-- > 0) {
            if (head >= size) {
                throw new RefusedException("inflight record names descriptor " + head);
            }
            clear(head);
            head = u16(InflightLayout.entry(head) + InflightLayout.ENTRY_NEXT);
        }
        Le.U16.setRelease(part, InflightLayout.USED_INDEX, (short) usedIndex);
    }

    private int[] taken() {
        long[] order = new long[size];
        Integer[] heads = new Integer[size];
        int count = 0;
        for (int head = 0; head < size; head++) {
            order[head] = part.get(Le.LONG, InflightLayout.entry(head) + InflightLayout.ENTRY_COUNTER);
            if (part.get(ValueLayout.JAVA_BYTE, InflightLayout.entry(head) + InflightLayout.ENTRY_INFLIGHT) != FREE) {
                heads[count++] = head;
                if (Long.compareUnsigned(order[head], counter) >= 0) {
                    counter = order[head] + 1;
                }
            }
        }
        // The sort is stable: equal counters, which no honest predecessor writes, fall back to descriptor order.
        Arrays.sort(heads, 0, count, (a, b) -> Long.compareUnsigned(order[a], order[b]));
        int[] resubmit = new int[count];
        for (int i = 0; i < count; i++) {
            resubmit[i] = heads[i];
        }
        return resubmit;
    }

    @Override
    public void taken(int head) {
        long entry = InflightLayout.entry(head);
        U64.setRelease(part, entry + InflightLayout.ENTRY_COUNTER, counter++);
        // after the counter: a successor must not order a taken chain by an old number
        U8.setRelease(part, entry + InflightLayout.ENTRY_INFLIGHT, TAKEN);
    }

    @Override
    public void completing(int head) {
        if (batched == size) {
            throw new IllegalStateException("more completions than descriptors in one publication");
        }
        part.set(Le.SHORT, InflightLayout.entry(head) + InflightLayout.ENTRY_NEXT, (short) lastHead);
        // after the link: a successor that follows the list from here finds it whole
        Le.U16.setRelease(part, InflightLayout.LAST_BATCH_HEAD, (short) head);
        lastHead = head;
        batch[batched++] = head;
    }

    @Override
    public void published(int usedIndex) {
        // after the used index, which the queue has just released: a chain may look free only once the driver owns it
        VarHandle.storeStoreFence();
        for (int i = 0; i < batched; i++) {
            clear(batch[i]);
        }
        batched = 0;
        // after the entries: equal indices tell a successor that all of them are cleared
        Le.U16.setRelease(part, InflightLayout.USED_INDEX, (short) usedIndex);
    }

    private void clear(int head) {
        part.set(ValueLayout.JAVA_BYTE, InflightLayout.entry(head) + InflightLayout.ENTRY_INFLIGHT, FREE);
    }

    private int u16(long offset) {
        return Short.toUnsignedInt(part.get(Le.SHORT, offset));
    }
}
