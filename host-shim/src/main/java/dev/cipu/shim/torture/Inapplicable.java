package dev.cipu.shim.torture;

import java.io.Serial;

/** The back-end lacks what the attack is about. */
final class Inapplicable extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    Inapplicable(String why) {
        super(why);
    }
}
