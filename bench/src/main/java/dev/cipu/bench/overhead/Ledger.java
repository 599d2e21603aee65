package dev.cipu.bench.overhead;

import dev.cipu.bench.machine.Median;
import dev.cipu.bench.overhead.Figure.Mark;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import net.objecthunter.exp4j.Expression;
import net.objecthunter.exp4j.ExpressionBuilder;
import net.objecthunter.exp4j.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * All figures of a report. A figure gets in as a median of samples, with a source, or as a formula, which is what computes
 * it: none can be written down without saying where it comes from.
 */
final class Ledger {
    private static final Function MIN = new Function("min", 2) {
        @Override
        public double apply(double... arguments) {
            return Math.min(arguments[0], arguments[1]);
        }
    };

    private static final Function MAX = new Function("max", 2) {
        @Override
        public double apply(double... arguments) {
            return Math.max(arguments[0], arguments[1]);
        }
    };

    private final Map<String, Figure> figures = new LinkedHashMap<>();

    /**
     * The median of a field of samples.
     *
     * @param samples those that count, by their numbers
     * @param field what they are asked for
     */
    void measured(String id, String title, String unit, Map<Integer, Double> samples, String field) {
        Collection<Double> values = samples.values();
        add(new Figure(
                id,
                title,
                Median.of(values),
                unit,
                Mark.MEASURED.label(),
                List.copyOf(samples.keySet()),
                field,
                null,
                Map.of(),
                null,
                Collections.min(values),
                Collections.max(values)));
    }

    void published(String id, String title, double value, String unit, String source) {
        sourced(id, title, value, unit, Mark.PUBLISHED, source);
    }

    /** What is so by the way the code is made. */
    void byDesign(String id, String title, double value, String unit, String source) {
        sourced(id, title, value, unit, Mark.BY_DESIGN, source);
    }

    /** What the user has chosen to reckon with. */
    void assumed(String id, String title, double value, String unit, String option) {
        sourced(id, title, value, unit, Mark.EXTRAPOLATED, "an assumption, see " + option);
    }

    private void sourced(String id, String title, double value, String unit, Mark mark, String source) {
        add(new Figure(id, title, value, unit, mark.label(), List.of(), null, null, Map.of(), source, null, null));
    }

    /**
     * What a formula gives.
     *
     * @param formula with + - * / ( ) ceil floor min max and one variable for each input
     * @param inputs ids of figures by the formula's variables
     */
    void derived(String id, String title, String unit, Mark mark, String formula, Map<String, String> inputs) {
        Expression expression = new ExpressionBuilder(formula)
                .function(MIN)
                .function(MAX)
                .variables(inputs.keySet())
                .build();
        inputs.forEach((variable, input) -> expression.setVariable(variable, value(input)));
        add(new Figure(
                id,
                title,
                expression.evaluate(),
                unit,
                mark.label(),
                List.of(),
                null,
                formula,
                Map.copyOf(inputs),
                null,
                null,
                null));
    }

    private void add(Figure figure) {
        if (figures.putIfAbsent(figure.id(), figure) != null) {
            throw new IllegalStateException("two figures called " + figure.id());
        }
    }

    boolean has(String id) {
        return figures.containsKey(id);
    }

    /** A figure's value. */
    double value(String id) {
        Figure figure = figures.get(id);
        if (figure == null) {
            throw new IllegalStateException("no figure called " + id);
        }
        return figure.value();
    }

    @Nullable
    Figure find(String id) {
        return figures.get(id);
    }

    /** All of them, in the order in which they came. */
    List<Figure> all() {
        return List.copyOf(figures.values());
    }
}
