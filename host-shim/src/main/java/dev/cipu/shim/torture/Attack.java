package dev.cipu.shim.torture;

import dev.cipu.shim.probe.DeviceKind;
import java.util.EnumSet;
import java.util.Set;

/**
 * One hostile thing to do.
 *
 * @param number stable
 * @param text what it does, a few words
 */
record Attack(int number, Set<DeviceKind> kinds, String text, Body body) {
    /** What is done; it reports how the back-end takes it. */
    @FunctionalInterface
    interface Body {
        void run(Assault assault);
    }

    static Attack any(int number, String text, Body body) {
        return new Attack(number, EnumSet.allOf(DeviceKind.class), text, body);
    }

    static Attack net(int number, String text, Body body) {
        return new Attack(number, Set.of(DeviceKind.NET), text, body);
    }

    static Attack blk(int number, String text, Body body) {
        return new Attack(number, Set.of(DeviceKind.BLK), text, body);
    }
}
