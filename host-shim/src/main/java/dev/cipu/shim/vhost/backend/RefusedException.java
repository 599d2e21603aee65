package dev.cipu.shim.vhost.backend;

import java.io.Serial;

/**
 * A message that is well formed and asks for something that cannot be. No ring that runs
 * is worse off for it. The front-end learns it from
 * a negative acknowledgement if it asked for one, else from the end of the session.
 */
final class RefusedException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    RefusedException(String message) {
        super(message);
    }
}
