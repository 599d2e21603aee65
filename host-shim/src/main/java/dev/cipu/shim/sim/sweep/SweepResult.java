package dev.cipu.shim.sim.sweep;

import dev.cipu.shim.sim.Amounts;
import dev.cipu.shim.sim.chart.Page;
import dev.cipu.shim.sim.chart.PlotChart;
import dev.cipu.shim.sim.chart.PlotChart.Point;
import dev.cipu.shim.sim.chart.PlotChart.Series;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What came of a sweep.
 *
 * @param known points that an earlier run had left in the file
 * @param rows of all points, in their order
 * @param front those that nothing beats in all objectives
 */
public record SweepResult(
        String title, List<String> axes, List<Objective> objectives, int known, List<Row> rows, List<Row> front) {
    /** More rows than this are not all shown. */
    private static final int ROWS_MOST = 40;

    /** More lines than this cannot be told apart. */
    private static final int SERIES_MOST = 8;

    /** For people: the points that nothing beats, with all others if there are few. */
    public void print(PrintWriter out) {
        long failed = rows.stream().filter(row -> !row.error().isEmpty()).count();
        out.println(title + ": " + rows.size() + " points" + (known > 0 ? ", " + known + " of them known before" : "")
                + (failed > 0 ? ", " + failed + " impossible" : ""));
        List<Row> shown = rows.size() <= ROWS_MOST ? rows : front;
        out.println("Nothing beats " + (shown.size() > front.size() ? "those with a star" : "these") + " in all of "
                + objectives.stream().map(SweepResult::words).collect(Collectors.joining(", ")) + ":");
        out.println();
        List<String> head = head();
        List<List<String>> lines = new ArrayList<>();
        lines.add(line(" ", head));
        shown.forEach(row -> lines.add(line(front.contains(row) ? "*" : " ", cells(row, head))));
        int[] widths = new int[head.size() + 1];
        for (List<String> line : lines) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], line.get(i).length());
            }
        }
        for (List<String> line : lines) {
            StringBuilder text = new StringBuilder();
            for (int i = 0; i < widths.length; i++) {
                text.append(line.get(i))
                        .append(" ".repeat(widths[i] - line.get(i).length() + (i == 0 ? 1 : 2)));
            }
            out.println(text.toString().stripTrailing());
        }
        rows.stream()
                .map(Row::error)
                .filter(error -> !error.isEmpty())
                .distinct()
                .limit(3)
                .forEach(error -> out.println("impossible: " + error));
        out.flush();
    }

    private static List<String> line(String mark, List<String> cells) {
        return Stream.concat(Stream.of(mark), cells.stream()).toList();
    }

    private static String words(Objective objective) {
        return (objective.most() ? "most " : "least ") + objective.name();
    }

    private List<String> head() {
        return Stream.of(
                        axes.stream(),
                        objectives.stream().map(Objective::name).filter(name -> !axes.contains(name)),
                        Stream.of(Row.BINDING))
                .flatMap(each -> each)
                .toList();
    }

    private static List<String> cells(Row row, List<String> head) {
        return head.stream()
                .map(column -> Metric.keys().contains(column) ? shown(column, row.number(column)) : row.text(column))
                .toList();
    }

    private static String shown(String column, double value) {
        if (Double.isNaN(value)) {
            return "";
        }
        return column.endsWith("_ns") ? Amounts.nanos(value) : Amounts.count(value);
    }

    /** A page: each objective over the first axis with numbers, each pair of objectives, and the front. */
    public Page page() {
        Page page = new Page(title);
        page.paragraph(rows.size() + " points; nothing beats " + front.size() + " of them in all objectives.");
        String x = axes.stream()
                .filter(axis -> rows.stream().anyMatch(row -> !Double.isNaN(row.number(axis))))
                .findFirst()
                .orElse("");
        for (Objective each : objectives) {
            if (!x.isEmpty() && !each.name().equals(x)) {
                page.heading(each.name() + " over " + x).chart(over(x, each.name()));
            }
        }
        for (int i = 0; i + 1 < objectives.size(); i++) {
            String one = objectives.get(i).name();
            String other = objectives.get(i + 1).name();
            page.heading(other + " against " + one).chart(against(one, other));
        }
        List<String> head = head();
        page.heading("What nothing beats")
                .table(head, front.stream().map(row -> cells(row, head)).toList());
        return page;
    }

    private String over(String x, String y) {
        Map<String, List<Row>> groups = new LinkedHashMap<>();
        for (Row row : with(x, y)) {
            String rest = axes.stream()
                    .filter(axis -> !axis.equals(x))
                    .map(axis -> axis + " " + row.text(axis))
                    .collect(Collectors.joining(", "));
            groups.computeIfAbsent(rest, _ -> new ArrayList<>()).add(row);
        }
        List<Series> series = new ArrayList<>();
        if (groups.size() <= SERIES_MOST) {
            groups.forEach((name, members) -> series.add(new Series(name, points(members, x, y), true)));
        } else {
            series.add(new Series("all points", points(with(x, y), x, y), false));
        }
        return PlotChart.of(x, Amounts::count, y, Amounts::count, series);
    }

    private String against(String one, String other) {
        List<Row> best = front.stream()
                .sorted(Comparator.comparingDouble(row -> row.number(one)))
                .toList();
        return PlotChart.of(
                one,
                Amounts::count,
                other,
                Amounts::count,
                List.of(
                        new Series("all points", points(with(one, other), one, other), false),
                        new Series("what nothing beats", points(best, one, other), objectives.size() == 2)));
    }

    private List<Row> with(String x, String y) {
        return rows.stream()
                .filter(row -> !Double.isNaN(row.number(x)) && !Double.isNaN(row.number(y)))
                .toList();
    }

    private List<Point> points(List<Row> some, String x, String y) {
        return some.stream()
                .map(row -> new Point(
                        row.number(x),
                        row.number(y),
                        axes.stream().map(axis -> axis + " " + row.text(axis)).collect(Collectors.joining(", ")) + ": "
                                + shown(y, row.number(y)) + ", " + row.text(Row.BINDING)))
                .toList();
    }
}
