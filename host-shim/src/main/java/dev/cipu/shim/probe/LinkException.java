package dev.cipu.shim.probe;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/** The back-end did not do what a front-end has to rely on. The message is one line for people. */
public final class LinkException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    private final Kind kind;

    /** What went wrong. */
    public enum Kind {
        /** Nobody accepts connections. */
        ABSENT,
        /** The connection has ended. */
        CLOSED,
        /** No answer came in time. */
        SILENT,
        /** The answer was no, or none that makes sense. */
        REFUSED
    }

    public LinkException(Kind kind, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    public LinkException(Kind kind, String message) {
        this(kind, message, null);
    }

    public Kind kind() {
        return kind;
    }
}
