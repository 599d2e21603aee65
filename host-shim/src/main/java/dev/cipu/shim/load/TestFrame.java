package dev.cipu.shim.load;

import dev.cipu.virtio.memory.Le;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The Ethernet frames that a load sends. All numbers are little-endian except the type.
 *
 * <pre>
 * 0 destination[6]   6 source[6]   12 type 0x88b5   14 run:32   18 sequence:64   26 pattern of sequence and run
 * </pre>
 *
 * Whoever reflects a frame may swap the addresses, and nothing else. A type of IEEE's local experimental range keeps
 * network stacks from answering.
 */
final class TestFrame {
    static final int MIN_BYTES = 60;

    private static final int TYPE = 12;
    private static final int RUN = 14;
    private static final int SEQUENCE = 18;
    private static final int BODY = 26;
    private static final short TYPE_BYTES = (short) 0xb588;
    private static final long GOLDEN = 0x9e3779b97f4a7c15L;
    private static final byte[] ADDRESSES = {
        0x02, 0, 0, 0, 0x0c, 0x02,
        0x02, 0, 0, 0, 0x0c, 0x01
    };

    /** Not one of ours. */
    static final long FOREIGN = -1;

    private final int run;

    /** @param run tells this run's frames from all others */
    TestFrame(int run) {
        this.run = run;
    }

    /** Writes all of a frame. */
    void fill(MemorySegment memory, long at, int bytes, long sequence) {
        MemorySegment.copy(ADDRESSES, 0, memory, ValueLayout.JAVA_BYTE, at, ADDRESSES.length);
        memory.set(Le.SHORT_UNALIGNED, at + TYPE, TYPE_BYTES);
        memory.set(Le.INT_UNALIGNED, at + RUN, run);
        memory.set(Le.LONG_UNALIGNED, at + SEQUENCE, sequence);
        long word = BlockPattern.mix(sequence ^ run);
        int i = BODY;
        for (; i + Long.BYTES <= bytes; i += Long.BYTES) {
            memory.set(Le.LONG_UNALIGNED, at + i, word);
            word += GOLDEN;
        }
        for (; i < bytes; i++) {
            memory.set(ValueLayout.JAVA_BYTE, at + i, (byte) word);
            word >>>= Byte.SIZE;
        }
    }

    /** Gives a frame that was filled once another number; its pattern then belongs to the old one. */
    static void renumber(MemorySegment memory, long at, long sequence) {
        memory.set(Le.LONG_UNALIGNED, at + SEQUENCE, sequence);
    }

    /** The sequence number of a frame of this run, or {@link #FOREIGN}. */
    long sequence(MemorySegment memory, long at, int bytes) {
        if (bytes < BODY
                || memory.get(Le.SHORT_UNALIGNED, at + TYPE) != TYPE_BYTES
                || memory.get(Le.INT_UNALIGNED, at + RUN) != run) {
            return FOREIGN;
        }
        return memory.get(Le.LONG_UNALIGNED, at + SEQUENCE);
    }

    /** Whether the pattern is the one that {@link #fill} writes for the frame's own number. */
    boolean patternMatches(MemorySegment memory, long at, int bytes, long sequence) {
        long word = BlockPattern.mix(sequence ^ run);
        long difference = 0;
        int i = BODY;
        for (; i + Long.BYTES <= bytes; i += Long.BYTES) {
            difference |= memory.get(Le.LONG_UNALIGNED, at + i) ^ word;
            word += GOLDEN;
        }
        for (; i < bytes; i++) {
            difference |= memory.get(ValueLayout.JAVA_BYTE, at + i) ^ (byte) word;
            word >>>= Byte.SIZE;
        }
        return difference == 0;
    }
}
