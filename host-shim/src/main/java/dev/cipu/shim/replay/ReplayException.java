package dev.cipu.shim.replay;

import java.io.Serial;

/** A trace cannot be replayed as was asked for: the message says in one line why, and how to mend it. */
public final class ReplayException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    public ReplayException(String message) {
        super(message);
    }
}
