package dev.cipu.shim.cli;

/** How {@code cipu} ends; the same for every subcommand. */
public final class ExitCode {
    public static final int DONE = 0;

    /** A check or a comparison failed. */
    public static final int FAILED = 1;

    /** Wrong usage: an option, a file's content. */
    public static final int USAGE = 2;

    /** A peer or a resource is missing. */
    public static final int MISSING = 3;

    private ExitCode() {}
}
