package dev.cipu.bench.overhead;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cipu.bench.machine.Median;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.DoubleBinaryOperator;
import net.objecthunter.exp4j.Expression;
import net.objecthunter.exp4j.ExpressionBuilder;
import net.objecthunter.exp4j.function.Function;
import org.junit.jupiter.api.Test;

/** Every number can be followed to where it comes from, by somebody who has the report and nothing else. */
class OriginTest {
    private static final double MARKER = 31_337;

    private final Overhead overhead = MadeUpReport.whole().overhead();

    private static Function binary(String name, DoubleBinaryOperator operator) {
        return new Function(name, 2) {
            @Override
            public double apply(double... arguments) {
                return operator.applyAsDouble(arguments[0], arguments[1]);
            }
        };
    }

    private static double evaluate(String formula, Map<String, Double> variables) {
        Expression expression = new ExpressionBuilder(formula)
                .function(binary("min", Math::min))
                .function(binary("max", Math::max))
                .variables(variables.keySet())
                .build();
        return expression.setVariables(variables).evaluate();
    }

    @Test
    void everyFigureIsAMedianOfItsSamplesOrWhatItsFormulaGivesOrHasASource() {
        Map<Integer, Overhead.SampleRow> samples = new HashMap<>();
        overhead.samples().forEach(sample -> samples.put(sample.number(), sample));
        Map<String, Double> values = new HashMap<>();
        for (Figure figure : overhead.figures()) {
            String formula = figure.formula();
            if (!figure.samples().isEmpty()) {
                List<Double> measured = figure.samples().stream()
                        .map(number -> Objects.requireNonNull(samples.get(number))
                                .figures()
                                .get(figure.field()))
                        .toList();
                assertThat(measured).as(figure.toString()).doesNotContainNull();
                assertThat(figure.value()).as(figure.toString()).isEqualTo(Median.of(measured));
                assertThat(measured).as(figure.toString()).contains(figure.low(), figure.high());
            } else if (formula != null) {
                Map<String, Double> variables = new HashMap<>();
                figure.inputs().forEach((variable, input) -> variables.put(variable, values.get(input)));
                assertThat(variables.values()).as(figure.toString()).doesNotContainNull();
                assertThat(evaluate(formula, variables))
                        .as(figure.toString())
                        .isEqualTo(figure.value(), within(Math.abs(figure.value()) * 1e-12));
            } else {
                assertThat(figure.source()).as(figure.toString()).isNotBlank();
            }
            values.put(figure.id(), figure.value());
        }
        assertThat(values).hasSameSizeAs(overhead.figures()).hasSizeGreaterThan(500);
    }

    @Test
    void everyMarkIsAsGoodAsItSays() {
        Map<String, Figure> figures = new HashMap<>();
        overhead.figures().forEach(figure -> figures.put(figure.id(), figure));
        String measured = Figure.Mark.MEASURED.label();
        for (Figure figure : overhead.figures()) {
            if (figure.mark().equals(measured)) {
                assertThat(figure.source()).as(figure.toString()).isNull();
                assertThat(figure.inputs().values())
                        .as("what was measured is calculated from what was measured: %s", figure)
                        .allMatch(input -> Objects.requireNonNull(figures.get(input))
                                .mark()
                                .equals(measured));
            }
        }
    }

    @Test
    void verdictsAndCurvesAreAboutWhatIsThere() {
        for (Overhead.Verdict verdict : overhead.verdicts()) {
            assertThat(overhead.figure(verdict.figure())).as(verdict.toString()).isNotNull();
        }
        for (Overhead.Curve curve : overhead.curves()) {
            assertThat(overhead.samples())
                    .as(curve.toString())
                    .anyMatch(sample -> sample.number() == curve.sample()
                            && sample.work().equals(curve.work())
                            && sample.way().equals(curve.way()));
        }
    }

    /** With one and the same value in all figures the terminal's table has no other number than this. */
    @Test
    void theTableShowsNothingThatIsNotAFigure() {
        StringWriter out = new StringWriter();
        new OverheadTable(allTheSame(), new PrintWriter(out)).print();
        String numbers = out.toString();
        assertThat(numbers).contains("31,337", "31337.00", "31.3 K");
        for (String words : words()) {
            numbers = numbers.replace(words, "");
        }
        // headings: percentiles, loads, phases, and years of what is published
        numbers = numbers.replaceAll("p\\d+ us|p99 of| \\d+ %(?=[ \\n])|tail-\\d-\\d+|in 2016|Double 11", "");
        assertThat(numbers.replaceAll("31,337(\\.0)?|31337(\\.0+)?|31\\.3 K", ""))
                .doesNotContainPattern("\\d");
    }

    private List<String> words() {
        List<String> words = new ArrayList<>(overhead.missing());
        words.addAll(overhead.warnings());
        words.add(overhead.command());
        overhead.verdicts().forEach(verdict -> words.add(verdict.text()));
        overhead.works().forEach(work -> words.add(work.name()));
        return words;
    }

    private Overhead allTheSame() {
        List<Figure> figures = overhead.figures().stream()
                .map(figure -> new Figure(
                        figure.id(),
                        figure.title(),
                        MARKER,
                        figure.unit(),
                        figure.mark(),
                        figure.samples(),
                        figure.field(),
                        figure.formula(),
                        figure.inputs(),
                        figure.source(),
                        figure.low(),
                        figure.high()))
                .toList();
        return new Overhead(
                overhead.command(),
                overhead.ways(),
                overhead.works(),
                overhead.missing(),
                overhead.warnings(),
                overhead.verdicts(),
                overhead.placement(),
                figures,
                overhead.samples(),
                overhead.curves(),
                overhead.profiles());
    }
}
