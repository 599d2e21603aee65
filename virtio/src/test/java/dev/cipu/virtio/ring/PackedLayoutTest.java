package dev.cipu.virtio.ring;

import static java.lang.foreign.MemoryLayout.PathElement.groupElement;
import static java.lang.foreign.MemoryLayout.sequenceLayout;
import static java.lang.foreign.MemoryLayout.structLayout;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.virtio.conformance.Conforms;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The structures of a packed ring as the specification writes them, and positions against counters that never wrap. */
class PackedLayoutTest {
    private static final ValueLayout.OfShort LE16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt LE32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LE64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    // [virtio-1.4 §2.8.13] struct pvirtq_desc
    private static final StructLayout DESCRIPTOR =
            structLayout(LE64.withName("addr"), LE32.withName("len"), LE16.withName("id"), LE16.withName("flags"));

    // [virtio-1.4 §2.8.14] struct pvirtq_event_suppress
    private static final StructLayout EVENT = structLayout(LE16.withName("desc"), LE16.withName("flags"));

    private static long at(StructLayout layout, String field) {
        return layout.byteOffset(groupElement(field));
    }

    @Test
    void descriptorsAndEvents() {
        assertThat(DESCRIPTOR.byteSize()).isEqualTo(PackedLayout.DESCRIPTOR_BYTES);
        assertThat(EVENT.byteSize()).isEqualTo(PackedLayout.EVENT_BYTES);
        assertThat(PackedLayout.DESCRIPTOR_ALIGN).isEqualTo(16);
        assertThat(PackedLayout.EVENT_ALIGN).isEqualTo(4);
        MemorySegment descriptor = Arena.ofAuto().allocate(DESCRIPTOR);
        descriptor.set(LE32, at(DESCRIPTOR, "len"), 0x81828384);
        descriptor.set(LE16, at(DESCRIPTOR, "id"), (short) 0xf5f6);
        descriptor.set(LE16, at(DESCRIPTOR, "flags"), (short) 0x8087);
        // the code reads len, id and flags as one long
        assertThat(at(DESCRIPTOR, "len")).isEqualTo(8);
        long rest = descriptor.get(LE64, 8);
        assertThat(PackedLayout.id(rest)).isEqualTo(0xf5f6);
        assertThat((int) rest).isEqualTo(0x81828384);
        assertThat((int) (rest >>> PackedLayout.FLAGS_SHIFT)).isEqualTo(0x8087);
        assertThat(PackedLayout.rest(0x81828384, 0xf5f6, 0x8087)).isEqualTo(rest);
        assertThat(PackedLayout.isWritten(rest)).isTrue();
        assertThat(PackedLayout.isWritten(PackedLayout.rest(-1, -1, ~2 & 0xffff)))
                .isFalse();
        MemorySegment event = Arena.ofAuto().allocate(EVENT);
        event.set(LE16, at(EVENT, "desc"), (short) 0x8765);
        event.set(LE16, at(EVENT, "flags"), (short) 2);
        assertThat(PackedLayout.event(PackedLayout.EVENT_DESCRIPTOR, 0x8765)).isEqualTo(event.get(LE32, 0));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 1000, 32768})
    @Conforms("PR-016")
    void parts(int size) {
        assertThat(RingFormat.PACKED.isValidSize(size)).isTrue();
        assertThat(RingFormat.PACKED.descriptorBytes(size))
                .isEqualTo(sequenceLayout(size, DESCRIPTOR).byteSize());
        assertThat(RingFormat.PACKED.driverBytes(size)).isEqualTo(4);
        assertThat(RingFormat.PACKED.deviceBytes(size)).isEqualTo(4);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, 32769, 65536, Integer.MIN_VALUE})
    void impossibleSizes(int size) {
        assertThat(RingFormat.PACKED.isValidSize(size)).isFalse();
    }

    @Test
    void constants() {
        assertThat(new int[] {PackedLayout.FLAG_NEXT, PackedLayout.FLAG_WRITE, PackedLayout.FLAG_INDIRECT})
                .containsExactly(1, 2, 4);
        assertThat(new int[] {PackedLayout.FLAG_AVAIL, PackedLayout.FLAG_USED}).containsExactly(0x80, 0x8000);
        assertThat(new int[] {PackedLayout.EVENT_ENABLE, PackedLayout.EVENT_DISABLE, PackedLayout.EVENT_DESCRIPTOR})
                .containsExactly(0, 1, 2);
        assertThat(PackedLayout.MAX_SIZE).isEqualTo(32768);
    }

    /** A position as counted from the beginning: descriptor, and wrap counter 1 in laps 0, 2, 4... */
    private static int position(long count, int size) {
        return (int) (count % size) | (count / size % 2 == 0 ? 0x8000 : 0);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 8, 1000, 32767, 32768})
    @Conforms("PR-010")
    void positionsAgreeWithACounter(int size) {
        assertThat(PackedLayout.START).isEqualTo(position(0, size));
        int step = Math.max(1, size / 97);
        for (int count = 0; count < 3 * size; count += step) {
            int here = position(count, size);
            for (int slots = 0; slots <= size; slots += step) {
                int there = position(count + slots, size);
                if (PackedLayout.advance(here, slots, size) != there || PackedLayout.back(there, slots, size) != here) {
                    throw new AssertionError(count + " and " + slots);
                }
            }
            assertThat(PackedLayout.index(here)).isEqualTo(count % size);
            assertThat(PackedLayout.isValidPosition(here, size)).isTrue();
        }
        assertThat(PackedLayout.isValidPosition(-1, size)).isFalse();
        assertThat(PackedLayout.isValidPosition(0x10000, size)).isFalse();
        assertThat(PackedLayout.isValidPosition(size, size)).isEqualTo(size == 32768);
    }

    @Test
    @Conforms({"PR-006", "PR-012"})
    void whoseADescriptorIs() {
        for (int flags = 0; flags < 0x10000; flags++) {
            boolean avail = (flags & 0x80) != 0;
            boolean used = (flags & 0x8000) != 0;
            long rest = PackedLayout.rest(-1, -1, flags);
            for (boolean lap : new boolean[] {true, false}) {
                int position = 5 | (lap ? 0x8000 : 0);
                if (PackedLayout.isAvailable(rest, position) != (avail == lap && used != lap)
                        || PackedLayout.isUsed(rest, position) != (avail == lap && used == lap)) {
                    throw new AssertionError("flags " + Integer.toHexString(flags) + ", lap " + lap);
                }
            }
        }
    }

    /** Every event there is against a walk over the positions that a move passes. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 8})
    @Conforms("PR-015")
    void eventsAgreeWithAWalk(int size) {
        for (int count = 2 * size; count < 4 * size; count++) {
            for (int slots = 0; slots <= size; slots++) {
                int now = position(count, size);
                for (int offset = 0; offset < size; offset++) {
                    for (int wrap : new int[] {0, 0x8000}) {
                        boolean passed = false;
                        for (int i = 1; i <= slots; i++) {
                            passed |= position(count - i, size) == (offset | wrap);
                        }
                        int event = PackedLayout.event(2, offset | wrap);
                        if (PackedLayout.wantsEvent(event, now, slots, size, true) != passed) {
                            throw new AssertionError("event " + offset + "/" + wrap + " after " + slots + " to " + now);
                        }
                        assertThat(PackedLayout.wantsEvent(event, now, slots, size, false))
                                .as("without the feature the value means nothing")
                                .isTrue();
                    }
                }
            }
        }
    }

    @Test
    void eventsThatMeanNothingGetANotification() {
        for (int offset = 0; offset < 0x10000; offset++) {
            int event = PackedLayout.event(3, offset);
            assertThat(PackedLayout.wantsEvent(event, 0x8001, 1, 3, true)).isTrue();
            if ((offset & 0x7fff) >= 3) {
                event = PackedLayout.event(2, offset);
                assertThat(PackedLayout.wantsEvent(event, 0x8001, 1, 3, true)).isTrue();
            }
            event = PackedLayout.event(1, offset);
            assertThat(PackedLayout.wantsEvent(event, 0x8001, 1, 3, true)).isFalse();
        }
        // reserved bits of the flags are none of the value
        assertThat(PackedLayout.wantsEvent(0xfffd_0000, 0x8001, 1, 3, true)).isFalse();
    }
}
