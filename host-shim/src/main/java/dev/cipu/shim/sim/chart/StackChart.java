package dev.cipu.shim.sim.chart;

import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleFunction;

/** Rows of which each is a stack of parts, lying: where the time of a packet goes. */
public final class StackChart {
    private static final int LABEL = 170;
    private static final int BARS = 620;
    private static final int ROW = 34;
    private static final int BAR = 22;
    private static final int LEGEND_ROW = 20;
    private static final int LEGEND_COLUMN = 190;
    private static final int LEGEND_COLUMNS = 4;

    /** A part of a row. */
    public record Segment(String name, double value) {}

    /** A row. */
    public record Row(String label, List<Segment> segments) {
        double total() {
            return segments.stream().mapToDouble(Segment::value).sum();
        }
    }

    private StackChart() {}

    /**
     * The chart.
     *
     * @param unit makes words of a value
     */
    public static String of(List<Row> rows, DoubleFunction<String> unit) {
        List<String> names = names(rows);
        int legendRows = (names.size() + LEGEND_COLUMNS - 1) / LEGEND_COLUMNS;
        int legendAt = rows.size() * ROW + 20;
        Svg svg = new Svg(LABEL + BARS + 90, legendAt + legendRows * LEGEND_ROW);
        double most = rows.stream().mapToDouble(Row::total).max().orElse(0);
        for (int i = 0; i < rows.size(); i++) {
            Row row = rows.get(i);
            double y = i * ROW;
            svg.text(LABEL - 8, y + 16, "end", row.label());
            double x = LABEL;
            for (Segment segment : row.segments()) {
                double width = most == 0 ? 0 : segment.value() / most * BARS;
                svg.rectangle(
                        x,
                        y,
                        width,
                        BAR,
                        Palette.color(names.indexOf(segment.name())),
                        segment.name() + ": " + unit.apply(segment.value()));
                x += width;
            }
            svg.text(x + 6, y + 16, "start", unit.apply(row.total()));
        }
        for (int i = 0; i < names.size(); i++) {
            int legendRow = i / LEGEND_COLUMNS;
            int x = LABEL + i % LEGEND_COLUMNS * LEGEND_COLUMN;
            int y = legendAt + legendRow * LEGEND_ROW;
            svg.rectangle(x, y, 12, 12, Palette.color(i), "");
            svg.text(x + 18, y + 10, "start", names.get(i));
        }
        return svg.finish();
    }

    private static List<String> names(List<Row> rows) {
        List<String> names = new ArrayList<>();
        for (Row row : rows) {
            for (Segment segment : row.segments()) {
                if (!names.contains(segment.name())) {
                    names.add(segment.name());
                }
            }
        }
        return names;
    }
}
