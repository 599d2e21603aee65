package dev.cipu.dataplane;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Counters that one thread writes and any process may read: plain memory, so that counting costs an addition and reading
 * costs the writer nothing. Lives until it is retired from its {@link CounterTable}; nobody may count in it afterwards.
 */
public final class CounterGroup {
    private final MemorySegment values;
    private final List<String> names;
    final long recordAt;

    CounterGroup(MemorySegment values, List<String> names, long recordAt) {
        this.values = values;
        this.names = names;
        this.recordAt = recordAt;
    }

    /** A group of its own, in no table. */
    public static CounterGroup unlisted(List<String> names) {
        MemorySegment values = Arena.ofAuto().allocate(CounterLayout.lines(8L * names.size()), CounterLayout.LINE);
        return new CounterGroup(values, List.copyOf(names), -1);
    }

    /** Adds to a counter. Only the thread that owns the group may. */
    public void add(int index, long amount) {
        long at = (long) index << 3;
        long now = (long) CounterLayout.LONGS.get(values, at) + amount;
        // opaque: a reader sees a whole value, at some time
        CounterLayout.LONGS.setOpaque(values, at, now);
    }

    /** Replaces a counter's value. Only the thread that owns the group may. */
    public void set(int index, long value) {
        CounterLayout.LONGS.setOpaque(values, (long) index << 3, value);
    }

    /** A counter's value; any thread may ask. */
    public long get(int index) {
        return (long) CounterLayout.LONGS.getOpaque(values, (long) index << 3);
    }

    /**
     * A counter's value by name.
     *
     * @throws IllegalArgumentException if the group has none of this name
     */
    public long get(String name) {
        int index = names.indexOf(name);
        if (index < 0) {
            throw new IllegalArgumentException("no counter " + name + " among " + names);
        }
        return get(index);
    }

    public List<String> names() {
        return names;
    }
}
