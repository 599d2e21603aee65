package dev.cipu.shim.profile;

import dev.cipu.device.card.CardProfile;
import dev.cipu.device.card.ComputeForm;
import dev.cipu.device.card.Evidence;
import dev.cipu.device.card.Figure;
import dev.cipu.device.card.Mark;
import dev.cipu.device.card.Parameter;
import dev.cipu.device.card.Section;
import dev.cipu.device.card.Source;
import dev.cipu.device.card.Statement;
import dev.cipu.shim.profile.ProfileForm.Amount;
import dev.cipu.shim.profile.ProfileForm.Document;
import dev.cipu.shim.profile.ProfileForm.Said;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DatabindException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.exc.PropertyBindingException;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * Makes a profile of a file's text, YAML or JSON. Strict: a key that does not exist, a figure without evidence and a source that
 * nothing cites are errors, each with the file and the key.
 */
final class ProfileReader {
    private static final List<String> KINDS = List.of(ProfileForm.NET, ProfileForm.BLK);

    private final String file;
    private final Map<String, Source> sources = new LinkedHashMap<>();
    private final Set<String> cited = new HashSet<>();

    private ProfileReader(String file) {
        this.file = file;
    }

    /**
     * Reads {@code text}.
     *
     * @param file stands in error messages
     */
    static CardProfile read(String file, String text) {
        ProfileForm form;
        try {
            form = YAMLMapper.builder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                    .build()
                    .readValue(text, ProfileForm.class);
        } catch (PropertyBindingException e) {
            throw new ProfileException(
                    file + ": unknown key '" + pathOf(e) + "'; use one of " + known(e.getKnownPropertyIds()), e);
        } catch (DatabindException e) {
            if (e.getPath().isEmpty()) {
                throw noMap(file, e);
            }
            throw new ProfileException(
                    file + ": key '" + pathOf(e) + "' has a value of the wrong form; see docs/cards.md for an example",
                    e);
        } catch (JacksonException e) {
            int line = e.getLocation() == null ? 0 : e.getLocation().getLineNr();
            String first = e.getOriginalMessage().lines().findFirst().orElse("");
            throw new ProfileException(
                    file + (line > 0 ? ":" + line : "") + ": not YAML: " + first.strip() + "; mend that line", e);
        }
        if (form == null) {
            throw noMap(file, null);
        }
        return new ProfileReader(file).profile(form);
    }

    private static ProfileException noMap(String file, @Nullable Throwable cause) {
        return new ProfileException(file + ": the file is no map; begin with for example 'name: my-card'", cause);
    }

    private static String known(@Nullable Iterable<Object> ids) {
        StringBuilder names = new StringBuilder();
        for (Object id : ids == null ? List.of() : ids) {
            names.append(names.isEmpty() ? "" : ", ").append(id);
        }
        return names.toString();
    }

    private static String pathOf(DatabindException e) {
        return e.getPath().stream()
                .map(step -> step.getPropertyName() == null ? "[" + step.getIndex() + "]" : step.getPropertyName())
                .collect(Collectors.joining("."));
    }

    private CardProfile profile(ProfileForm form) {
        readSources(form.sources());
        String name = required("name", form.name());
        String title = required("title", form.title());
        int year = required("year", form.year());
        Statement introduced = statement("introduced", form.introduced());
        Map<ComputeForm, Statement> serves = serves(form.serves());
        Map<String, @Nullable Said> features = required("features", form.features());
        features.keySet().forEach(key -> oneOf("features", key, KINDS));
        Statement net = statement("features.net", features.get(ProfileForm.NET));
        Statement blk = statement("features.blk", features.get(ProfileForm.BLK));
        Map<Parameter, Figure> figures = figures(form.figures());
        for (String id : sources.keySet()) {
            if (!cited.contains(id)) {
                throw wrong("sources." + id, "is cited by nothing; leave it out");
            }
        }
        try {
            return new CardProfile(name, title, year, introduced, serves, net, blk, figures);
        } catch (IllegalArgumentException e) {
            throw new ProfileException(file + ": " + e.getMessage(), e);
        }
    }

