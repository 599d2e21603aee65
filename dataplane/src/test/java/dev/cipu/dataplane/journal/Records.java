package dev.cipu.dataplane.journal;

import dev.cipu.dataplane.CounterGroup;
import dev.cipu.virtio.memory.HostMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** A ring of a test, and what came out of it. */
public final class Records {
    /** A record on its own. */
    public record One(MemorySegment memory) {
        public int kind() {
            return RecordLayout.kind(memory, 0);
        }

        public int status() {
            return RecordLayout.status(memory, 0);
        }

        public int flags() {
            return RecordLayout.flags(memory, 0);
        }

        public int queue() {
            return RecordLayout.queue(memory, 0);
        }

        public int id() {
            return RecordLayout.id(memory, 0);
        }

        public long taken() {
            return RecordLayout.taken(memory, 0);
        }

        public long completed() {
            return RecordLayout.completed(memory, 0);
        }

        public long readable() {
            return RecordLayout.readable(memory, 0);
        }

        public long writable() {
            return RecordLayout.writable(memory, 0);
        }

        public long written() {
            return RecordLayout.written(memory, 0);
        }

        public long subject() {
            return RecordLayout.subject(memory, 0);
        }

        public int detail() {
            return RecordLayout.detail(memory, 0);
        }

        public long length() {
            return RecordLayout.length(memory, 0);
        }

        public byte[] captured() {
            return memory.asSlice(RecordLayout.HEADER_BYTES, RecordLayout.captured(memory, 0))
                    .toArray(ValueLayout.JAVA_BYTE);
        }
    }

    private final JournalRing ring;
    private final RingDrain drain;
    public final CounterGroup counters = CounterGroup.unlisted(QueueJournal.COUNTERS);

    public Records(Arena arena) {
        ring = JournalRing.in(arena, JournalRing.LEAST_BYTES);
        drain = ring.drain();
    }

    public QueueJournal queue(int index) {
        return new QueueJournal(ring, counters, 0, index);
    }

    /** What was released since the last time. */
    public List<One> take() {
        List<One> all = new ArrayList<>();
        drain.look();
        while (drain.next(1 << 16)) {
            long at = drain.address();
            long end = at + drain.bytes();
            while (at < end) {
                int bytes = RecordLayout.bytes(HostMemory.ALL, at);
                all.add(new One(
                        MemorySegment.ofArray(HostMemory.ALL.asSlice(at, bytes).toArray(ValueLayout.JAVA_BYTE))));
                at += bytes;
            }
            drain.release();
        }
        return all;
    }

    /** Empties the ring without making anything. */
    public void discard() {
        drain.look();
        while (drain.next(1 << 16)) {
            drain.release();
        }
    }
}
