package dev.cipu.shim.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Where the process begins. What scripts ask again and again, the version and requests to a running card, is answered without the
 * parser of all other commands: that takes longer to start than most of these take, so nothing here may name its classes.
 */
public final class Main {
    static final String VERSION_OPTION = "--version";
    static final String DEBUG_OPTION = "--debug";

    private Main() {}

    /** Runs the command line and ends the process with its exit code. */
    public static void main(String[] args) {
        if (args.length == 1 && args[0].equals(VERSION_OPTION)) {
            System.out.println(BuildInfo.read().text());
            return;
        }
        LogSetup.install(Arrays.asList(args).contains(DEBUG_OPTION));
        PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
        PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
        PlainErrand errand = PlainErrand.of(args);
        int exitCode = errand == null ? RootCommand.run(out, err, args) : errand.run(out, err);
        out.flush();
        err.flush();
        if (errand == null || exitCode != ExitCode.DONE) {
            // sets logging up, to log that it was called; what an errand started has ended, so that one needs no such
            // call
            System.exit(exitCode);
        }
    }

    /** Runs the command line within this process; returns the exit code. */
    public static int run(PrintWriter out, PrintWriter err, String... args) {
        PlainErrand errand = PlainErrand.of(args);
        return errand == null ? RootCommand.run(out, err, args) : errand.run(out, err);
    }
}
