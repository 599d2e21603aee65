package dev.cipu.shim.conform;

import java.util.function.Consumer;

/** A device under examination: what it is, and then what it does. */
public interface Examination {
    /** One line about the device. */
    String describe();

    /** Runs the checks; {@code each} hears of every result at once. */
    ConformReport run(Consumer<CheckResult> each);
}
