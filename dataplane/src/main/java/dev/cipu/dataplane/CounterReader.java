package dev.cipu.dataplane;

import static dev.cipu.dataplane.CounterLayout.AT_BYTES;
import static dev.cipu.dataplane.CounterLayout.AT_COUNT;
import static dev.cipu.dataplane.CounterLayout.AT_MAGIC;
import static dev.cipu.dataplane.CounterLayout.AT_NAMES;
import static dev.cipu.dataplane.CounterLayout.AT_PID;
import static dev.cipu.dataplane.CounterLayout.AT_RECORD_BYTES;
import static dev.cipu.dataplane.CounterLayout.AT_SEQUENCE;
import static dev.cipu.dataplane.CounterLayout.AT_START;
import static dev.cipu.dataplane.CounterLayout.AT_STATE;
import static dev.cipu.dataplane.CounterLayout.AT_UNLISTED;
import static dev.cipu.dataplane.CounterLayout.AT_VALUES;
import static dev.cipu.dataplane.CounterLayout.AT_VERSION;
import static dev.cipu.dataplane.CounterLayout.HEADER_BYTES;
import static dev.cipu.dataplane.CounterLayout.INTS;
import static dev.cipu.dataplane.CounterLayout.LONGS;
import static dev.cipu.dataplane.CounterLayout.intAt;

import dev.cipu.virtio.memory.Le;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Reads a {@link CounterTable} that another thread or process goes on writing. Believes nothing it reads: what makes no
 * sense ends the list.
 */
public final class CounterReader {
    private static final int SPINS = 1000;

    private static final int ATTEMPTS = SPINS + 50;
    private static final long PAUSE_NANOS = 1_000_000;

    /**
     * One owner's counters.
     *
     * @param values by name, in the order of the group
     */
    public record Group(String owner, Map<String, Long> values) {}

    /**
     * A table at some time.
     *
     * @param startMillis when the counting process started, milliseconds since 1970
     * @param unlisted groups that found no room in the table
     */
    public record Snapshot(long pid, long startMillis, long unlisted, List<Group> groups) {}

    private CounterReader() {}

    /**
     * Takes a snapshot.
     *
     * @param memory a table from its first byte on; aligned to 8
     * @throws IllegalArgumentException if it is no table, or one of another version
     */
    public static Snapshot read(MemorySegment memory) {
        try {
            if (memory.byteSize() < HEADER_BYTES || (long) LONGS.getAcquire(memory, AT_MAGIC) != CounterLayout.MAGIC) {
                throw new IllegalArgumentException("no counters of a card");
            }
            int version = intAt(memory, AT_VERSION);
            if (version != CounterLayout.VERSION) {
                throw new IllegalArgumentException("counters of version " + version + ", not " + CounterLayout.VERSION);
            }
            return new Snapshot(
                    memory.get(Le.LONG, AT_PID),
                    memory.get(Le.LONG, AT_START),
                    memory.get(Le.LONG, AT_UNLISTED),
                    steadyGroups(memory));
        } catch (InternalError e) {
            throw new IllegalArgumentException("the counters' file was cut while it was read", e);
        }
    }

    private static List<Group> steadyGroups(MemorySegment memory) {
        List<Group> groups = List.of();
        for (int i = 0; i < ATTEMPTS; i++) {
            // pairs with the writer's release of an even sequence
            int before = (int) INTS.getAcquire(memory, AT_SEQUENCE);
            if ((before & 1) == 0) {
                groups = groups(memory);
                // pairs with the writer's fence behind an odd sequence
                VarHandle.loadLoadFence();
                if ((int) INTS.getOpaque(memory, AT_SEQUENCE) == before) {
                    return groups;
                }
            }
            if (i < SPINS) {
                Thread.onSpinWait();
            } else {
                // the writer may have lost its processor in the middle of a change
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
        // a writer that died in the middle of a change: what could be read has to do
        return groups.isEmpty() ? groups(memory) : groups;
    }

    private static List<Group> groups(MemorySegment memory) {
        List<Group> groups = new ArrayList<>();
        long end = Math.min(memory.get(Le.LONG, AT_BYTES), memory.byteSize());
        long at = HEADER_BYTES;
        while (at >= 0 && at <= end - CounterLayout.LINE) {
            int state = intAt(memory, at + AT_STATE);
            int bytes = intAt(memory, at + AT_RECORD_BYTES);
            if (bytes < CounterLayout.LINE || bytes % CounterLayout.LINE != 0 || bytes > end - at) {
                break;
            }
            if (state == CounterLayout.STATE_LIVE) {
                Group group = group(memory.asSlice(at, bytes));
                if (group != null) {
                    groups.add(group);
                }
            }
            at += bytes;
        }
        return groups;
    }

    private static @Nullable Group group(MemorySegment record) {
        int count = intAt(record, AT_COUNT);
        int values = intAt(record, AT_VALUES);
        if (count < 0
                || values < AT_NAMES
                || values > record.byteSize()
                || values % 8 != 0
                || values + 8L * count > record.byteSize()) {
            return null;
        }
        MemorySegment names = record.asSlice(0, values);
        Map<String, Long> read = new LinkedHashMap<>();
        String owner = text(names, AT_NAMES);
        if (owner == null) {
            return null;
        }
        long at = next(names, AT_NAMES);
        for (int i = 0; i < count; i++) {
            String name = text(names, at);
            if (name == null) {
                return null;
            }
            read.put(name, (long) LONGS.getOpaque(record, values + 8L * i));
            at = next(names, at);
        }
        return new Group(owner, Collections.unmodifiableMap(read));
    }

    private static @Nullable String text(MemorySegment names, long at) {
        if (at + 2 > names.byteSize()) {
            return null;
        }
        // read once: the writer may be at it
        int length = Short.toUnsignedInt(names.get(Le.SHORT_UNALIGNED, at));
        if (length > names.byteSize() - at - 2) {
            return null;
        }
        byte[] bytes = names.asSlice(at + 2, length).toArray(ValueLayout.JAVA_BYTE);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static long next(MemorySegment names, long at) {
        return at + 2 + Short.toUnsignedInt(names.get(Le.SHORT_UNALIGNED, at));
    }
}
