package dev.cipu.shim.torture;

import dev.cipu.shim.probe.DeviceKind;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.Consumer;

/**
 * One hostile thing to do.
 *
 * @param <E> what it is done by
 * @param number stable
 * @param text what it does, a few words
 * @param body what is done; it reports how that is taken
 */
record Attack<E extends Encounter>(int number, Set<DeviceKind> kinds, String text, Consumer<E> body) {

    static <E extends Encounter> Attack<E> any(int number, String text, Consumer<E> body) {
        return new Attack<>(number, EnumSet.allOf(DeviceKind.class), text, body);
    }

    static <E extends Encounter> Attack<E> net(int number, String text, Consumer<E> body) {
        return new Attack<>(number, Set.of(DeviceKind.NET), text, body);
    }

    static <E extends Encounter> Attack<E> blk(int number, String text, Consumer<E> body) {
        return new Attack<>(number, Set.of(DeviceKind.BLK), text, body);
    }
}
