package dev.cipu.shim.conform;

import dev.cipu.shim.probe.DeviceKind;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * A look at a back-end that answers for one demand or for a few that are seen together.
 *
 * @param kinds device types that it is for
 * @param ids of the demands, all of which it reports
 * @param rough whether it sends what no good driver does; such checks come last, because a back-end may die of them
 */
record Check(Set<DeviceKind> kinds, List<String> ids, boolean rough, Body body) {
    /** What is done; every connection is opened through the trial, which closes it. */
    @FunctionalInterface
    interface Body {
        void run(Trial trial);
    }

    static Check any(Body body, String... ids) {
        return new Check(EnumSet.allOf(DeviceKind.class), List.of(ids), false, body);
    }

    static Check rough(Body body, String... ids) {
        return new Check(EnumSet.allOf(DeviceKind.class), List.of(ids), true, body);
    }

    static Check net(Body body, String... ids) {
        return new Check(Set.of(DeviceKind.NET), List.of(ids), false, body);
    }

    static Check blk(Body body, String... ids) {
        return new Check(Set.of(DeviceKind.BLK), List.of(ids), false, body);
    }
}
