package dev.cipu.shim.vfio.server;

import dev.cipu.shim.vfio.ErrorNumber;
import java.io.Serial;

/** A command that is well framed and asks for something that cannot be. The client learns it from an error reply; nothing has changed. */
final class Refusal extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    private final int error;

    Refusal(String message) {
        this(ErrorNumber.INVALID, message);
    }

    /**
     * @param error one of {@link ErrorNumber}
     */
    Refusal(int error, String message) {
        super(message);
        this.error = error;
    }

    int error() {
        return error;
    }
}
