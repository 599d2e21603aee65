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
    void whatIsSummedOnTheWayIsCopiedAndNothingElse() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(10_000, 8);
            MemorySegment copy = arena.allocate(10_000, 8);
            byte[] bytes = Datagram.data(10_000, 3);
            MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, 0, bytes.length);
            for (int length = Checksum.LONG; length < 9001; length += length < 300 ? 1 : 83) {
                for (int from = 0; from < 3; from++) {
                    copy.fill((byte) 0x5a);
                    assertThat(Checksum.swapped(
                                    Checksum.copyAndSum(memory.address() + from, copy.address() + 7, length)))
                            .as("%d bytes from %d on", length, from)
                            .isEqualTo(Datagram.sum(bytes, from, from + length, 0));
                    assertThat(copy.asSlice(7, length).mismatch(memory.asSlice(from, length)))
                            .isEqualTo(-1);
                    assertThat(copy.get(ValueLayout.JAVA_BYTE, 6)).isEqualTo((byte) 0x5a);
                    assertThat(copy.get(ValueLayout.JAVA_BYTE, 7L + length)).isEqualTo((byte) 0x5a);
                }
            }
            memory.fill((byte) 0xff);
            byte[] ones = new byte[9001];
            Arrays.fill(ones, (byte) 0xff);
            assertThat(Checksum.swapped(Checksum.copyAndSum(memory.address(), copy.address(), 9001)))
                    .as("carries")
                    .isEqualTo(Datagram.sum(ones, 0, 9001, 0));
        }
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
