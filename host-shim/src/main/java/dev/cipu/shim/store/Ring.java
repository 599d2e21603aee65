package dev.cipu.shim.store;

import dev.cipu.shim.posix.Fd;
import dev.cipu.shim.posix.KernelMapping;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * One io_uring: submissions in, completions out, one system call a burst. One thread at a time uses it. There are never
 * more operations in flight than the ring was made for, so neither side can overflow.
 */
final class Ring implements AutoCloseable {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

    /** Coordinates (MemorySegment, long offset). */
    private static final VarHandle INTS = INT.varHandle().withInvokeExactBehavior();

    private final KernelCalls calls;
    private final Fd ring;
    private final KernelMapping rings;
    private final KernelMapping submissions;
    private final MemorySegment shared;
    private final MemorySegment entries;
    private final long submissionTail;
    private final long submissionFlags;
    private final long completionHead;
    private final long completionTail;
    private final long completionsAt;
    private final int submissionMask;
    private final int completionMask;
    private boolean fixedFile;
    private int fileNumber;

    private int tail;
    private int unsubmitted;
    private int head;
    private int result;

    private Ring(KernelCalls calls, Fd ring, MemorySegment parameters) {
        this.calls = calls;
        this.ring = ring;
        int submissionEntries = parameters.get(INT, RingLayout.P_SQ_ENTRIES);
        int completionEntries = parameters.get(INT, RingLayout.P_CQ_ENTRIES);
        long arrayAt = parameters.get(INT, RingLayout.P_SQ_ARRAY);
        completionsAt = parameters.get(INT, RingLayout.P_CQ_CQES);
        long bytes = Math.max(
                arrayAt + 4L * submissionEntries,
                completionsAt + (long) RingLayout.COMPLETION_BYTES * completionEntries);
        rings = new KernelMapping(ring, RingLayout.RINGS_AT, bytes);
        try {
            submissions = new KernelMapping(
                    ring, RingLayout.SUBMISSIONS_AT, (long) RingLayout.SUBMISSION_BYTES * submissionEntries);
        } catch (RuntimeException e) {
            rings.close();
            throw e;
        }
        shared = rings.segment();
        entries = submissions.segment();
        submissionMask = submissionEntries - 1;
        completionMask = completionEntries - 1;
        submissionTail = parameters.get(INT, RingLayout.P_SQ_TAIL);
        submissionFlags = parameters.get(INT, RingLayout.P_SQ_FLAGS);
        completionHead = parameters.get(INT, RingLayout.P_CQ_HEAD);
        completionTail = parameters.get(INT, RingLayout.P_CQ_TAIL);
        for (int i = 0; i < submissionEntries; i++) {
            shared.set(INT, arrayAt + 4L * i, i);
        }
    }

    /**
     * A ring for operations on one file.
     *
     * @param operations most operations in flight
     * @return null if this system does not allow io_uring, or does not know all of it that is used here
     */
    static @Nullable Ring open(Fd file, int operations) {
        KernelCalls calls = new KernelCalls();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment parameters = arena.allocate(RingLayout.PARAMETER_BYTES, 8);
            int[] wishes = {
                RingLayout.SETUP_SUBMIT_ALL | RingLayout.SETUP_COOP_TASKRUN | RingLayout.SETUP_TASKRUN_FLAG, 0
            };
            for (int flags : wishes) {
                parameters.fill((byte) 0);
                parameters.set(INT, RingLayout.P_FLAGS, flags);
                int number = calls.ringSetup(operations, parameters);
                if (number >= 0) {
                    return open(calls, new Fd(number), parameters, file);
                }
            }
            return null;
        }
    }

    /**
     * A ring that was set up; takes ownership of {@code number} and closes it when there is no ring.
     *
     * @param parameters as the kernel has filled them
     * @return null if the kernel lacks a feature
     * @throws dev.cipu.shim.posix.PosixException if the ring cannot be mapped
     */
    static @Nullable Ring open(KernelCalls calls, Fd number, MemorySegment parameters, Fd file) {
        int features = parameters.get(INT, RingLayout.P_FEATURES);
        if ((features & RingLayout.NEEDED_FEATURES) != RingLayout.NEEDED_FEATURES) {
            number.close();
            return null;
        }
        Ring ring;
        try {
            ring = new Ring(calls, number, parameters);
        } catch (RuntimeException e) {
            number.close();
            throw e;
        }
        ring.register(file);
        return ring;
    }

    /** Tells the kernel the file once, so that it need not look it up for each operation; not all limits allow it. */
    private void register(Fd file) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment number = arena.allocateFrom(INT, file.number());
            fixedFile = calls.ringRegister(ring.number(), RingLayout.REGISTER_FILES, number, 1) == 0;
            fileNumber = fixedFile ? 0 : file.number();
        }
    }

    /** Adds an operation; the kernel sees it at the next {@link #enter}. */
    void add(FileTask task, int token) {
        long at = (long) (tail & submissionMask) * RingLayout.SUBMISSION_BYTES;
        // opcode:8 flags:8 ioprio:16
        entries.set(INT, at, task.opcode() | (fixedFile ? RingLayout.FIXED_FILE << 8 : 0));
        entries.set(INT, at + RingLayout.S_FD, fileNumber);
        entries.set(LONG, at + RingLayout.S_OFFSET, task.offset());
        entries.set(LONG, at + RingLayout.S_ADDRESS, task.address());
        entries.set(INT, at + RingLayout.S_LENGTH, task.length());
        entries.set(INT, at + RingLayout.S_RW_FLAGS, task.flags());
        entries.set(LONG, at + RingLayout.S_USER_DATA, token);
        tail++;
        unsubmitted++;
    }

    /** Hands added operations to the kernel, and lets it deliver completions if it asks for that. Never waits. */
    void enter() {
        boolean deliver = false;
        if (unsubmitted > 0) {
            // pairs with the kernel's acquire of the tail
            INTS.setRelease(shared, submissionTail, tail);
        } else {
            deliver = ((int) INTS.getOpaque(shared, submissionFlags) & RingLayout.SQ_WANTS_ENTRY) != 0;
            if (!deliver) {
                return;
            }
        }
        int taken = calls.ringEnter(ring.number(), unsubmitted, 0, deliver ? RingLayout.ENTER_GETEVENTS : 0);
        if (taken >= 0) {
            unsubmitted -= taken;
        } else if (taken != -KernelCalls.EINTR && taken != -KernelCalls.EAGAIN && taken != -KernelCalls.EBUSY) {
            throw new IllegalStateException("io_uring_enter failed with errno " + -taken);
        }
    }

    /**
     * Takes the next completion.
     *
     * @return its token, or -1 if there is none; {@link #result} is then unchanged
     */
    int next() {
        // pairs with the kernel's release of the tail: completions below it are visible
        if (head == (int) INTS.getAcquire(shared, completionTail)) {
            return -1;
        }
        long at = completionsAt + (long) (head & completionMask) * RingLayout.COMPLETION_BYTES;
        int token = (int) shared.get(LONG, at + RingLayout.C_USER_DATA);
        result = shared.get(INT, at + RingLayout.C_RESULT);
        head++;
        // pairs with the kernel's acquire of the head: the entry may be written again
        INTS.setRelease(shared, completionHead, head);
        return token;
    }

    /** Result of the completion last taken: bytes or a negative errno. */
    int result() {
        return result;
    }

    @Override
    public void close() {
        submissions.close();
        rings.close();
        ring.close();
    }
}
