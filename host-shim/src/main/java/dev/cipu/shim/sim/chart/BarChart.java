package dev.cipu.shim.sim.chart;

import java.util.List;

/** Lying bars, each with a label before and words behind it. */
public final class BarChart {
    private static final int LABEL = 220;
    private static final int BARS = 420;
    private static final int ROW = 24;
    private static final int BAR = 16;

    /** A bar. */
    public record Bar(String label, double value, String words) {}

    private BarChart() {}

    /**
     * The chart.
     *
     * @param most the value of a bar of full length
     */
    public static String of(List<Bar> bars, double most) {
        Svg svg = new Svg(LABEL + BARS + 240, bars.size() * ROW);
        for (int i = 0; i < bars.size(); i++) {
            Bar bar = bars.get(i);
            double y = i * ROW;
            double width = most == 0 ? 0 : Math.min(1, bar.value() / most) * BARS;
            svg.text(LABEL - 8, y + 13, "end", bar.label());
            svg.rectangle(LABEL, y, BARS, BAR, "#eeeeee", "");
            svg.rectangle(LABEL, y, width, BAR, Palette.color(i == 0 ? 3 : 0), bar.words());
            svg.text(LABEL + BARS + 8, y + 13, "start", bar.words());
        }
        return svg.finish();
    }
}
