package dev.cipu.shim.control;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.json.JsonMapper;

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
    /** Longest line in either direction. */
    static final int MOST_BYTES = 1 << 16;

    private static final int DEPTH = 4;

    /** What is done. */
    public enum Verb {
        ATTACH,
        DETACH,
        DEVICES,
        LINK,
        ANNOUNCE
    }

    private static final JsonMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(DEPTH)
                            .maxDocumentLength(MOST_BYTES)
                            .build())
                    .build())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .build();

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

    /**
     * Reads a request; whoever sent it may be anybody.
     *
     * @throws IllegalArgumentException if it is none
     */
    static Request parse(String line) {
        Request read;
        try {
            read = JSON.readValue(line, Request.class);
        } catch (JacksonException e) {
            String first = e.getOriginalMessage().lines().findFirst().orElse("").strip();
            throw new IllegalArgumentException("no request: " + first, e);
        }
        if (read == null || !read.isWhole()) {
            throw new IllegalArgumentException("a request with a part missing, or one too many");
        }
        return read;
    }

    /** Each verb has its own parts, and no others. */
    @SuppressWarnings("ConstantValue") // what was read from outside may lack a verb
    private boolean isWhole() {
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

    String asJson() {
        return JSON.writeValueAsString(this);
    }

    static String asJson(Answer answer) {
        return JSON.writeValueAsString(answer);
    }

    static Answer parseAnswer(String line) {
        try {
            return JSON.readValue(line, Answer.class);
        } catch (JacksonException e) {
            throw new IllegalArgumentException("no answer of a card: " + e.getOriginalMessage(), e);
        }
    }
}
