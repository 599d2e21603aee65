package dev.cipu.shim.trace;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A few things, each with a number as its key, in the order of these. To look one up makes no object, for it is done for every record of
 * a trace. One thread.
 *
 * @param <T> the things
 */
public final class ByKey<T> {
    private long[] keys = new long[16];
    private final List<T> values = new ArrayList<>();

    /** What has this key, null if nothing has. */
    public @Nullable T get(long key) {
        int at = find(key);
        return at < 0 ? null : values.get(at);
    }

    /** Adds {@code value}, and returns it; nothing may have its key yet. */
    public T add(long key, T value) {
        int at = -1 - find(key);
        if (at < 0) {
            throw new IllegalArgumentException("key " + key + " a second time");
        }
        int size = values.size();
        if (size == keys.length) {
            keys = Arrays.copyOf(keys, 2 * size);
        }
        System.arraycopy(keys, at, keys, at + 1, size - at);
        keys[at] = key;
        values.add(at, value);
        return value;
    }

    private int find(long key) {
        return Arrays.binarySearch(keys, 0, values.size(), key);
    }

    public int size() {
        return values.size();
    }

    /** All of them, by their keys. */
    public List<T> values() {
        return List.copyOf(values);
    }
}
