package dev.cipu.dataplane.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class ChecksumTest {
    @Test
    void anySumIsThatOfTheDefinition() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(70_000, 8);
            byte[] bytes = Datagram.data(70_000, 3);
            MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, 0, bytes.length);
            for (int length = 0; length < 300; length++) {
                for (int from = 0; from < 9; from++) {
                    assertThat(Checksum.sum(memory.address() + from, length))
                            .isEqualTo(Datagram.sum(bytes, from, from + length, 0));
                }
            }
            for (int length : new int[] {1448, 9001, 65535, 69_990}) {
                assertThat(Checksum.sum(memory.address() + 1, length)).isEqualTo(Datagram.sum(bytes, 1, 1 + length, 0));
            }
            memory.fill((byte) 0xff);
            assertThat(Checksum.sum(memory.address(), 65_536)).as("carries").isEqualTo(0xffff);
            memory.fill((byte) 0);
            assertThat(Checksum.sum(memory.address(), 65_535)).isZero();
        }
    }

    @Test
    void sumsOfPiecesAreThoseOfEach() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(4 * 9001 + 8, 8);
            byte[] bytes = Datagram.data((int) memory.byteSize(), 3);
            MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, 0, bytes.length);
            int[] sums = new int[Checksum.FOUR];
            for (int length : new int[] {1, 8, 127, 128, 129, 130, 133, 135, 536, 1447, 1448, 1460, 9001}) {
                for (int from = 0; from < 3; from++) {
                    Checksum.sums(memory.address() + from, length, sums);
                    for (int i = 0; i < Checksum.FOUR; i++) {
                        int begin = from + i * length;
                        assertThat(sums[i])
                                .as("%d bytes from %d on", length, begin)
                                .isEqualTo(Datagram.sum(bytes, begin, begin + length, 0));
                    }
                }
            }
            memory.fill((byte) 0xff);
            Checksum.sums(memory.address(), 9001, sums);
            assertThat(sums).as("carries").containsOnly(Datagram.sum(filled(9001), 0, 9001, 0));
            memory.fill((byte) 0);
            Checksum.sums(memory.address(), 9001, sums);
            assertThat(sums).containsOnly(0);
        }
    }

    private static byte[] filled(int length) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) 0xff);
        return bytes;
    }

    @Test
    void anAllZeroChecksumIsWrittenAsItsOtherForm() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(64, 8);
            memory.set(ValueLayout.JAVA_SHORT, 40, (short) -1);
            Checksum.complete(memory.address(), 64, 34, 6);
            assertThat(memory.get(ValueLayout.JAVA_SHORT, 40)).isEqualTo((short) -1);
        }
    }
}
