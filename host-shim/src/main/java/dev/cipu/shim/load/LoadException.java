package dev.cipu.shim.load;

import java.io.Serial;

/** A load cannot go on: the device broke a rule, or does not fit what was asked for. The message is for the user. */
public final class LoadException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    public LoadException(String message) {
        super(message);
    }

    public LoadException(String message, Throwable cause) {
        super(message, cause);
    }
}
