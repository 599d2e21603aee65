package dev.cipu.shim.assembly;

import java.io.Serial;

/** Something that a card needs is missing or not to be had. The message is for the user: one line, and how to mend it. */
public final class ResourceException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    public ResourceException(String message, Throwable cause) {
        super(message, cause);
    }
}
