package dev.cipu.shim.conform;

import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * A check that is about to be run.
 *
 * @param ids of the demands, all of which it reports
 * @param rough whether a device may die of it
 * @param open makes the run
 */
record Step(List<String> ids, boolean rough, Supplier<Run> open) {
    /** Findings that are empty, and what fills them. */
    record Run(Findings findings, Runnable body) {}

    static <T extends Findings> Step of(List<String> ids, boolean rough, Supplier<T> open, Consumer<T> body) {
        return new Step(ids, rough, () -> {
            T findings = open.get();
            return new Run(findings, () -> body.accept(findings));
        });
    }
}
