package dev.cipu.shim.assembly;

import java.nio.file.Path;

/** Reads the keys that say where blocks are kept. */
final class StoreKeys {
    private StoreKeys() {}

    /** What {@code store} says. */
    static String text(KeyValues values) {
        String text = values.text("store");
        if (text == null) {
            throw values.missing("store", "store=mem:64M");
        }
        return text;
    }

    /** Whether it is a store itself, and not the name of one. */
    static boolean isDescription(String text) {
        return text.indexOf(':') >= 0;
    }

    /** A store that stands alone. */
    static StoreSpec store(KeyValues values, String text, boolean readOnly) {
        boolean file = isFile(text);
        boolean direct = values.flag("direct", false);
        if (direct && !file) {
            throw values.wrong("direct", "is for files", "leave it out");
        }
        return store(values, "store", "size", text, direct, readOnly);
    }

    static boolean isFile(String text) {
        return text.startsWith("file:");
    }

    /** What {@code text} describes, the value of {@code key}; a file may be of a size that {@code sizeKey} says. */
    static StoreSpec store(
            KeyValues values, String key, String sizeKey, String text, boolean direct, boolean readOnly) {
        int colon = text.indexOf(':');
        String kind = colon < 0 ? text : text.substring(0, colon);
        String rest = colon < 0 ? "" : text.substring(colon + 1);
        String size = values.text(sizeKey);
        if (size != null && !isFile(text)) {
            throw values.wrong(sizeKey, "is for files", "leave it out");
        }
        return switch (kind) {
            case "mem" -> new StoreSpec.Memory(capacity(values, key, rest));
            case "null" -> new StoreSpec.Nothing(capacity(values, key, rest));
            case "file" -> {
                if (rest.isEmpty()) {
                    throw values.wrong(key, "names no file", "write for example file:/srv/disk.img");
                }
                yield new StoreSpec.OnFile(
                        Path.of(rest), direct, readOnly, size == null ? 0 : capacity(values, sizeKey, size));
            }
            default -> throw values.wrong(key, "is '" + text + "'", "write mem:SIZE, null:SIZE or file:PATH");
        };
    }

    private static long capacity(KeyValues values, String key, String text) {
        long bytes = values.size(key, text);
        if (bytes <= 0 || bytes % BlkSpec.MAX_BLOCK_SIZE != 0) {
            throw values.wrong(key, "has " + bytes + " bytes", "give a multiple of 4k above 0");
        }
        return bytes;
    }
}
