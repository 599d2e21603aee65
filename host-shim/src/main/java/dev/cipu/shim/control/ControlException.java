package dev.cipu.shim.control;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/** A running card, or the machine that uses it, did not do what it was asked to do; one line that says why. */
public final class ControlException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    private final Answer.Cause kind;

    public ControlException(Answer.Cause kind, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    public Answer.Cause kind() {
        return kind;
    }
}
