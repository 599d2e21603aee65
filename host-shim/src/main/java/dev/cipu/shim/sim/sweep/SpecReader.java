package dev.cipu.shim.sim.sweep;

import dev.cipu.shim.sim.Amounts;
import dev.cipu.shim.sim.SimException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DatabindException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.exc.PropertyBindingException;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** Reads what a sweep is to do from YAML. Strict: what is not known is an error with the file and the key. */
public final class SpecReader {
    private static final int MOST_STEPS = 10_000;

    /** The file. */
    private record Form(
            @Nullable String title,
            @Nullable String card,
            @Nullable String workload,
            @Nullable String load,
            @Nullable Map<String, JsonNode> set,
            @Nullable Map<String, JsonNode> vary,
            @Nullable Integer random,
            @Nullable Map<String, String> objectives,
            @Nullable Long seed,
            @Nullable String duration) {}

    private SpecReader() {}

    /**
     * The sweep of a file.
     *
     * @throws UncheckedIOException if the file cannot be read
     * @throws SimException if its content makes no sense
     */
    public static SweepSpec read(Path file) {
        try {
            return parse(file, Files.readString(file));
        } catch (CharacterCodingException e) {
            throw new SimException(file + ": this is no text in UTF-8; give a sweep in YAML", e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static SweepSpec parse(Path file, String text) {
        try {
            Form form = YAMLMapper.builder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                    .build()
                    .readValue(text, Form.class);
            if (form == null) {
                throw new SimException("the file is empty; see docs/sim.md for an example");
            }
            return spec(form, String.valueOf(file.getFileName()));
        } catch (SimException e) {
            throw new SimException(file + ": " + e.getMessage(), e);
        } catch (PropertyBindingException e) {
            throw new SimException(
                    file + ": unknown key '" + e.getPropertyName()
                            + "'; use title, card, workload, load, set, vary, random,"
                            + " objectives, seed or duration",
                    e);
        } catch (DatabindException e) {
            throw new SimException(file + ": a value has the wrong form; see docs/sim.md for an example", e);
        } catch (JacksonException e) {
            int line = e.getLocation() == null ? 0 : e.getLocation().getLineNr();
            String first = e.getOriginalMessage().lines().findFirst().orElse("");
            throw new SimException(
                    file + (line > 0 ? ":" + line : "") + ": not YAML: " + first.strip() + "; mend that line", e);
        }
    }

    private static SweepSpec spec(Form form, String fileName) {
        Map<String, String> settings = new LinkedHashMap<>();
        put(settings, SweepSpec.CARD, form.card());
        put(settings, SweepSpec.WORKLOAD, form.workload());
        put(settings, SweepSpec.LOAD, form.load());
        if (form.set() != null) {
            form.set().forEach((name, value) -> {
                SweepSpec.checkName(name);
                settings.put(name, scalar("set." + name, value));
            });
        }
        List<Axis> axes = new ArrayList<>();
        if (form.vary() != null) {
            form.vary().forEach((name, values) -> {
                SweepSpec.checkName(name);
                axes.add(axis(name, values));
            });
        }
        if (axes.isEmpty()) {
            throw new SimException("'vary' is missing; say what to vary, for example link.tags: [64, 256]");
        }
        int random = form.random() == null ? 0 : form.random();
        if (random < 0) {
            throw new SimException("random is " + random + "; give how many points to draw");
        }
        SweepSpec spec = new SweepSpec(
                form.title() == null ? fileName : form.title(),
                settings,
                axes,
                random,
                objectives(form, axes),
                form.seed() == null ? 1 : form.seed(),
                Amounts.picos("duration", form.duration() == null ? "5ms" : form.duration()));
        // what no point can do without, and axes without an end, are mistakes of the file
        spec.points();
        for (String name : List.of(SweepSpec.CARD, SweepSpec.WORKLOAD)) {
            if (!settings.containsKey(name)
                    && axes.stream().noneMatch(axis -> axis.name().equals(name))) {
                throw new SimException("'" + name + "' is missing; give it, or vary it");
            }
        }
        return spec;
    }

    private static void put(Map<String, String> settings, String name, @Nullable String value) {
        if (value != null) {
            settings.put(name, value);
        }
    }

    private static List<Objective> objectives(Form form, List<Axis> axes) {
        Map<String, String> given =
                form.objectives() == null ? Map.of(Metric.THROUGHPUT.key(), "max") : form.objectives();
        List<String> names = Stream.concat(Metric.keys().stream(), axes.stream().map(Axis::name))
                .toList();
        List<Objective> objectives = new ArrayList<>();
        given.forEach((name, direction) -> {
            if (!names.contains(name)) {
                throw new SimException(
                        "objectives: unknown name '" + name + "'; use one of " + String.join(", ", names));
            }
            if (!Arrays.asList("min", "max").contains(direction)) {
                throw new SimException("objectives." + name + " is '" + direction + "'; say min or max");
            }
            objectives.add(new Objective(name, direction.equals("max")));
        });
        return objectives;
    }

    private static Axis axis(String name, JsonNode values) {
        String where = "vary." + name;
        if (values.isArray() && !values.isEmpty()) {
            List<String> choices = new ArrayList<>();
            values.forEach(each -> choices.add(scalar(where, each)));
            return new Axis.Choices(name, choices);
        }
        if (!values.isObject()) {
            throw wrong(where);
        }
        List<String> keys = new ArrayList<>(values.propertyNames());
        double from = number(where, values.get("from"));
        double to = number(where, values.get("to"));
        keys.removeAll(List.of("from", "to"));
        if (from > to || keys.size() > 1) {
            throw wrong(where);
        }
        if (keys.isEmpty()) {
            return new Axis.Range(name, from, to);
        }
        double by = number(where, values.get(keys.getFirst()));
        return switch (keys.getFirst()) {
            case "step" -> new Axis.Choices(name, steps(where, from, to, by, false));
            case "factor" -> new Axis.Choices(name, steps(where, from, to, by, true));
            default -> throw wrong(where);
        };
    }

    private static List<String> steps(String where, double from, double to, double by, boolean factor) {
        if (factor ? by <= 1 || from <= 0 : by <= 0) {
            throw wrong(where);
        }
        List<String> values = new ArrayList<>();
        double value = from;
        for (int i = 0; value <= to * (1 + 1e-9); i++) {
            if (i >= MOST_STEPS) {
                throw new SimException(where + " has more than " + MOST_STEPS + " values; take a larger step");
            }
            values.add(Amounts.plain(value));
            value = factor ? from * StrictMath.pow(by, i + 1) : from + by * (i + 1);
        }
        return values;
    }

    private static double number(String where, @Nullable JsonNode value) {
        if (value == null || !value.isNumber()) {
            throw wrong(where);
        }
        return value.asDouble();
    }

    private static String scalar(String where, JsonNode value) {
        if (!value.isValueNode() || value.isNull()) {
            throw wrong(where);
        }
        return value.isNumber() ? Amounts.plain(value.asDouble()) : value.asString();
    }

    private static SimException wrong(String where) {
        return new SimException(where + " makes no sense; give values such as [1, 2], or {from: 1, to: 8, step: 1},"
                + " {from: 16, to: 256, factor: 2}, or with random {from: 0, to: 1}");
    }
}
