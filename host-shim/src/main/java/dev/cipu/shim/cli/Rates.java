package dev.cipu.shim.cli;

import dev.cipu.dataplane.CounterReader.Group;
import dev.cipu.dataplane.CounterReader.Snapshot;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** How fast counters grow: compares each snapshot with the one before. Owned by one thread. */
final class Rates {
    private static final double NANOS = 1e9;
    private static final String[] UNITS = {"", "k", "M", "G", "T", "P", "E"};
    private static final int STEP = 1000;

    private Map<String, Long> before = new HashMap<>();
    private Map<String, Long> now = new HashMap<>();
    private long beforeNanos;
    private long nowNanos;

    /** Takes the next snapshot in. */
    void update(Snapshot snapshot, long nanos) {
        before = now;
        beforeNanos = nowNanos;
        now = new HashMap<>();
        nowNanos = nanos;
        for (Group group : snapshot.groups()) {
            group.values().forEach((name, value) -> now.put(key(group.owner(), name), value));
        }
    }

    private static String key(String owner, String name) {
        return owner + "\n" + name;
    }

    /** Per second between the last two snapshots; NaN if the counter is not in both. */
    double of(String owner, String name) {
        @Nullable Long first = before.get(key(owner, name));
        @Nullable Long last = now.get(key(owner, name));
        if (first == null || last == null || nowNanos == beforeNanos) {
            return Double.NaN;
        }
        return (last - first) * NANOS / (nowNanos - beforeNanos);
    }

    /** Three digits and a unit: {@code 1.25M}. */
    static String human(double value) {
        if (Double.isNaN(value)) {
            return "-";
        }
        double scaled = value;
        int unit = 0;
        while (Math.abs(scaled) >= STEP && unit < UNITS.length - 1) {
            scaled /= STEP;
            unit++;
        }
        int digits = unit == 0 ? 0 : Math.abs(scaled) < 10 ? 2 : Math.abs(scaled) < 100 ? 1 : 0;
        return String.format(Locale.ROOT, "%." + digits + "f%s", scaled, UNITS[unit]);
    }
}
