package dev.cipu.dataplane.journal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.dataplane.CounterGroup;
import dev.cipu.virtio.memory.HostMemory;
import dev.cipu.virtio.memory.Le;
import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RecordLayoutTest {
    /** As docs/traces.md has it. */
    private static final StructLayout RECORD = MemoryLayout.structLayout(
            Le.INT.withName("bytes"),
            ValueLayout.JAVA_BYTE.withName("kind"),
            ValueLayout.JAVA_BYTE.withName("status"),
            Le.SHORT.withName("flags"),
            Le.SHORT.withName("device"),
            Le.SHORT.withName("queue"),
            Le.SHORT.withName("id"),
            Le.SHORT.withName("zero"),
            Le.LONG.withName("taken"),
            Le.LONG.withName("completed"),
            Le.INT.withName("readable"),
            Le.INT.withName("writable"),
            Le.INT.withName("written"),
            Le.INT.withName("captured"),
            Le.LONG.withName("subject"),
            Le.INT.withName("detail"),
            Le.INT.withName("length"));

    private static final Map<String, Long> OFFSETS = Map.ofEntries(
            Map.entry("bytes", RecordLayout.AT_BYTES),
            Map.entry("kind", RecordLayout.AT_KIND),
            Map.entry("status", RecordLayout.AT_STATUS),
            Map.entry("flags", RecordLayout.AT_FLAGS),
            Map.entry("device", RecordLayout.AT_DEVICE),
            Map.entry("queue", RecordLayout.AT_QUEUE),
            Map.entry("id", RecordLayout.AT_ID),
            Map.entry("taken", RecordLayout.AT_TAKEN),
            Map.entry("completed", RecordLayout.AT_COMPLETED),
            Map.entry("readable", RecordLayout.AT_READABLE),
            Map.entry("writable", RecordLayout.AT_WRITABLE),
            Map.entry("written", RecordLayout.AT_WRITTEN),
            Map.entry("captured", RecordLayout.AT_CAPTURED),
            Map.entry("subject", RecordLayout.AT_SUBJECT),
            Map.entry("detail", RecordLayout.AT_DETAIL),
            Map.entry("length", RecordLayout.AT_LENGTH));

    @Test
    void fieldsLieWhereTheFormatHasThem() {
        assertThat(RECORD.byteSize()).isEqualTo(RecordLayout.HEADER_BYTES);
        OFFSETS.forEach((name, offset) -> assertThat(RECORD.byteOffset(PathElement.groupElement(name)))
                .as(name)
                .isEqualTo(offset));
    }

    @Test
    void whatIsWrittenReadsTheSame() {
        try (Arena arena = Arena.ofConfined()) {
            JournalRing ring = JournalRing.in(arena, JournalRing.LEAST_BYTES);
            RingDrain drain = ring.drain();
            QueueJournal journal = new QueueJournal(ring, CounterGroup.unlisted(QueueJournal.COUNTERS), 0xfedc, 0xba98);
            long record = journal.begin(RecordLayout.BLOCK, 0xff, -5, 1L << 62, 13);
            QueueJournal.chain(record, 0xffff, 1L << 32, 0xffff_fffeL, 7);
            QueueJournal.content(record, -1, -2, 0x8000_0000L);
            QueueJournal.flag(record, RecordLayout.CONTINUED);
            journal.release();

            drain.look();
            assertThat(drain.next(1)).isTrue();
            assertThat(drain.bytes()).isEqualTo(80);
            MemorySegment from = HostMemory.ALL;
            long at = drain.address();
            assertThat(RecordLayout.bytes(from, at)).isEqualTo(80);
            assertThat(RecordLayout.kind(from, at)).isEqualTo(RecordLayout.BLOCK);
            assertThat(RecordLayout.status(from, at)).isEqualTo(0xff);
            assertThat(RecordLayout.flags(from, at)).isEqualTo(RecordLayout.CONTINUED);
            assertThat(RecordLayout.device(from, at)).isEqualTo(0xfedc);
            assertThat(RecordLayout.queue(from, at)).isEqualTo(0xba98);
            assertThat(RecordLayout.id(from, at)).isEqualTo(0xffff);
            assertThat(RecordLayout.taken(from, at)).isEqualTo(-5);
            assertThat(RecordLayout.completed(from, at)).isEqualTo(1L << 62);
            // 4 GiB is the longest chain there can be, and one more than the field holds
            assertThat(RecordLayout.readable(from, at)).isEqualTo(0xffff_ffffL);
            assertThat(RecordLayout.writable(from, at)).isEqualTo(0xffff_fffeL);
            assertThat(RecordLayout.written(from, at)).isEqualTo(7);
            assertThat(RecordLayout.captured(from, at)).isEqualTo(13);
            assertThat(RecordLayout.subject(from, at)).isEqualTo(-1);
            assertThat(RecordLayout.detail(from, at)).isEqualTo(-2);
            assertThat(RecordLayout.length(from, at)).isEqualTo(0x8000_0000L);
        }
    }
}
