package dev.cipu.shim.sim.sweep;

/**
 * What a sweep wants to have more, or less, of.
 *
 * @param name of a metric, or of an axis with numbers
 */
record Objective(String name, boolean most) {
    /** The value as one that should be large. */
    double worth(Row row) {
        double value = row.number(name);
        return most ? value : -value;
    }
}
