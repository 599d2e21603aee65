package dev.cipu.shim.control;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a card can be asked to do, as one line of JSON.
 *
 * @param verb what to do
 * @param kind of an attachment: {@code net}, {@code blk} or {@code tap}
 * @param keys of an attachment: the keys of {@code --net}, {@code --blk} or {@code --tap}
 * @param id of everything else: the device that it is about
 * @param up of a link: plugged in, or pulled out
 */
public record Request(
        Verb verb,
        @Nullable String kind,
        @Nullable Map<String, String> keys,
        @Nullable String id,
        @Nullable Boolean up) {
    /** The longest line that a card reads. */
    static final int MOST_BYTES = 1 << 16;

    /** What is done. */
    public enum Verb {
        ATTACH,
        DETACH,
        DEVICES,
        LINK,
        ANNOUNCE
    }

    public static Request attach(String kind, Map<String, String> keys) {
        return new Request(Verb.ATTACH, kind, keys, null, null);
    }

    public static Request about(Verb verb, String id) {
        return new Request(verb, null, null, id, null);
    }

    public static Request devices() {
        return new Request(Verb.DEVICES, null, null, null, null);
    }

    public static Request link(String id, boolean up) {
        return new Request(Verb.LINK, null, null, id, up);
    }

    /** Each verb has its own parts, and no others. */
    @SuppressWarnings("ConstantValue") // what was read from outside may lack a verb
    boolean isWhole() {
        if (verb == null) {
            return false;
        }
        boolean attaches = verb == Verb.ATTACH;
        boolean named = verb == Verb.DETACH || verb == Verb.LINK || verb == Verb.ANNOUNCE;
        return (kind != null) == attaches
                && (keys != null) == attaches
                && (keys == null || !keys.containsValue(null))
                && (id != null) == named
                && (up != null) == (verb == Verb.LINK);
    }
}
