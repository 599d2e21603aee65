package dev.cipu.sim.model;

import dev.cipu.sim.ring.Chain;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Which chain of which queue a journey goes by, and what it still waits for; by the journey's number. */
final class Underway {
    private @Nullable QueuePair[] queues = new QueuePair[1024];
    private @Nullable Chain[] chains = new Chain[1024];
    private int[] outstanding = new int[1024];

    void put(int journey, QueuePair queue, Chain chain) {
        if (journey >= queues.length) {
            int count = Math.max(journey + 1, 2 * queues.length);
            queues = Arrays.copyOf(queues, count);
            chains = Arrays.copyOf(chains, count);
            outstanding = Arrays.copyOf(outstanding, count);
        }
        queues[journey] = queue;
        chains[journey] = chain;
    }

    QueuePair queue(int journey) {
        return known(queues[journey]);
    }

    Chain chain(int journey) {
        return known(chains[journey]);
    }

    /** So many things have to happen before it goes on. */
    void await(int journey, int count) {
        outstanding[journey] = count;
    }

    /** One of them has happened; true if it was the last. */
    boolean arrived(int journey) {
        return --outstanding[journey] == 0;
    }

    private static <T> T known(@Nullable T value) {
        if (value == null) {
            throw new IllegalStateException("no such journey");
        }
        return value;
    }
}
