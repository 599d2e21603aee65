package dev.cipu.shim.load;

import dev.cipu.virtio.memory.Le;
import java.lang.foreign.MemorySegment;

/**
 * What a verified block holds. Each sector of 512 bytes tells where it belongs and which write put it there:
 *
 * <pre>
 * 0 sector:64   8 generation:64   16 run:64   24 words derived from these three   504 checksum:64 of all before
 * </pre>
 *
 * A sector that is lost, old, torn, from another place or from another run is therefore recognised as such.
 */
public final class BlockPattern {
    static final int SECTOR_BYTES = 512;

    private static final int GENERATION = 8;
    private static final int RUN = 16;
    private static final int BODY = 24;
    private static final int CHECKSUM = 504;
    private static final long GOLDEN = 0x9e3779b97f4a7c15L;

    private final long run;

    /** @param run tells this run's data from that of every other */
    public BlockPattern(long run) {
        this.run = run;
    }

    /** Writes {@code bytes} bytes, whole sectors, at {@code offset}. */
    public void fill(MemorySegment memory, long offset, int bytes, long sector, long generation) {
        for (int done = 0; done < bytes; done += SECTOR_BYTES) {
            long at = offset + done;
            long number = sector + done / SECTOR_BYTES;
            memory.set(Le.LONG, at, number);
            memory.set(Le.LONG, at + GENERATION, generation);
            memory.set(Le.LONG, at + RUN, run);
            long word = mix(number ^ mix(generation ^ run));
            long sum = word;
            for (int i = BODY; i < CHECKSUM; i += Long.BYTES) {
                word += GOLDEN;
                memory.set(Le.LONG, at + i, word);
                sum = Long.rotateLeft(sum, 5) ^ word;
            }
            memory.set(Le.LONG, at + CHECKSUM, mix(sum));
        }
    }

    /** Whether the bytes are exactly what {@link #fill} writes for this sector and generation. */
    boolean matches(MemorySegment memory, long offset, int bytes, long sector, long generation) {
        for (int done = 0; done < bytes; done += SECTOR_BYTES) {
            if (!sectorMatches(memory, offset + done, sector + done / SECTOR_BYTES, generation)) {
                return false;
            }
        }
        return true;
    }

    private boolean sectorMatches(MemorySegment memory, long at, long number, long generation) {
        if (memory.get(Le.LONG, at) != number
                || memory.get(Le.LONG, at + GENERATION) != generation
                || memory.get(Le.LONG, at + RUN) != run) {
            return false;
        }
        long word = mix(number ^ mix(generation ^ run));
        long sum = word;
        long difference = 0;
        for (int i = BODY; i < CHECKSUM; i += Long.BYTES) {
            word += GOLDEN;
            difference |= memory.get(Le.LONG, at + i) ^ word;
            sum = Long.rotateLeft(sum, 5) ^ word;
        }
        return (difference | (memory.get(Le.LONG, at + CHECKSUM) ^ mix(sum))) == 0;
    }

    /** Makes sure that no sector matches before the device has written all of it. */
    static void spoil(MemorySegment memory, long offset, int bytes) {
        for (int done = 0; done < bytes; done += SECTOR_BYTES) {
            memory.set(Le.LONG, offset + done, -1);
            memory.set(Le.LONG, offset + done + CHECKSUM, 0);
        }
    }

    /** What is wrong with the bytes, for people. */
    String describe(MemorySegment memory, long offset, int bytes, long sector, long generation) {
        for (int done = 0; done < bytes; done += SECTOR_BYTES) {
            long at = offset + done;
            long number = sector + done / SECTOR_BYTES;
            if (sectorMatches(memory, at, number, generation)) {
                continue;
            }
            String wanted = "sector " + number + " should hold generation " + generation;
            if (memory.get(Le.LONG, at + RUN) != run) {
                return wanted + " and holds nothing of this run";
            }
            if (memory.get(Le.LONG, at) != number) {
                return wanted + " and holds sector " + memory.get(Le.LONG, at);
            }
            if (memory.get(Le.LONG, at + GENERATION) != generation) {
                return wanted + " and holds generation " + memory.get(Le.LONG, at + GENERATION);
            }
            return wanted + " and holds altered bytes of it";
        }
        return "nothing is wrong";
    }

    /** A bijection of 64 bits in which every bit of the input reaches every bit of the result. */
    static long mix(long value) {
        long z = (value ^ value >>> 30) * 0xbf58476d1ce4e5b9L;
        z = (z ^ z >>> 27) * 0x94d049bb133111ebL;
        return z ^ z >>> 31;
    }
}
