package dev.cipu.shim.posix;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jnr.constants.platform.Errno;

/** poll(2) for a control-plane thread that waits for a few descriptors. */
public final class Readiness {
    private static final int ENTRY_BYTES = 8;
    private static final int EVENTS = 4;
    private static final int RETURNED = 6;
    private static final short POLLIN = 1;
    private static final long MILLI = 1_000_000;

    private Readiness() {}

    /**
     * Waits until one of {@code descriptors} is readable, hung up or in error, at most {@code maxNanos} (rounded up to
     * milliseconds). Returns a bit for each, by position: 0 after the time-out, or early after a signal.
     */
    public static int await(long maxNanos, Fd... descriptors) {
        if (descriptors.length > Integer.SIZE - 1) {
            throw new IllegalArgumentException(descriptors.length + " descriptors");
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment entries = arena.allocate((long) ENTRY_BYTES * descriptors.length, 8);
            for (int i = 0; i < descriptors.length; i++) {
                entries.set(ValueLayout.JAVA_INT, (long) i * ENTRY_BYTES, descriptors[i].number());
                entries.set(ValueLayout.JAVA_SHORT, (long) i * ENTRY_BYTES + EVENTS, POLLIN);
            }
            int ready = Posix.C.poll(Posix.address(entries), descriptors.length, milliseconds(maxNanos));
            if (ready < 0 && Posix.errno() != Errno.EINTR) {
                throw Posix.failure("poll");
            }
            int bits = 0;
            for (int i = 0; ready > 0 && i < descriptors.length; i++) {
                if (entries.get(ValueLayout.JAVA_SHORT, (long) i * ENTRY_BYTES + RETURNED) != 0) {
                    bits |= 1 << i;
                }
            }
            return bits;
        }
    }

    /** Rounded up, so that a waiter does not spin through the last fraction; -1 (for ever) for very long waits. */
    static int milliseconds(long nanos) {
        if (nanos <= 0) {
            return 0;
        }
        long millis = (nanos - 1) / MILLI + 1;
        return millis > Integer.MAX_VALUE ? -1 : (int) millis;
    }
}
