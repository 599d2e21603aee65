package dev.cipu.shim.trace;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/** A trace cannot be made or read; the message says in one line why, and how to mend it. */
public final class TraceException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    public TraceException(String message) {
        super(message);
    }

    public TraceException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
