package dev.cipu.shim.cli;

import dev.cipu.shim.assembly.CardSpecException;
import dev.cipu.shim.assembly.ResourceException;
import dev.cipu.shim.control.Answer;
import dev.cipu.shim.control.ControlException;
import dev.cipu.shim.load.LoadException;
import dev.cipu.shim.posix.PosixException;
import dev.cipu.shim.probe.LinkException;
import dev.cipu.shim.profile.ProfileException;
import dev.cipu.shim.replay.ReplayException;
import dev.cipu.shim.sim.SimException;
import dev.cipu.shim.trace.TraceException;
import dev.cipu.shim.vhost.frontend.FrontEndException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import org.jspecify.annotations.Nullable;

/** What an exception that ended a subcommand means to the user. */
final class Failures {
    /** The line to print and the code to exit with. */
    record Verdict(int exitCode, String line) {}

    private Failures() {}

    static Verdict judge(Throwable thrown) {
        return switch (thrown) {
            case CommandFailure e -> new Verdict(e.exitCode(), oneLine(e.getMessage()));
            case CardSpecException e -> new Verdict(ExitCode.USAGE, oneLine(e.getMessage()));
            case ProfileException e -> new Verdict(ExitCode.USAGE, oneLine(e.getMessage()));
            case ReplayException e -> new Verdict(ExitCode.USAGE, oneLine(e.getMessage()));
            case SimException e -> new Verdict(ExitCode.USAGE, oneLine(e.getMessage()));
            case TraceException e -> new Verdict(ExitCode.MISSING, oneLine(e.getMessage()));
            case ResourceException e -> new Verdict(ExitCode.MISSING, oneLine(e.getMessage()));
            case ControlException e -> new Verdict(exitCode(e.kind()), oneLine(e.getMessage()));
            case LoadException e -> new Verdict(ExitCode.FAILED, oneLine(e.getMessage()));
            case FrontEndException e ->
                new Verdict(e.isMissing() ? ExitCode.MISSING : ExitCode.FAILED, oneLine(e.getMessage()));
            case LinkException e ->
                new Verdict(
                        e.kind() == LinkException.Kind.REFUSED ? ExitCode.FAILED : ExitCode.MISSING,
                        oneLine(e.getMessage()));
            case PosixException e -> new Verdict(ExitCode.MISSING, oneLine(e.getMessage()));
            case UncheckedIOException e when e.getCause() != null -> judge(e.getCause());
            case NoSuchFileException e -> missing("there is no file " + e.getFile() + "; check the path");
            case AccessDeniedException e -> missing("no permission for " + e.getFile() + "; check its owner and mode");
            case IOException e -> missing(e.toString());
            default ->
                new Verdict(
                        ExitCode.FAILED, "internal error: " + thrown + "; run again with --debug and report the trace");
        };
    }

    private static int exitCode(Answer.Cause cause) {
        return switch (cause) {
            case USAGE -> ExitCode.USAGE;
            case MISSING -> ExitCode.MISSING;
            case FAILED -> ExitCode.FAILED;
        };
    }

    private static Verdict missing(String line) {
        return new Verdict(ExitCode.MISSING, oneLine(line));
    }

    static String oneLine(@Nullable String message) {
        return message == null ? "failed for a reason unknown" : message.strip().replaceAll("\\s*\\R\\s*", "; ");
    }
}
