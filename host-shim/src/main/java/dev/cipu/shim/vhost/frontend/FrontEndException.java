package dev.cipu.shim.vhost.frontend;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/** There is no usable back-end. The message is one line for the user. */
public final class FrontEndException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    private final boolean missing;

    private FrontEndException(String message, boolean missing, @Nullable Throwable cause) {
        super(message, cause);
        this.missing = missing;
    }

    /** Nobody is there, or no longer, or does not answer. */
    static FrontEndException missing(String message) {
        return new FrontEndException(message, true, null);
    }

    static FrontEndException missing(String message, Throwable cause) {
        return new FrontEndException(message, true, cause);
    }

    /** The back-end is there and refuses, or lacks what is needed. */
    static FrontEndException refused(String message) {
        return new FrontEndException(message, false, null);
    }

    /** Whether the back-end is absent rather than unwilling; it may help to try again. */
    public boolean isMissing() {
        return missing;
    }
}
