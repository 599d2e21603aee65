package dev.cipu.bench.card;

import dev.cipu.bench.machine.CoreOptions;
import dev.cipu.bench.machine.MachineFacts;
import dev.cipu.bench.process.Children;
import dev.cipu.bench.process.RoundOptions;
import dev.cipu.bench.report.ResultOptions;
import dev.cipu.shim.cli.CommandFailure;
import dev.cipu.shim.cli.ExitCode;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
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

    @Mixin
    private final RoundOptions rounds = new RoundOptions(20);

    @Mixin
    private final ResultOptions output = new ResultOptions();

    /**
     * What was found; the names stay.
     *
     * @param cases one for each way to call
     */
    public record Found(MachineFacts machine, List<CallTimes> cases) {}

    @Override
    public Integer call() throws IOException, InterruptedException {
        rounds.require();
        MachineFacts.Before before = cores.before(spec.commandLine().getErr()::println);
        List<CallTimes> cases;
        try (Children children = new Children()) {
            cases = AttachCalls.measure(
                    children,
                    CardChild.script(System.getProperty("java.class.path", "")),
                    cores.cardCore(),
                    rounds.rounds());
        } catch (IOException e) {
            throw new CommandFailure(ExitCode.FAILED, "a card or a call of it failed: " + e.getMessage(), e);
        }
        Found found = new Found(before.after(), cases);
        output.write(found, out -> print(found, out));
        return ExitCode.DONE;
    }

    private static void print(Found found, PrintWriter out) {
        out.printf("%-20s %9s %9s %9s %9s%n", "milliseconds", "median", "least", "p90", "most");
        for (CallTimes each : found.cases()) {
            out.printf(
                    "%-20s %9.1f %9.1f %9.1f %9.1f%n",
                    each.name(), each.median(), each.least(), each.p90(), each.most());
        }
    }
}
