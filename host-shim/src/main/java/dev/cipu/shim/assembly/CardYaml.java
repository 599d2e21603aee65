package dev.cipu.shim.assembly;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamContext;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * Reads a card's description from YAML. Devices, stores and switches take the same keys as the options of the command
 * line; unknown keys are errors. Messages name file, line and key.
 */
public final class CardYaml {
    private static final Set<String> TOP =
            Set.of("card", "timing", "cores", "idle", "stats", "control", "record", "stores", "switches", "devices");

    private final String file;
    private final Map<String, Integer> lines;

    private CardYaml(String file, Map<String, Integer> lines) {
        this.file = file;
        this.lines = lines;
    }

    /**
     * Adds the file's content to {@code builder}.
     *
     * @throws IOException if it cannot be read
     * @throws CardSpecException if its content makes no sense
     */
    public static void read(Path file, CardSpecBuilder builder) throws IOException {
        read(file.toString(), Files.readString(file), builder);
    }

    /** As above for text; {@code name} stands in error messages. */
    static void read(String name, String text, CardSpecBuilder builder) {
        YAMLMapper mapper = YAMLMapper.builder()
                .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                .build();
        JsonNode root;
        Map<String, Integer> lines;
        try {
            root = mapper.readTree(text);
            lines = linesOf(mapper, text);
        } catch (JacksonException e) {
            int line = e.getLocation() == null ? 0 : e.getLocation().getLineNr();
            String at = line > 0 ? name + ":" + line : name;
            throw new CardSpecException(
                    at + ": not YAML: " + firstLine(e.getOriginalMessage()) + "; mend that line", e);
        }
        new CardYaml(name, lines).card(root, builder);
    }

    /** On which line each key and element stands, by its place; a tree does not keep that. */
    private static Map<String, Integer> linesOf(YAMLMapper mapper, String text) {
        Map<String, Integer> lines = new HashMap<>();
        try (JsonParser parser = mapper.createParser(text)) {
            while (parser.nextToken() != null) {
                lines.putIfAbsent(
                        placeOf(parser.streamReadContext()),
                        parser.currentTokenLocation().getLineNr());
            }
        }
        return lines;
    }

    /** Such as {@code devices[0].socket}, as messages have it. */
    private static String placeOf(TokenStreamContext context) {
        if (context.inRoot()) {
            return "";
        }
        String outer = placeOf(context.getParent());
        if (context.inArray()) {
            return context.hasCurrentIndex() ? outer + "[" + context.getCurrentIndex() + "]" : outer;
        }
        if (!context.hasCurrentName()) {
            return outer;
        }
        return outer.isEmpty() ? context.currentName() : outer + "." + context.currentName();
    }

    /** How a message about a place begins: with the file and the line. */
    private String at(String place) {
        return file + ":" + lines.getOrDefault(place, 1) + ": ";
    }

    private static String firstLine(String message) {
        return message.lines().findFirst().orElse("").strip();
    }

    private void card(JsonNode root, CardSpecBuilder builder) {
        if (!root.isObject()) {
            throw wrong("", "the file is no map", "begin with for example 'devices:'");
        }
        for (Map.Entry<String, JsonNode> entry : root.properties()) {
            if (!TOP.contains(entry.getKey())) {
                throw wrong(
                        entry.getKey(),
                        "unknown key '" + entry.getKey() + "'",
                        "use one of " + String.join(", ", TOP.stream().sorted().toList()));
            }
        }
        if (root.has("card")) {
            builder.card(at("card") + "card", scalar("card", root.get("card")));
        }
        if (root.has("timing")) {
            builder.timing(at("timing") + "timing", scalar("timing", root.get("timing")));
        }
        if (root.has("cores")) {
            builder.cores(at("cores") + "cores", String.join(",", scalars("cores", root.get("cores"))));
        }
        if (root.has("idle")) {
            builder.idle(at("idle") + "idle", scalar("idle", root.get("idle")));
        }
        if (root.has("stats")) {
            builder.stats(Path.of(scalar("stats", root.get("stats"))));
        }
        if (root.has("control")) {
            builder.control(at("control") + "control", scalar("control", root.get("control")));
        }
        JsonNode record = root.get("record");
        if (record != null) {
            Map<String, String> values =
                    record.isObject() ? scalarsOf("record", record) : Map.of("dir", scalar("record", record));
            builder.record(new KeyValues(file + ": record", values));
        }
        named("stores", root, "store", builder::store);
        named("switches", root, "uplink", builder::declareSwitch);
        devices(root, builder);
    }

    private interface Declaration {
        void add(String name, KeyValues values);
    }

    private void named(String key, JsonNode root, String soleKey, Declaration declaration) {
        JsonNode map = root.get(key);
        if (map == null) {
            return;
        }
        if (!map.isObject()) {
            throw wrong(key, "'" + key + "' is no map of names", "see docs/cli.md for an example");
        }
        for (Map.Entry<String, JsonNode> entry : map.properties()) {
            String where = key + "." + entry.getKey();
            JsonNode value = entry.getValue();
            Map<String, String> values = value.isObject()
                    ? scalarsOf(where, value)
                    : new LinkedHashMap<>(Map.of(soleKey, scalar(where, value)));
            declaration.add(entry.getKey(), new KeyValues(at(where) + where, values));
        }
    }

    private void devices(JsonNode root, CardSpecBuilder builder) {
        JsonNode list = root.get("devices");
        if (list == null) {
            return;
        }
        if (!list.isArray()) {
            throw wrong("devices", "'devices' is no list", "begin each device with '- kind: net' or '- kind: blk'");
        }
        int n = 0;
        for (JsonNode device : list) {
            String where = "devices[" + n++ + "]";
            if (!device.isObject()) {
                throw wrong(where, "'" + where + "' is no map", "begin it with '- kind: net' or '- kind: blk'");
            }
            Map<String, String> values = scalarsOf(where, device);
            String kind = values.remove("kind");
            KeyValues keys = new KeyValues(at(where) + where, values);
            if (kind == null) {
                throw keys.missing("kind", "kind: net");
            }
            builder.device(kind, keys);
        }
    }

    private Map<String, String> scalarsOf(String where, JsonNode map) {
        Map<String, String> values = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> entry : map.properties()) {
            values.put(entry.getKey(), scalar(where + "." + entry.getKey(), entry.getValue()));
        }
        return values;
    }

    private List<String> scalars(String where, JsonNode node) {
        if (!node.isArray()) {
            return List.of(scalar(where, node));
        }
        List<String> values = new ArrayList<>();
        for (JsonNode element : node) {
            values.add(scalar(where + "[" + values.size() + "]", element));
        }
        return values;
    }

    private String scalar(String where, JsonNode node) {
        if (!node.isValueNode() || node.isNull()) {
            throw wrong(where, "'" + where + "' has no single value", "give it one, such as a number or a word");
        }
        return node.asString();
    }

    private CardSpecException wrong(String place, String what, String mend) {
        return new CardSpecException(at(place) + what + "; " + mend);
    }
}
