package dev.cipu.shim.sim.chart;

import java.util.Locale;

/** A drawing as text: rectangles, lines, circles and words, each with what is said when a reader points at it. */
final class Svg {
    private final StringBuilder body = new StringBuilder();
    private final int width;
    private final int height;

    Svg(int width, int height) {
        this.width = width;
        this.height = height;
    }

    /** Nothing in it may be taken for markup. */
    static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }

    Svg rectangle(double x, double y, double w, double h, String color, String tip) {
        add(
                "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" fill=\"%s\">%s</rect>%n",
                x, y, w, h, color, tip(tip));
        return this;
    }

    Svg line(double x1, double y1, double x2, double y2, String color, double thickness) {
        add(
                "<line x1=\"%.2f\" y1=\"%.2f\" x2=\"%.2f\" y2=\"%.2f\" stroke=\"%s\" stroke-width=\"%.1f\"/>%n",
                x1, y1, x2, y2, color, thickness);
        return this;
    }

    Svg circle(double x, double y, double r, String color, String tip) {
        add("<circle cx=\"%.2f\" cy=\"%.2f\" r=\"%.1f\" fill=\"%s\">%s</circle>%n", x, y, r, color, tip(tip));
        return this;
    }

    /** Words that begin, end or have their middle at {@code x}: start, end or middle. */
    Svg text(double x, double y, String anchor, String words) {
        add("<text x=\"%.2f\" y=\"%.2f\" text-anchor=\"%s\">%s</text>%n", x, y, anchor, escape(words));
        return this;
    }

    private static String tip(String words) {
        return words.isEmpty() ? "" : "<title>" + escape(words) + "</title>";
    }

    private void add(String format, Object... parts) {
        body.append(String.format(Locale.ROOT, format.replace("%n", "\n"), parts));
    }

    /** All of it. */
    String finish() {
        return String.format(
                        Locale.ROOT,
                        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\""
                                + " font-family=\"sans-serif\" font-size=\"12\">\n",
                        width,
                        height,
                        width,
                        height)
                + body + "</svg>\n";
    }
}
