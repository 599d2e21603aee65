package dev.cipu.shim.store;

/**
 * What io_uring shares with the kernel: {@code linux/io_uring.h}, stable on every architecture.
 *
 * <pre>
 * parameters (120 bytes)  0 sq_entries:32  4 cq_entries:32  8 flags:32  20 features:32  40 sq_off  80 cq_off
 * sq_off   0 head  4 tail  8 ring_mask  12 ring_entries  16 flags  20 dropped  24 array      (32 bits each)
 * cq_off   0 head  4 tail  8 ring_mask  12 ring_entries  16 overflow  20 cqes  24 flags      (32 bits each)
 * submission (64 bytes)   0 opcode:8  1 flags:8  2 ioprio:16  4 fd:32  8 off:64  16 addr:64  24 len:32  28 rw_flags:32
 *                         32 user_data:64  40..63 unused here
 * completion (16 bytes)   0 user_data:64  8 res:32  12 flags:32
 * </pre>
 */
final class RingLayout {
    static final int PARAMETER_BYTES = 120;
    static final int P_SQ_ENTRIES = 0;
    static final int P_CQ_ENTRIES = 4;
    static final int P_FLAGS = 8;
    static final int P_FEATURES = 20;
    static final int P_SQ_TAIL = 44;
    static final int P_SQ_FLAGS = 56;
    static final int P_SQ_ARRAY = 64;
    static final int P_CQ_HEAD = 80;
    static final int P_CQ_TAIL = 84;
    static final int P_CQ_CQES = 100;

    static final int SUBMISSION_BYTES = 64;
    static final int S_FD = 4;
    static final int S_OFFSET = 8;
    static final int S_ADDRESS = 16;
    static final int S_LENGTH = 24;
    static final int S_RW_FLAGS = 28;
    static final int S_USER_DATA = 32;

    static final int COMPLETION_BYTES = 16;
    static final int C_USER_DATA = 0;
    static final int C_RESULT = 8;

    static final long RINGS_AT = 0;
    static final long SUBMISSIONS_AT = 0x10000000L;

    /** One mapping for both rings: Linux 5.4. */
    static final int FEATURE_SINGLE_MMAP = 1;

    /** Not used here, but as old as the reads, writes and allocations that are: Linux 5.6. */
    static final int FEATURE_RW_CUR_POS = 1 << 3;

    static final int NEEDED_FEATURES = FEATURE_SINGLE_MMAP | FEATURE_RW_CUR_POS;

    /** A bad submission does not stop the ones behind it: Linux 5.18. */
    static final int SETUP_SUBMIT_ALL = 1 << 7;

    /** Completions wait until this thread enters the kernel instead of interrupting it: Linux 5.19. */
    static final int SETUP_COOP_TASKRUN = 1 << 8;

    /** The submission ring's flags say when entering is needed for that. */
    static final int SETUP_TASKRUN_FLAG = 1 << 9;

    static final int ENTER_GETEVENTS = 1;

    /** Submission ring flags that ask for an entry: completions overflowed, or wait for this thread. */
    static final int SQ_WANTS_ENTRY = 1 << 1 | 1 << 2;

    static final int REGISTER_FILES = 2;

    /** Submission flag: the file is an index into the registered ones. */
    static final int FIXED_FILE = 1;

    private RingLayout() {}
}
