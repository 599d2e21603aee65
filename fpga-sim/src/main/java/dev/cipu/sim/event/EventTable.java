package dev.cipu.sim.event;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Events that wait, by their slots. What is said of an event lies together, in half a cache line. Owner: the {@link Timeline}; after
 * warm-up nothing is allocated.
 */
final class EventTable {
    /** No slot. */
    static final int NONE = -1;

    /** Bits of a slot; at most a million events wait at a time. */
    static final int SLOT_BITS = 20;

    private static final int MOST = 1 << SLOT_BITS;
    private static final int FIRST = 1 << 10;

    private static final int WORD_BITS = 2;
    private static final int TIME = 0;
    private static final int MARK = 1;
    private static final int ARGUMENT = 2;
    private static final int NEXT = 3;

    private long[] words = new long[FIRST << WORD_BITS];
    private @Nullable Actor[] actors = new Actor[FIRST];
    private int free = NONE;
    private int taken;
    private long number;

    EventTable() {
        addFree(0);
    }

    /** Takes a slot for an event, which is later than all others of its time. */
    int take(long time, Actor actor, long argument) {
        if (free == NONE) {
            grow();
        }
        int slot = free;
        int at = slot << WORD_BITS;
        free = (int) words[at + NEXT];
        words[at + TIME] = time;
        words[at + MARK] = number++ << SLOT_BITS | slot;
        words[at + ARGUMENT] = argument;
        actors[slot] = actor;
        taken++;
        return slot;
    }

    /** Gives a slot back. What it says can be read until the next one is taken. */
    void release(int slot) {
        link(slot, free);
        free = slot;
        taken--;
    }

    /** How many are taken. */
    int taken() {
        return taken;
    }

    long time(int slot) {
        return words[(slot << WORD_BITS) + TIME];
    }

    /** Orders events of the same time: a number that grows, and below it the slot. */
    long mark(int slot) {
        return words[(slot << WORD_BITS) + MARK];
    }

    /** The slot in a mark. */
    static int slot(long mark) {
        return (int) mark & MOST - 1;
    }

    long argument(int slot) {
        return words[(slot << WORD_BITS) + ARGUMENT];
    }

    Actor actor(int slot) {
        Actor actor = actors[slot];
        if (actor == null) {
            throw new IllegalStateException("nothing waits in slot " + slot);
        }
        return actor;
    }

    /** What follows in the list that the slot is in, or {@link #NONE}. */
    int next(int slot) {
        return (int) words[(slot << WORD_BITS) + NEXT];
    }

    void link(int slot, int next) {
        words[(slot << WORD_BITS) + NEXT] = next;
    }

    /** Whether an event happens before another one. */
    boolean isBefore(int one, int other) {
        long time = time(one);
        long otherTime = time(other);
        return time < otherTime || (time == otherTime && mark(one) < mark(other));
    }

    private void grow() {
        int slots = actors.length;
        if (slots == MOST) {
            throw new IllegalStateException(
                    "more than " + slots + " events wait: something makes them faster than they happen");
        }
        words = Arrays.copyOf(words, 2 * words.length);
        actors = Arrays.copyOf(actors, 2 * slots);
        addFree(slots);
    }

    private void addFree(int first) {
        for (int slot = actors.length - 1; slot >= first; slot--) {
            link(slot, free);
            free = slot;
        }
    }
}
