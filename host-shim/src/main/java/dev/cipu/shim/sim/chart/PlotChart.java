package dev.cipu.shim.sim.chart;

import java.util.List;
import java.util.function.ToDoubleFunction;

/** Points over two axes, those of a series joined or not; an axis whose values lie far apart is logarithmic. */
public final class PlotChart {
    private static final int LEFT = 90;
    private static final int TOP = 12;
    private static final int WIDTH = 520;
    private static final int HEIGHT = 300;
    private static final int BOTTOM = 46;
    private static final int LEGEND = 230;
    private static final int TICKS = 5;
    private static final double FAR = 20;

    /** A point, with what is said of it. */
    public record Point(double x, double y, String words) {}

    /** Points that belong together. */
    public record Series(String name, List<Point> points, boolean joined) {}

    /** An axis: where a value lies between 0 and 1. */
    private record Scale(double low, double high, boolean logarithmic) {
        static Scale of(List<Series> all, ToDoubleFunction<Point> value) {
            double[] values = all.stream()
                    .flatMap(each -> each.points().stream())
                    .mapToDouble(value)
                    .sorted()
                    .toArray();
            if (values.length == 0) {
                return new Scale(0, 1, false);
            }
            double low = values[0];
            double high = values[values.length - 1];
            if (low > 0 && high / low > FAR) {
                return new Scale(low, high, true);
            }
            double bottom = Math.min(0, low);
            return new Scale(bottom, high > bottom ? high : bottom + 1, false);
        }

        double place(double value) {
            return logarithmic
                    ? StrictMath.log(value / low) / StrictMath.log(high / low)
                    : (value - low) / (high - low);
        }

        double at(double place) {
            return logarithmic ? low * StrictMath.pow(high / low, place) : low + place * (high - low);
        }
    }

    /** Makes words of a value of an axis. */
    public interface Words {
        String of(double value);
    }

    private PlotChart() {}

    public static String of(String xTitle, Words xWords, String yTitle, Words yWords, List<Series> all) {
        Svg svg = new Svg(LEFT + WIDTH + LEGEND, TOP + HEIGHT + BOTTOM);
        Scale xs = Scale.of(all, Point::x);
        Scale ys = Scale.of(all, Point::y);
        for (int i = 0; i <= TICKS; i++) {
            double place = (double) i / TICKS;
            double x = LEFT + place * WIDTH;
            double y = TOP + (1 - place) * HEIGHT;
            svg.line(x, TOP, x, TOP + HEIGHT, Palette.GRID, 1);
            svg.line(LEFT, y, LEFT + WIDTH, y, Palette.GRID, 1);
            svg.text(x, TOP + HEIGHT + 16, "middle", xWords.of(xs.at(place)));
            svg.text(LEFT - 6, y + 4, "end", yWords.of(ys.at(place)));
        }
        svg.line(LEFT, TOP + HEIGHT, LEFT + WIDTH, TOP + HEIGHT, Palette.AXIS, 1);
        svg.line(LEFT, TOP, LEFT, TOP + HEIGHT, Palette.AXIS, 1);
        svg.text(LEFT + WIDTH / 2.0, TOP + HEIGHT + 36, "middle", xTitle + (xs.logarithmic() ? " (logarithmic)" : ""));
        svg.text(LEFT + WIDTH + 14, TOP + 10, "start", yTitle + (ys.logarithmic() ? " (logarithmic)" : ""));
        for (int i = 0; i < all.size(); i++) {
            draw(svg, all.get(i), Palette.color(i), xs, ys);
            double y = TOP + 34 + i * 18.0;
            if (y < TOP + HEIGHT) {
                svg.rectangle(LEFT + WIDTH + 14, y - 9, 10, 10, Palette.color(i), "");
                svg.text(LEFT + WIDTH + 30, y, "start", all.get(i).name());
            }
        }
        return svg.finish();
    }

    private static void draw(Svg svg, Series series, String color, Scale xs, Scale ys) {
        double beforeX = 0;
        double beforeY = 0;
        boolean first = true;
        for (Point point : series.points()) {
            double x = LEFT + xs.place(point.x()) * WIDTH;
            double y = TOP + (1 - ys.place(point.y())) * HEIGHT;
            if (series.joined() && !first) {
                svg.line(beforeX, beforeY, x, y, color, 2);
            }
            svg.circle(x, y, 3.5, color, point.words());
            beforeX = x;
            beforeY = y;
            first = false;
        }
    }
}
