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
import static dev.cipu.dataplane.CounterLayout.INT;
import static dev.cipu.dataplane.CounterLayout.INTS;
import static dev.cipu.dataplane.CounterLayout.LONGS;
import static dev.cipu.dataplane.CounterLayout.intAt;

import dev.cipu.virtio.memory.Le;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A card's counters in one piece of memory that describes itself, see {@link CounterLayout}; {@link CounterReader} reads
 * it. Any thread may add and retire groups. The memory must outlive the table and its groups.
 */
public final class CounterTable {
    /** Room for the groups of more than a thousand functions. */
    public static final long DEFAULT_BYTES = 1 << 21;

    private final MemorySegment table;

    /**
     * An empty table; overwrites the memory.
     *
     * @param memory at least 128 bytes, aligned to 64
     * @param pid the process that counts
     * @param startMillis when it started, milliseconds since 1970
     */
    public CounterTable(MemorySegment memory, long pid, long startMillis) {
        long bytes = Math.min(memory.byteSize(), Integer.MAX_VALUE) & -CounterLayout.LINE;
        if (bytes < HEADER_BYTES + CounterLayout.LINE || memory.address() % CounterLayout.LINE != 0) {
            throw new IllegalArgumentException(
                    "no table in " + memory.byteSize() + " bytes at 0x" + Long.toHexString(memory.address()));
        }
        table = memory.asSlice(0, bytes);
        table.fill((byte) 0);
        table.set(INT, AT_VERSION, CounterLayout.VERSION);
        table.set(Le.LONG, AT_PID, pid);
        table.set(Le.LONG, AT_START, startMillis);
        table.set(Le.LONG, AT_BYTES, bytes);
        free(HEADER_BYTES, (int) (bytes - HEADER_BYTES));
        // pairs with the reader's acquire of the magic number: the table below it is whole
        LONGS.setRelease(table, AT_MAGIC, CounterLayout.MAGIC);
    }

    /**
     * Adds a group, all zero. If the table has no room left the counters still count, but no reader sees them.
     *
     * @param owner whose counters these are, for example {@code blk0/queue1}
     * @throws IllegalArgumentException if a name takes more than 65535 bytes
     */
    public synchronized CounterGroup group(String owner, List<String> names) {
        long nameBytes = textBytes(owner);
        for (String name : names) {
            nameBytes += textBytes(name);
        }
        int values = CounterLayout.lines(AT_NAMES + nameBytes);
        int need = values + CounterLayout.lines(8L * names.size());
        long at = HEADER_BYTES;
        while (at < table.byteSize()) {
            if (intAt(table, at + AT_STATE) == CounterLayout.STATE_FREE) {
                int room = joined(at);
                if (room >= need) {
                    return occupy(at, need, room, values, owner, names);
                }
            }
            at += intAt(table, at + AT_RECORD_BYTES);
        }
        table.set(Le.LONG, AT_UNLISTED, table.get(Le.LONG, AT_UNLISTED) + 1);
        return CounterGroup.unlisted(names);
    }

    public CounterGroup group(String owner, String... names) {
        return group(owner, List.of(names));
    }

    /** Takes a group off the table; its owner must have let go of it. */
    public synchronized void retire(CounterGroup group) {
        long at = group.recordAt;
        if (at < 0) {
            return;
        }
        beginChange();
        free(at, intAt(table, at + AT_RECORD_BYTES));
        endChange();
    }

    private CounterGroup occupy(long at, int need, int room, int values, String owner, List<String> names) {
        beginChange();
        if (room > need) {
            free(at + need, room - need);
        }
        table.asSlice(at, need).fill((byte) 0);
        table.set(INT, at + AT_RECORD_BYTES, need);
        table.set(INT, at + AT_COUNT, names.size());
        table.set(INT, at + AT_VALUES, values);
        long end = putText(at + AT_NAMES, owner);
        for (String name : names) {
            end = putText(end, name);
        }
        table.set(INT, at + AT_STATE, CounterLayout.STATE_LIVE);
        endChange();
        return new CounterGroup(table.asSlice(at + values, 8L * names.size()), List.copyOf(names), at);
    }

    /** Bytes of the free record at {@code at} together with the free ones behind it; nothing is written. */
    private int joined(long at) {
        long end = at;
        while (end < table.byteSize() && intAt(table, end + AT_STATE) == CounterLayout.STATE_FREE) {
            end += intAt(table, end + AT_RECORD_BYTES);
        }
        return (int) (end - at);
    }

    private void free(long at, int bytes) {
        table.set(INT, at + AT_STATE, CounterLayout.STATE_FREE);
        table.set(INT, at + AT_RECORD_BYTES, bytes);
    }

    private void beginChange() {
        INTS.setOpaque(table, AT_SEQUENCE, intAt(table, AT_SEQUENCE) + 1);
        // pairs with the reader's fence: whoever sees a change sees an odd sequence
        VarHandle.storeStoreFence();
    }

    private void endChange() {
        // pairs with the reader's acquire of an even sequence
        INTS.setRelease(table, AT_SEQUENCE, intAt(table, AT_SEQUENCE) + 1);
    }

    private static int textBytes(String text) {
        int bytes = text.getBytes(StandardCharsets.UTF_8).length;
        if (bytes > 0xffff) {
            throw new IllegalArgumentException("a name of " + bytes + " bytes");
        }
        return 2 + bytes;
    }

    private long putText(long at, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        table.set(Le.SHORT_UNALIGNED, at, (short) bytes.length);
        MemorySegment.copy(MemorySegment.ofArray(bytes), 0, table, at + 2, bytes.length);
        return at + 2 + bytes.length;
    }
}
