package dev.cipu.virtio.ring;

import java.util.Arrays;
import java.util.Comparator;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Which chains of a packed queue are in flight, by their buffer ids; none may be so twice. Ids may be any number; those below the
 * queue's size are usual. Owner: the thread that owns the queue.
 *
 * <p>A burst whose ids follow each other is kept as one where nothing else is in flight: no two of them can be alike, and it is
 * expected back before anything else is popped. Its chains are marked one by one when that does not come true.
 */
final class PackedFlight {
    /** What is kept of a chain: its slots, whether the device may write into it, and its first slot's index. */
    static final int SLOTS = 0xffff;

    static final int WRITABLE = 1 << 16;
    static final int KIND = WRITABLE | SLOTS;
    private static final int FIRST_SHIFT = 17;

    /** A chain of one buffer that the device only read. */
    static final int SINGLE = 1;

    /** Every buffer id there is. */
    private static final int ALL_IDS = 1 << 16;

    private final int size;

    /** 0 for an id that is not marked. */
    private int[] kinds;

    private int marked;

    /** What is kept as one, and which of its chains still are out; it begins with the descriptor at an index. */
    private @Nullable SingleChains burst;

    private int burstFrom;
    private int burstTo;
    private int burstIndex;

    /**
     * @param size of the queue
     */
    PackedFlight(int size) {
        this.size = size;
        kinds = new int[size];
    }

    static int kindOf(SingleChains chains) {
        return chains.isWritable() ? SINGLE | WRITABLE : SINGLE;
    }

    /** Marks a chain whose first descriptor is at an index; false if its id is in flight. */
    boolean take(int id, int kind, int index) {
        markBurst();
        if (id >= kinds.length) {
            // a driver of its own mind; all ids there are make an array of 256 KiB
            kinds = Arrays.copyOf(kinds, ALL_IDS);
        }
        if (kinds[id] != 0) {
            return false;
        }
        kinds[id] = kind | index << FIRST_SHIFT;
        marked++;
        return true;
    }

    /**
     * Takes chains of a burst whose first one has the descriptor at {@code index}, up to one whose id is in flight, or unusual; returns
     * how many. None is out.
     *
     * @param follow whether their ids follow each other
     */
    int takeBurst(SingleChains chains, int count, int index, boolean follow) {
        if (follow && marked == 0 && count > 0 && chains.name(count - 1) < kinds.length) {
            burst = chains;
            burstFrom = 0;
            burstTo = count;
            burstIndex = index;
            return count;
        }
        return mark(chains, 0, count, index);
    }

    private int mark(SingleChains chains, int from, int to, int index) {
        int kind = kindOf(chains);
        int at = index;
        int i = from;
        while (i < to) {
            int id = chains.name(i);
            if (id >= kinds.length || kinds[id] != 0) {
                break;
            }
            kinds[id] = kind | at << FIRST_SHIFT;
            at = at + 1 == size ? 0 : at + 1;
            i++;
        }
        marked += i - from;
        return i;
    }

    /** Its chains are about to be asked for one by one, or something else is to be in flight. */
    void markBurst() {
        if (burstFrom < burstTo) {
            mark(Objects.requireNonNull(burst), burstFrom, burstTo, (burstIndex + burstFrom) % size);
            burstFrom = burstTo;
        }
    }

    /** The first {@code count} chains of a burst are in flight no more. */
    void pushed(SingleChains chains, int count) {
        if (isBurst(chains)) {
            burstFrom += count;
        } else {
            unmark(chains, 0, count);
        }
    }

    /** The last chains of a burst, from one on, are in flight no more. */
    void unpopped(SingleChains chains, int from, int count) {
        if (isBurst(chains)) {
            burstTo -= count - from;
        } else {
            unmark(chains, from, count);
        }
    }

    private boolean isBurst(SingleChains chains) {
        return chains == burst && burstFrom < burstTo;
    }

    private void unmark(SingleChains chains, int from, int to) {
        for (int i = from; i < to; i++) {
            remove(chains.name(i));
        }
    }

    /**
     * A chain is in flight no more; returns what was kept of it: slots, and whether the device may write.
     *
     * @throws IllegalStateException if it was not
     */
    int remove(int id) {
        markBurst();
        int kind = kinds[id];
        if (kind == 0) {
            throw new IllegalStateException("buffer " + id + " is not in flight");
        }
        kinds[id] = 0;
        marked--;
        return kind & KIND;
    }

    /** The ids in the order of the ring, from an index on. */
    int[] inOrder(int index) {
        markBurst();
        return IntStream.range(0, kinds.length)
                .filter(id -> kinds[id] != 0)
                .boxed()
                .sorted(Comparator.comparingInt(id -> Math.floorMod((kinds[id] >>> FIRST_SHIFT) - index, size)))
                .mapToInt(Integer::intValue)
                .toArray();
    }
}
