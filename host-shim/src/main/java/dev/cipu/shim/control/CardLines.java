package dev.cipu.shim.control;

import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.json.JsonMapper;

/** The card's side of the lines of JSON: strict, because whoever sent a request may be anybody. */
final class CardLines {
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .build();

    private CardLines() {}

    /**
     * Reads a request.
     *
     * @throws IllegalArgumentException if it is none
     */
    static Request read(String line) {
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

    static String write(Answer answer) {
        return JSON.writeValueAsString(answer);
    }
}
