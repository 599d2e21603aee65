package dev.cipu.sim.link;

import dev.cipu.sim.event.Actor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Reads and writes on their way over a link, by number. What is said of one lies together, on one cache line. Owner: the {@link
 * PcieLink}; after warm-up nothing is allocated.
 */
final class Transfers {
    private static final int FIRST = 256;

    private static final int WORD_BITS = 3;
    private static final int ADDRESS = 0;
    private static final int PLACE = 1;
    private static final int ARGUMENT = 2;
    private static final int SIZE = 3;
    private static final int UNSENT = 4;
    private static final int MISSING = 5;

    private long[] words = new long[FIRST << WORD_BITS];
    private @Nullable Actor[] whom = new Actor[FIRST];
    private int[] free = new int[FIRST];
    private int freeCount;

    Transfers() {
        addFree(0);
    }

    /** A transfer of which nothing has gone yet. */
    int begin(long address, int bytes, long place, Actor whomToWake, long argument) {
        if (bytes < 1) {
            throw new IllegalArgumentException("a transfer of " + bytes + " bytes");
        }
        if (freeCount == 0) {
            grow();
        }
        int transfer = free[--freeCount];
        int at = transfer << WORD_BITS;
        words[at + ADDRESS] = address;
        words[at + PLACE] = place;
        words[at + ARGUMENT] = argument;
        words[at + SIZE] = bytes;
        words[at + UNSENT] = bytes;
        words[at + MISSING] = bytes;
        whom[transfer] = whomToWake;
        return transfer;
    }

    /** It is over: wakes who waits for it. */
    void end(int transfer) {
        Actor actor = whom[transfer];
        if (actor == null) {
            throw new IllegalStateException("transfer " + transfer + " ends twice");
        }
        whom[transfer] = null;
        free[freeCount++] = transfer;
        actor.fire(words[(transfer << WORD_BITS) + ARGUMENT]);
    }

    /** Where it begins in the host's memory. */
    long address(int transfer) {
        return words[(transfer << WORD_BITS) + ADDRESS];
    }

    /** Where it begins in the card's memory. */
    long place(int transfer) {
        return words[(transfer << WORD_BITS) + PLACE];
    }

    /** All of its bytes. */
    int size(int transfer) {
        return (int) words[(transfer << WORD_BITS) + SIZE];
    }

    /** Bytes of a read that have not been asked for, of a write that have not gone. */
    int unsent(int transfer) {
        return (int) words[(transfer << WORD_BITS) + UNSENT];
    }

    /** The address of the first of these. */
    long next(int transfer) {
        return address(transfer) + size(transfer) - unsent(transfer);
    }

    /** So many more have been asked for, or have gone; returns whether these were the last. */
    boolean send(int transfer, int bytes) {
        return (words[(transfer << WORD_BITS) + UNSENT] -= bytes) == 0;
    }

    /** So many more of a read have come; returns whether these were the last. */
    boolean arrive(int transfer, int bytes) {
        return (words[(transfer << WORD_BITS) + MISSING] -= bytes) == 0;
    }

    private void grow() {
        int count = whom.length;
        words = Arrays.copyOf(words, 2 * words.length);
        whom = Arrays.copyOf(whom, 2 * count);
        free = Arrays.copyOf(free, 2 * count);
        addFree(count);
    }

    private void addFree(int first) {
        for (int i = whom.length - 1; i >= first; i--) {
            free[freeCount++] = i;
        }
    }
}
