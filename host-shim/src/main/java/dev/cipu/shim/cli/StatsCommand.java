package dev.cipu.shim.cli;

import dev.cipu.shim.assembly.CounterFile;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code cipu stats}: the counters of a running card. Reading them costs the card nothing. */
@Command(name = "stats", description = "Show the counters of a running card; those that are not zero, in a table.")
public final class StatsCommand implements Subcommand, Callable<Integer> {
    private static final double MILLIS = 1e3;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Option(
            names = "--stats",
            paramLabel = "FILE",
            description = "The card's counter file. Default: that of the only card that this user runs.")
    private @Nullable Path stats;

    @Option(
            names = "--json",
            paramLabel = "FILE",
            description = "Write all counters as JSON to this file, '-' for standard output.")
    private @Nullable String json;

    @Option(names = "--watch", description = "Show the table again and again, with rates.")
    private boolean watch;

    @Option(names = "--interval", paramLabel = "SECONDS", defaultValue = "1", description = "Time between two tables.")
    private double interval = 1;

    @Option(names = "--count", paramLabel = "N", description = "End --watch after so many tables.")
    private int count = Integer.MAX_VALUE;

    @Option(names = "--all", description = "Show counters that are zero, too.")
    private boolean all;

    /** For {@link java.util.ServiceLoader}. */
    public StatsCommand() {}

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (!(interval > 0) || interval > 3600 || count < 1 || (watch && json != null)) {
            throw new ParameterException(
                    spec.commandLine(), "--interval is above 0, --count at least 1, --watch without --json");
        }
        Path file = stats == null ? onlyCard() : stats;
        CounterView view = CounterView.read(file);
        boolean ended = false;
        if (json != null) {
            JsonReport.write(view.asJson(), json, spec.commandLine().getOut());
        } else if (watch) {
            ended = watch(file, view);
        } else {
            view.print(spec.commandLine().getOut(), new Rates(), all);
        }
        if (ended || !view.isAlive()) {
            PrintWriter err = spec.commandLine().getErr();
            err.println(
                    "cipu: the card of " + file + " (pid " + view.pid() + ") has ended; these are its last counters");
            err.flush();
        }
        return ExitCode.DONE;
    }

    private static Path onlyCard() throws IOException {
        List<Path> running = new ArrayList<>();
        List<Path> dead = new ArrayList<>();
        for (Path file : CounterFile.all()) {
            try {
                (CounterFile.isAlive(CounterFile.read(file)) ? running : dead).add(file);
            } catch (IOException | IllegalArgumentException _) {
                dead.add(file);
            }
        }
        if (running.size() == 1) {
            return running.getFirst();
        }
        if (running.size() > 1) {
            throw new CommandFailure(
                    ExitCode.USAGE, running.size() + " cards run; choose one with --stats FILE: " + joined(running));
        }
        String left = dead.isEmpty() ? "" : " (a card that died left " + joined(dead) + ")";
        throw new CommandFailure(
                ExitCode.MISSING,
                "no card of yours is running" + left + "; start one with 'cipu serve', or name its file with --stats");
    }

    private static String joined(List<Path> files) {
        return String.join(", ", files.stream().map(Path::toString).toList());
    }

    /**
     * Shows tables until there were enough, or the card ends; then its file goes, or stays with the last counters.
     *
     * @return whether the card has ended
     */
    private boolean watch(Path file, CounterView first) throws IOException, InterruptedException {
        PrintWriter out = spec.commandLine().getOut();
        boolean redraw = Terminal.isInteractive();
        Rates rates = new Rates();
        first.enter(rates);
        for (int i = 0; i < count; i++) {
            Thread.sleep((long) (interval * MILLIS));
            CounterView view = CounterView.readIfThere(file);
            if (view == null) {
                return true;
            }
            view.enter(rates);
            if (redraw) {
                out.print(Terminal.CLEAR);
            }
            view.print(out, rates, all);
            if (!view.isAlive()) {
                return true;
            }
        }
        return false;
    }
}
