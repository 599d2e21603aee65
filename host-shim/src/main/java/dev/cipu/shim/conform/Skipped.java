package dev.cipu.shim.conform;

import java.io.Serial;

/** Ends a check that has nothing to look at. */
final class Skipped extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    Skipped(String why) {
        super(why);
    }
}
