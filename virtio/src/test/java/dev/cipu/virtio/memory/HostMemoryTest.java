package dev.cipu.virtio.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class HostMemoryTest {
    private static final int AREA = 512;

    @Test
    void aCopyMovesItsBytesAndNoOthers() {
        Random random = new Random(7);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment from = arena.allocate(AREA, 64);
            MemorySegment to = arena.allocate(AREA, 64);
            byte[] source = new byte[AREA];
            byte[] before = new byte[AREA];
            for (int bytes = 8; bytes <= 300; bytes++) {
                int fromOffset = random.nextInt(16);
                int toOffset = 16 + random.nextInt(16);
                random.nextBytes(source);
                random.nextBytes(before);
                from.copyFrom(MemorySegment.ofArray(source));
                to.copyFrom(MemorySegment.ofArray(before));
                HostMemory.copy(from.address() + fromOffset, to.address() + toOffset, bytes);
                System.arraycopy(source, fromOffset, before, toOffset, bytes);
                assertThat(to.toArray(ValueLayout.JAVA_BYTE))
                        .as("%d bytes", bytes)
                        .isEqualTo(before);
            }
        }
    }

    @Test
    void aCopyInPiecesMayGoBeyondItsEndButNoFurtherThanAPiece() {
        byte[] source = new byte[AREA];
        new Random(8).nextBytes(source);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment from = arena.allocate(AREA, 64).copyFrom(MemorySegment.ofArray(source));
            MemorySegment to = arena.allocate(AREA, 64);
            for (int bytes = 1; bytes <= 300; bytes++) {
                to.fill((byte) 0);
                HostMemory.copyAndBeyond(from.address() + 3, to.address() + 32, bytes);
                byte[] expected = new byte[AREA];
                System.arraycopy(source, 3, expected, 32, (bytes + 31) / 32 * 32);
                assertThat(to.toArray(ValueLayout.JAVA_BYTE))
                        .as("%d bytes", bytes)
                        .isEqualTo(expected);
            }
        }
    }

    @Test
    void zeroesGoWhereTheyShouldAndNowhereElse() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(3 * 4096, 64);
            for (int bytes : new int[] {0, 1, 63, 64, 4095, 4096, 4097, 8192, 9000}) {
                memory.fill((byte) 7);
                HostMemory.zero(memory, 5, bytes);
                byte[] expected = new byte[3 * 4096];
                Arrays.fill(expected, (byte) 7);
                Arrays.fill(expected, 5, 5 + bytes, (byte) 0);
                assertThat(memory.toArray(ValueLayout.JAVA_BYTE))
                        .as("%d bytes", bytes)
                        .isEqualTo(expected);
            }
        }
    }
}
