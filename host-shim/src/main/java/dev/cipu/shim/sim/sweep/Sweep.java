package dev.cipu.shim.sim.sweep;

import dev.cipu.shim.sim.Amounts;
import dev.cipu.shim.sim.Experiment;
import dev.cipu.shim.sim.Parallel;
import dev.cipu.shim.sim.SimException;
import dev.cipu.sim.model.Result;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * Runs the points of a sweep, one simulation a thread. What comes of a point depends on nothing but the point, so the order in which
 * they end does not matter. Points that the file has already are not run again: a point is known by the timing that it gives the
 * card, its workload, load, seed and duration, so that a file outlives changes of the sweep.
 */
public final class Sweep {
    private final SweepSpec spec;
    private final Path csv;
    private final int threads;

    /** Hears of each point that ended, from any thread. */
    public interface Progress {
        void ended(int done, int all);
    }

    /** A point, and what is run for it; without an experiment, the reason why there is none. */
    private record Point(Map<String, String> values, String key, Work work) {}

    /** What a point asks for. */
    private sealed interface Work {
        record Run(Experiment experiment) implements Work {}

        record Impossible(String reason) implements Work {}
    }

    public Sweep(SweepSpec spec, Path csv, int threads) {
        this.spec = spec;
        this.csv = csv;
        this.threads = threads;
    }

    /** Runs what has not been run yet, and returns the rows of all points, in their order. */
    public SweepResult run(Progress progress) {
        List<Point> points = spec.points().stream().map(this::point).toList();
        ResultFile file = new ResultFile(csv, columns());
        Map<String, Row> known = file.begin();
        List<Point> open =
                points.stream().filter(each -> !known.containsKey(each.key())).toList();
        int before = points.size() - open.size();
        progress.ended(before, points.size());
        Map<String, Row> rows = new LinkedHashMap<>(known);
        Object lock = new Object();
        int[] done = {before};
        Parallel.map(open, threads, point -> {
            Row row = row(point);
            synchronized (lock) {
                file.append(row);
                rows.put(point.key(), row);
                progress.ended(++done[0], points.size());
            }
            return row;
        });
        List<Row> all = new ArrayList<>();
        for (Point point : points) {
            Row row = rows.get(point.key());
            if (row == null) {
                throw new IllegalStateException("a point was not run");
            }
            all.add(row);
        }
        file.finish(all);
        return new SweepResult(
                spec.title(),
                spec.axes().stream().map(Axis::name).toList(),
                spec.objectives(),
                before,
                all,
                ParetoFront.of(all, spec.objectives()));
    }

    private List<String> columns() {
        return Stream.of(
                        spec.axes().stream().map(Axis::name),
                        Metric.keys().stream(),
                        Stream.of(Row.BINDING, Row.ERROR, Row.KEY))
                .flatMap(each -> each)
                .toList();
    }

    private Point point(Map<String, String> values) {
        Work work;
        String identity;
        try {
            Experiment experiment = spec.experiment(values);
            identity = experiment.timing() + " " + experiment.named() + " " + experiment.load();
            work = new Work.Run(experiment);
        } catch (SimException e) {
            identity = String.valueOf(e.getMessage());
            work = new Work.Impossible(identity);
        }
        String whole = values + " " + identity + " " + spec.seed() + " " + spec.duration();
        String key = UUID.nameUUIDFromBytes(whole.getBytes(StandardCharsets.UTF_8))
                .toString()
                .substring(0, 13);
        return new Point(values, key, work);
    }

    private static Row row(Point point) {
        Map<String, String> values = new LinkedHashMap<>(point.values());
        switch (point.work()) {
            case Work.Impossible no -> values.put(Row.ERROR, no.reason());
            case Work.Run run -> {
                try {
                    Result result = run.experiment().run();
                    for (Metric metric : Metric.values()) {
                        values.put(metric.key(), Amounts.plain(metric.of(result)));
                    }
                    values.put(Row.BINDING, result.binding().name());
                } catch (SimException e) {
                    values.put(Row.ERROR, String.valueOf(e.getMessage()));
                }
            }
        }
        values.put(Row.KEY, point.key());
        return new Row(values);
    }
}
