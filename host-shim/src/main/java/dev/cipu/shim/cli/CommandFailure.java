package dev.cipu.shim.cli;

import java.io.Serial;

/** Ends a subcommand with one line for the user and an exit code. */
public final class CommandFailure extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    private final int exitCode;

    /**
     * @param exitCode see {@link ExitCode}
     * @param message what is wrong and how to mend it, one line
     */
    public CommandFailure(int exitCode, String message) {
        super(message);
        this.exitCode = exitCode;
    }

    /** As above, with what led to it; shown with {@code --debug} only. */
    public CommandFailure(int exitCode, String message, Throwable cause) {
        super(message, cause);
        this.exitCode = exitCode;
    }

    public int exitCode() {
        return exitCode;
    }
}
