package dev.cipu.bench.overhead;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A number of the report and where it comes from: samples, a formula over other figures, or a source.
 *
 * @param id names it: for what is measured {@code work/way/figure}
 * @param title for people
 * @param value of it
 * @param unit of the value
 * @param mark how much it is worth
 * @param samples numbers of the samples whose median it is, empty if it is none
 * @param field the figure of these samples
 * @param formula what it is calculated by, null if it is not
 * @param inputs the formula's variables and the ids of the figures that they stand for
 * @param source who published it and where, or which record of ours says so; null if it has none
 * @param low the smallest of the samples
 * @param high the largest of the samples
 */
record Figure(
        String id,
        String title,
        double value,
        String unit,
        String mark,
        List<Integer> samples,
        @Nullable String field,
        @Nullable String formula,
        Map<String, String> inputs,
        @Nullable String source,
        @Nullable Double low,
        @Nullable Double high) {
    /** How much a figure is worth. */
    enum Mark {
        /** By us, here, now; or a formula over such figures alone. */
        MEASURED,
        /** Read elsewhere. */
        PUBLISHED,
        /** A formula that goes beyond what was measured. */
        EXTRAPOLATED,
        /** Counted in the source: so the code is made, and no run changes it. */
        BY_DESIGN;

        String label() {
            return name().toLowerCase(Locale.ROOT).replace('_', ' ');
        }
    }
}
