package dev.cipu.shim.sim.validation;

import dev.cipu.shim.profile.CardProfiles;
import dev.cipu.shim.sim.Experiment;
import dev.cipu.shim.sim.LoadLevel;
import dev.cipu.shim.sim.NamedWorkload;
import dev.cipu.shim.sim.Parallel;
import dev.cipu.shim.sim.Setting;
import dev.cipu.shim.sim.Workloads;
import dev.cipu.sim.event.Picos;
import dev.cipu.sim.model.Workload;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * The model held against every published figure that it covers; the figures are a file of data.
 *
 * @param checks one a figure, in the file's order
 * @param medianError of all errors' sizes
 * @param medianPredicted of those of figures that nothing was set from
 */
public record Validation(List<Check> checks, double medianError, double medianPredicted) {
    private static final String FILE = "figures.yaml";
    private static final long SEED = 1;
    private static final long PACKETS_FOR = 2 * Picos.MILLI;
    private static final long REQUESTS_FOR = 20 * Picos.MILLI;

    /** The file. */
    private record Form(Map<String, String> sources, List<Row> figures) {}

    private record Row(
            String what,
            double value,
            @Nullable Double upTo,
            String unit,
            String mark,
            String source,
            String how,
            String from,
            String card,
            @Nullable List<String> set,
            String workload,
            @Nullable String format,
            @Nullable Integer queues,
            @Nullable Integer depth,
            @Nullable Integer batch,
            @Nullable String load,
            String metric) {
        Check check(Map<String, String> sources) {
            Experiment experiment = experiment();
            double model = Metric.of(metric).of(experiment, experiment.run());
            double high = upTo == null ? value : upTo;
            return new Check(
                    what,
                    value,
                    upTo,
                    unit,
                    mark,
                    Objects.requireNonNull(sources.get(source), source),
                    how.equals("fitted"),
                    from,
                    card,
                    command(),
                    model,
                    Check.error(model, value, high));
        }

        private Experiment experiment() {
            NamedWorkload named = Workloads.named(workload);
            Workload common = named.workload();
            Workload changed = new Workload(
                    common.kind(),
                    common.bytes(),
                    queues == null ? common.queues() : queues,
                    depth == null ? common.depth() : depth,
                    format == null ? common.format() : Workloads.format(format),
                    batch == null ? common.batch() : batch,
                    0,
                    common.flows(),
                    common.interrupts(),
                    common.indirect());
            return new Experiment(
                    Setting.apply(
                            CardProfiles.named(card),
                            settings().stream().map(Setting::parse).toList()),
                    new NamedWorkload(named.name(), named.title(), changed),
                    LoadLevel.parse("load", load == null ? "max" : load),
                    SEED,
                    common.kind().isPacket() ? PACKETS_FOR : REQUESTS_FOR);
        }

        private List<String> settings() {
            return set == null ? List.of() : set;
        }

        /** What a user would say. */
        private String command() {
            StringBuilder command = new StringBuilder("cipu sim run --card " + card + " --workload " + workload);
            settings().forEach(each -> command.append(" --set ").append(each));
            option(command, "--format", format);
            option(command, "--queues", queues);
            option(command, "--depth", depth);
            option(command, "--batch", batch);
            option(command, "--load", load);
            return command.toString();
        }

        private static void option(StringBuilder command, String name, @Nullable Object value) {
            if (value != null) {
                command.append(' ').append(name).append(' ').append(value);
            }
        }
    }

    /** Runs all of it, on so many threads; the result is the same on any number. */
    public static Validation run(int threads) {
        Form form = read();
        List<Check> checks = Parallel.map(form.figures(), threads, row -> row.check(form.sources()));
        return new Validation(
                checks,
                median(checks),
                median(checks.stream().filter(each -> !each.fitted()).toList()));
    }

    /** Those of which the model is furthest off, the worst first. */
    public List<Check> worst(int count) {
        return checks.stream()
                .sorted(Comparator.comparingDouble((Check each) -> Math.abs(each.error()))
                        .reversed())
                .limit(count)
                .toList();
    }

    /** How many figures nothing was set from. */
    public long predicted() {
        return checks.stream().filter(each -> !each.fitted()).count();
    }

    private static double median(List<Check> checks) {
        double[] sizes = checks.stream()
                .mapToDouble(each -> Math.abs(each.error()))
                .sorted()
                .toArray();
        return (sizes[(sizes.length - 1) / 2] + sizes[sizes.length / 2]) / 2;
    }

    private static Form read() {
        try (InputStream in = Validation.class.getResourceAsStream(FILE)) {
            if (in == null) {
                throw new IllegalStateException("the program lacks " + FILE);
            }
            return YAMLMapper.builder()
                    .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                    .build()
                    .readValue(in, Form.class);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
