package dev.cipu.shim.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

class BlockPatternTest {
    private static final int BYTES = 1024;

    private final BlockPattern pattern = new BlockPattern(42);
    private final MemorySegment memory = Arena.ofAuto().allocate(BYTES, 8);

    @Test
    void recognisesWhatItWrote() {
        pattern.fill(memory, 0, BYTES, 100, 3);
        assertThat(pattern.matches(memory, 0, BYTES, 100, 3)).isTrue();
        assertThat(pattern.matches(memory, 0, BYTES, 101, 3)).isFalse();
        assertThat(pattern.matches(memory, 0, BYTES, 100, 2)).isFalse();
        assertThat(new BlockPattern(43).matches(memory, 0, BYTES, 100, 3)).isFalse();
    }

    @Test
    void noticesEveryAlteredByte() {
        for (int at = 0; at < BYTES; at++) {
            pattern.fill(memory, 0, BYTES, 100, 3);
            memory.set(ValueLayout.JAVA_BYTE, at, (byte) (memory.get(ValueLayout.JAVA_BYTE, at) ^ 0x10));
            assertThat(pattern.matches(memory, 0, BYTES, 100, 3))
                    .as("byte %d", at)
                    .isFalse();
        }
    }

    @Test
    void saysWhatIsWrong() {
        pattern.fill(memory, 0, BYTES, 100, 3);
        assertThat(pattern.describe(memory, 0, BYTES, 100, 4)).contains("sector 100", "generation 4", "generation 3");
        assertThat(pattern.describe(memory, 0, BYTES, 200, 3)).contains("holds sector 100");
        memory.set(ValueLayout.JAVA_BYTE, 600, (byte) 0);
        memory.set(ValueLayout.JAVA_BYTE, 601, (byte) 0);
        assertThat(pattern.describe(memory, 0, BYTES, 100, 3)).contains("sector 101", "altered");
        memory.fill((byte) 0);
        assertThat(pattern.describe(memory, 0, BYTES, 100, 3)).contains("nothing of this run");
    }

    @Test
    void aSpoiledBufferMatchesNothing() {
        pattern.fill(memory, 0, BYTES, 100, 3);
        BlockPattern.spoil(memory, 0, BYTES);
        assertThat(pattern.matches(memory, 0, BYTES, 100, 3)).isFalse();
        assertThat(pattern.matches(memory, 512, 512, 101, 3)).isFalse();
    }
}
