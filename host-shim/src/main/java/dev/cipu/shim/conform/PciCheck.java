package dev.cipu.shim.conform;

import dev.cipu.shim.probe.DeviceKind;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * A look at a function that answers for one demand or for a few that are seen together, as {@link Check} is at a back-end.
 *
 * @param rough whether it does what no good driver does; such checks come last
 */
record PciCheck(Set<DeviceKind> kinds, List<String> ids, boolean rough, Body body) {
    /** What is done; every connection is opened through the trial, which closes it. */
    @FunctionalInterface
    interface Body {
        void run(PciTrial trial);
    }

    static PciCheck any(Body body, String... ids) {
        return new PciCheck(EnumSet.allOf(DeviceKind.class), List.of(ids), false, body);
    }

    static PciCheck rough(Body body, String... ids) {
        return new PciCheck(EnumSet.allOf(DeviceKind.class), List.of(ids), true, body);
    }

    /** As it is, but reported under the wanted ids alone. */
    PciCheck narrowed(Set<String> only) {
        return new PciCheck(kinds, ids.stream().filter(only::contains).toList(), rough, body);
    }
}
