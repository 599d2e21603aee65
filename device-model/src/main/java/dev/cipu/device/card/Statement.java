package dev.cipu.device.card;

/** Something said of a card that is no number. */
public record Statement(String text, Evidence evidence) {
    public Statement {
        if (text.isBlank()) {
            throw new IllegalArgumentException("the statement is empty; say it, or leave it out");
        }
    }
}
