package dev.cipu.shim.sim.sweep;

import java.util.Map;

/**
 * A point of a sweep that was run.
 *
 * @param values by column: those of the axes, and what came of the run, as the file has them
 */
public record Row(Map<String, String> values) {
    static final String KEY = "key";
    static final String BINDING = "binding";
    static final String ERROR = "error";

    String text(String column) {
        return values.getOrDefault(column, "");
    }

    /** NaN where there is no number. */
    double number(String column) {
        try {
            return Double.parseDouble(text(column));
        } catch (NumberFormatException e) {
            return Double.NaN;
        }
    }

    /** Why there is no result; empty if there is one. */
    String error() {
        return text(ERROR);
    }
}
