package dev.cipu.device.card;

import org.jspecify.annotations.Nullable;

/**
 * Why something is believed. What was read or derived names its source and the place in it; what was not must not, and says
 * why it is believed all the same.
 *
 * @param source null where {@link Mark#cites} says that there is none
 * @param at the section, table or passage
 * @param reason the derivation, or what makes it likely, or a remark
 */
public record Evidence(
        Mark mark,
        @Nullable Source source,
        @Nullable String at,
        @Nullable String reason) {
    public Evidence {
        if (mark.cites()) {
            if (source == null) {
                throw new IllegalArgumentException(
                        "mark " + mark.symbol() + " needs a source; name it, or mark it A with a reason");
            }
            if (at == null || at.isBlank()) {
                throw new IllegalArgumentException(
                        "mark " + mark.symbol() + " needs 'at'; say where in the source it stands");
            }
        } else if (source != null || at != null) {
            throw new IllegalArgumentException(
                    "mark " + mark.symbol() + " cannot cite; leave 'source' and 'at' out, or mark it R");
        }
        if ((!mark.cites() || mark == Mark.DERIVED) && (reason == null || reason.isBlank())) {
            throw new IllegalArgumentException("mark " + mark.symbol() + " needs a reason; say what makes it likely");
        }
    }

    /** In words: the citation, or what there is instead of one. */
    public String text() {
        String why = reason == null ? "" : reason;
        if (source == null) {
            return mark.meaning() + ": " + why;
        }
        return source.document() + ", " + source.year() + ", " + at + (why.isEmpty() ? "" : ". " + why);
    }
}
