package dev.cipu.shim.assembly;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Named values as a user wrote them, on the command line or in a file. Every error names where, which key, and what would
 * be right. Values are taken out one by one; {@link #done} then complains of those that nobody asked for.
 */
public final class KeyValues {
    private final String where;
    private final Map<String, String> values;
    private final Map<String, Boolean> asked = new LinkedHashMap<>();

    /**
     * @param where how error messages begin, for example {@code --net #1}
     */
    public KeyValues(String where, Map<String, String> values) {
        this.where = where;
        this.values = values;
    }

    /** Reads {@code key=value,key=value}; a doubled comma stands for one inside a value. */
    public static KeyValues parse(String where, String text) {
        Map<String, String> values = new LinkedHashMap<>();
        for (String part : split(text)) {
            int equals = part.indexOf('=');
            if (equals <= 0) {
                throw new CardSpecException(
                        where + ": '" + part + "' is no key=value; write for example socket=/tmp/s");
            }
            String key = part.substring(0, equals).strip();
            if (values.put(key, part.substring(equals + 1).strip()) != null) {
                throw new CardSpecException(where + ": key '" + key + "' is given twice; leave one of them out");
            }
        }
        return new KeyValues(where, values);
    }

    private static List<String> split(String text) {
        // a NUL cannot stand on a command line, so it can stand for the comma meanwhile
        return List.of(text.replace(",,", "\0").split(",", -1)).stream()
                .map(part -> part.replace('\0', ','))
                .toList();
    }

    /** All of them, as they were written. */
    public Map<String, String> all() {
        return new LinkedHashMap<>(values);
    }

    public String where() {
        return where;
    }

    /** The value of a key, null if it is not there. */
    public @Nullable String text(String key) {
        asked.put(key, true);
        String value = values.get(key);
        if (value != null && value.isEmpty()) {
            throw wrong(key, "has no value", "give it one or leave it out");
        }
        return value;
    }

    public String text(String key, String fallback) {
        String value = text(key);
        return value == null ? fallback : value;
    }

    /** A whole number from {@code min} to {@code max}. */
    public int number(String key, int fallback, int min, int max) {
        String value = text(key);
        if (value == null) {
            return fallback;
        }
        try {
            int number = Integer.parseInt(value);
            if (number >= min && number <= max) {
                return number;
            }
        } catch (NumberFormatException _) {
            // said below
        }
        throw wrong(key, "is '" + value + "'", "give a number from " + min + " to " + max);
    }

    public boolean flag(String key, boolean fallback) {
        String value = text(key);
        return switch (value) {
            case null -> fallback;
            case "on", "true", "yes" -> true;
            case "off", "false", "no" -> false;
            default -> throw wrong(key, "is '" + value + "'", "say on or off");
        };
    }

    /** The value as one of the names, spelt as they are. */
    public <E extends Enum<E>> E choice(String key, Map<String, E> names, E fallback) {
        String value = text(key);
        if (value == null) {
            return fallback;
        }
        E chosen = names.get(value);
        if (chosen == null) {
            throw wrong(key, "is '" + value + "'", "say " + String.join(" or ", names.keySet()));
        }
        return chosen;
    }

    /** A size such as 64M that stands in the value of {@code key}. */
    public long size(String key, String text) {
        try {
            return ByteSize.parse(text);
        } catch (IllegalArgumentException e) {
            throw wrong(key, "has a bad size: " + e.getMessage(), "write for example 64M");
        }
    }

    public CardSpecException wrong(String key, String what, String mend) {
        return new CardSpecException(where + ": key '" + key + "' " + what + "; " + mend);
    }

    public CardSpecException missing(String key, String example) {
        return new CardSpecException(where + ": key '" + key + "' is missing; add for example " + example);
    }

    /** Nothing more will be asked: any key left is one that does not exist. */
    public void done() {
        for (String key : values.keySet()) {
            if (!asked.containsKey(key)) {
                throw new CardSpecException(
                        where + ": unknown key '" + key + "'; use one of " + String.join(", ", asked.keySet()));
            }
        }
    }
}
