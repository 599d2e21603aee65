package dev.cipu.shim.sim;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/** What was asked of the model makes no sense: the message says in one line what does not, and how to mend it. */
public final class SimException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    public SimException(String message) {
        this(message, null);
    }

    public SimException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
