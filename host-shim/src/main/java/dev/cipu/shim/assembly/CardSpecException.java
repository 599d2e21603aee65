package dev.cipu.shim.assembly;

import java.io.Serial;

/** A description of a card makes no sense. The message is for the user: one line, what is wrong and how to mend it. */
public final class CardSpecException extends IllegalArgumentException {
    @Serial
    private static final long serialVersionUID = 1;

    public CardSpecException(String message) {
        super(message);
    }

    public CardSpecException(String message, Throwable cause) {
        super(message, cause);
    }
}
