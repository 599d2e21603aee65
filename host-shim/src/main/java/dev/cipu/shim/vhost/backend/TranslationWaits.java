package dev.cipu.shim.vhost.backend;

import dev.cipu.virtio.memory.GuestMemory;

/**
 * What each ring waits to have translated, and for how long yet: a front-end says nothing of an address that its guest has not
 * mapped. Owned by the session's thread; times are those of {@link System#nanoTime}.
 */
final class TranslationWaits {
    /** Asks the front-end for a translation. */
    interface Questions {
        void ask(long address, boolean write);
    }

    private final long patienceNanos;
    private final boolean[] waiting;
    private final long[] address;
    private final boolean[] write;
    private final long[] deadline;

    TranslationWaits(int rings, long patienceNanos) {
        this.patienceNanos = patienceNanos;
        waiting = new boolean[rings];
        address = new long[rings];
        write = new boolean[rings];
        deadline = new long[rings];
    }

    /** A ring waits from now on; false if it waited for just that before, and its time runs on. */
    boolean begin(int ring, long missing, boolean toWrite, long now) {
        if (waiting[ring] && address[ring] == missing && write[ring] == toWrite) {
            return false;
        }
        waiting[ring] = true;
        address[ring] = missing;
        write[ring] = toWrite;
        deadline[ring] = now + patienceNanos;
        return true;
    }

    void end(int ring) {
        waiting[ring] = false;
    }

    /** Ends the waits for what is known by now. */
    void settle(GuestMemory view) {
        for (int i = 0; i < waiting.length; i++) {
            waiting[i] &= view.regionOf(address[i]) < 0;
        }
    }

    /** Asks once more for all that is waited for. */
    void repeat(Questions front) {
        for (int i = 0; i < waiting.length; i++) {
            if (waiting[i]) {
                front.ask(address[i], write[i]);
            }
        }
    }

    /** Nanoseconds until a ring has waited long enough, {@link Long#MAX_VALUE} if none waits. */
    long left(long now) {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < waiting.length; i++) {
            if (waiting[i]) {
                least = Math.min(least, Math.max(0, deadline[i] - now));
            }
        }
        return least;
    }

    /** Ends the wait of a ring that has waited long enough and returns its index, -1 if there is none. */
    int expire(long now) {
        for (int i = 0; i < waiting.length; i++) {
            if (waiting[i] && deadline[i] - now <= 0) {
                waiting[i] = false;
                return i;
            }
        }
        return -1;
    }
}
