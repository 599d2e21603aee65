package dev.cipu.shim.conform;

import dev.cipu.shim.probe.DeviceKind;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A look at a device that answers for one demand or for a few that are seen together.
 *
 * @param <T> what it works with: the trial of a back-end, or of a PCI function
 * @param kinds device types that it is for
 * @param ids of the demands, all of which it reports
 * @param rough whether it does what no good driver does; such checks come last, because a device may die of them
 */
record Check<T extends Findings>(Set<DeviceKind> kinds, List<String> ids, boolean rough, Body<T> body) {
    /** What is done; every connection is opened through the trial, which closes it. */
    @FunctionalInterface
    interface Body<T> {
        void run(T trial);
    }

    static <T extends Findings> Check<T> any(Body<T> body, String... ids) {
        return new Check<>(EnumSet.allOf(DeviceKind.class), List.of(ids), false, body);
    }

    static <T extends Findings> Check<T> rough(Body<T> body, String... ids) {
        return new Check<>(EnumSet.allOf(DeviceKind.class), List.of(ids), true, body);
    }

    static <T extends Findings> Check<T> net(Body<T> body, String... ids) {
        return new Check<>(Set.of(DeviceKind.NET), List.of(ids), false, body);
    }

    static <T extends Findings> Check<T> blk(Body<T> body, String... ids) {
        return new Check<>(Set.of(DeviceKind.BLK), List.of(ids), false, body);
    }

    /** All of them, in the order in which they are run. */
    static <T extends Findings> List<Check<T>> inOrder(Stream<List<Check<T>>> groups) {
        return groups.flatMap(List::stream)
                .sorted(Comparator.comparing(Check::rough))
                .toList();
    }

    /** The ids that checks of this device type answer for. */
    static <T extends Findings> Set<String> ids(List<Check<T>> checks, DeviceKind kind) {
        Set<String> ids = new LinkedHashSet<>();
        checks.stream().filter(check -> check.kinds.contains(kind)).forEach(check -> ids.addAll(check.ids));
        return ids;
    }

    /**
     * Those for a device type, reported under the wanted ids alone.
     *
     * @param only wanted ids; empty for all
     * @throws IllegalArgumentException if no check has one of them
     */
    static <T extends Findings> List<Check<T>> chosen(List<Check<T>> checks, DeviceKind kind, Set<String> only) {
        Set<String> known = ids(checks, kind);
        for (String id : only) {
            if (!known.contains(id)) {
                throw new IllegalArgumentException("no check of a " + kind.word() + " device has the id " + id);
            }
        }
        return checks.stream()
                .filter(check -> check.kinds.contains(kind))
                .filter(check -> only.isEmpty() || check.ids.stream().anyMatch(only::contains))
                .map(check -> only.isEmpty() ? check : check.narrowed(only))
                .toList();
    }

    private Check<T> narrowed(Set<String> only) {
        return new Check<>(kinds, ids.stream().filter(only::contains).toList(), rough, body);
    }
}