    private void readSources(@Nullable Map<String, @Nullable Document> documents) {
        for (var entry : orEmpty(documents).entrySet()) {
            String where = "sources." + entry.getKey();
            Document each = required(where, entry.getValue());
            String title = required(where + ".document", each.document());
            int year = required(where + ".year", each.year());
            sources.put(entry.getKey(), checked(where, () -> new Source(entry.getKey(), title, year)));
        }
    }

    private Map<ComputeForm, Statement> serves(@Nullable Map<String, @Nullable Said> statements) {
        Map<ComputeForm, Statement> serves = new EnumMap<>(ComputeForm.class);
        for (var entry : orEmpty(statements).entrySet()) {
            ComputeForm form = named("serves", entry.getKey(), ComputeForm.values(), ComputeForm::key);
            serves.put(form, statement("serves." + entry.getKey(), entry.getValue()));
        }
        return serves;
    }

    private Map<Parameter, Figure> figures(@Nullable Map<String, @Nullable Map<String, @Nullable Amount>> sections) {
        Map<Parameter, Figure> figures = new EnumMap<>(Parameter.class);
        for (var entry : orEmpty(sections).entrySet()) {
            Section section = named("figures", entry.getKey(), Section.values(), Section::key);
            String where = "figures." + section.key();
            Parameter[] known = Arrays.stream(Parameter.values())
                    .filter(each -> each.section() == section)
                    .toArray(Parameter[]::new);
            for (var number : required(where, entry.getValue()).entrySet()) {
                Parameter parameter = named(where, number.getKey(), known, Parameter::key);
                figures.put(parameter, figure("figures." + parameter.path(), parameter, number.getValue()));
            }
        }
        return figures;
    }

    private Figure figure(String where, Parameter parameter, @Nullable Amount given) {
        Amount number = required(where, given);
        double value = required(where + ".value", number.value());
        String unit = required(where + ".unit", number.unit());
        if (!unit.equals(parameter.unit())) {
            throw wrong(where + ".unit", "is '" + unit + "'; say it in " + parameter.unit());
        }
        Evidence evidence = evidence(where, number.mark(), number.source(), number.at(), number.reason());
        return checked(where, () -> new Figure(parameter, value, number.upTo(), evidence));
    }

    private Statement statement(String where, @Nullable Said given) {
        Said said = required(where, given);
        String what = required(where + ".what", said.what());
        Evidence evidence = evidence(where, said.mark(), said.source(), said.at(), said.reason());
        return checked(where, () -> new Statement(what, evidence));
    }

    private Evidence evidence(
            String where, @Nullable String symbol, @Nullable String id, @Nullable String at, @Nullable String reason) {
        Mark mark = named(where + ".mark", required(where + ".mark", symbol), Mark.values(), Mark::symbol);
        Source source = id == null ? null : sources.get(id);
        if (id != null && source == null) {
            throw wrong(where + ".source", "is '" + id + "', which 'sources' does not have; add it there");
        }
        if (id != null) {
            cited.add(id);
        }
        return checked(where, () -> new Evidence(mark, source, at, reason));
    }

    private <T> T checked(String where, Supplier<T> made) {
        try {
            return made.get();
        } catch (IllegalArgumentException e) {
            throw new ProfileException(file + ": key '" + where + "': " + e.getMessage(), e);
        }
    }

    private <E> E named(String where, String key, E[] all, Function<E, String> keyOf) {
        oneOf(where, key, Arrays.stream(all).map(keyOf).toList());
        return Arrays.stream(all)
                .filter(each -> keyOf.apply(each).equals(key))
                .findFirst()
                .orElseThrow();
    }

    private void oneOf(String where, String key, List<String> names) {
        if (!names.contains(key)) {
            throw new ProfileException(
                    file + ": unknown key '" + where + "." + key + "'; use one of " + String.join(", ", names));
        }
    }

    private static <K, V extends @Nullable Object> Map<K, V> orEmpty(@Nullable Map<K, V> map) {
        return map == null ? Map.of() : map;
    }

    private <T> T required(String where, @Nullable T value) {
        if (value == null) {
            throw wrong(where, "is missing; see docs/cards.md for an example");
        }
        return value;
    }

    private ProfileException wrong(String where, String what) {
        return new ProfileException(file + ": key '" + where + "' " + what);
    }
}
