package dev.cipu.bench.card;

import dev.cipu.bench.machine.CoreOptions;
import dev.cipu.bench.machine.MachineFacts;
import dev.cipu.bench.process.Children;
import dev.cipu.shim.cli.CommandFailure;
import dev.cipu.shim.cli.ExitCode;
import dev.cipu.shim.cli.JsonReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code cipu bench attach}. */
@Command(
        name = "attach",
        description = {
            "How long a call of './cipu attach' takes until hosts can use the device, over vhost-user and over vfio-user,",
            "beside a JVM that does nothing, started with the same flags."
        })
public final class AttachBench implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Mixin
    private final CoreOptions cores = new CoreOptions();

    @Option(names = "--rounds", paramLabel = "N", description = "Calls of each kind. Default: ${DEFAULT-VALUE}.")
    private int rounds = 20;

    @Option(
            names = "--json",
            paramLabel = "FILE",
            description = "Write what was found to FILE as JSON; - is standard output.")
    private @Nullable String json;

    /**
     * What was found; the names stay.
     *
     * @param cases one for each way to call
     */
    public record Found(MachineFacts machine, List<CallTimes> cases) {}

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (rounds < 1) {
            throw new ParameterException(spec.commandLine(), "--rounds is " + rounds + "; one is the least");
        }
        MachineFacts.Before before = MachineFacts.before(cores.hostCore(), cores.cardCore());
        PrintWriter err = spec.commandLine().getErr();
        before.warnIfBusy(err::println);
        List<CallTimes> cases;
        try (Children children = new Children()) {
            cases = AttachCalls.measure(
                    children, CardChild.script(System.getProperty("java.class.path", "")), cores.cardCore(), rounds);
        } catch (IOException e) {
            throw new CommandFailure(ExitCode.FAILED, "a card or a call of it failed: " + e.getMessage(), e);
        }
        Found found = new Found(before.after(), cases);
        PrintWriter out = spec.commandLine().getOut();
        if (!JsonReport.STANDARD_OUTPUT.equals(json)) {
            out.printf("%-20s %9s %9s %9s %9s%n", "milliseconds", "median", "least", "p90", "most");
            for (CallTimes each : cases) {
                out.printf(
                        "%-20s %9.1f %9.1f %9.1f %9.1f%n",
                        each.name(), each.median(), each.least(), each.p90(), each.most());
            }
            out.flush();
        }
        if (json != null) {
            JsonReport.write(found, json, out);
        }
        return ExitCode.DONE;
    }
}
