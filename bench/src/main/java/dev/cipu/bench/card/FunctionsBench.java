package dev.cipu.bench.card;

import dev.cipu.bench.machine.CoreOptions;
import dev.cipu.bench.machine.MachineFacts;
import dev.cipu.bench.process.Children;
import dev.cipu.bench.report.ResultOptions;
import dev.cipu.shim.cli.CommandFailure;
import dev.cipu.shim.cli.ExitCode;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code cipu bench functions}. */
@Command(
        name = "functions",
        description = {
            "What a card of many functions takes while they are idle: memory, threads, descriptors, processor time.",
            "Half of them over vhost-user and half over vfio-user; network devices and disks in turns."
        })
public final class FunctionsBench implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Mixin
    private final CoreOptions cores = new CoreOptions();

    @Option(names = "--count", paramLabel = "N", description = "Functions. Default: ${DEFAULT-VALUE}.")
    private int count = 1000;

    @Option(
            names = "--connected",
            paramLabel = "N",
            description = "Of those over vhost-user, how many have a driver that is idle. Default: ${DEFAULT-VALUE}.")
    private int connected = 100;

    @Option(names = "--idle", paramLabel = "POLICY", description = "As of 'cipu serve'. Default: ${DEFAULT-VALUE}.")
    private String idle = "backoff";

    @Option(names = "--seconds", paramLabel = "S", description = "Of silence. Default: ${DEFAULT-VALUE}.")
    private int seconds = 10;

    @Mixin
    private final ResultOptions output = new ResultOptions();

    /**
     * What was found; the names stay.
     *
     * @param idle the card's policy
     * @param bytesAFunction resident memory that one more takes while no host has come
     * @param cases one for each state of a card
     */
    public record Found(MachineFacts machine, String idle, long bytesAFunction, List<Footprint> cases) {}

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (count < 2 || connected < 0 || connected > count / 2 || seconds < 1) {
            throw new ParameterException(
                    spec.commandLine(), "give --count 2 or more, --connected up to half of that, --seconds 1 or more");
        }
        MachineFacts.Before before = cores.before(spec.commandLine().getErr()::println);
        Path script = CardChild.script(System.getProperty("java.class.path", ""));
        List<Footprint> cases = new ArrayList<>();
        for (IdleCard card : List.of(
                new IdleCard("one", 1, 0, idle),
                new IdleCard("all", count, 0, idle),
                new IdleCard("connected", count, connected, idle))) {
            try (Children children = new Children()) {
                cases.add(card.measure(children, script, cores.cardCore(), seconds));
            } catch (IOException e) {
                throw new CommandFailure(ExitCode.FAILED, "a card or a call of it failed: " + e.getMessage(), e);
            }
        }
        long each = (cases.get(1).residentBytes() - cases.get(0).residentBytes()) / (count - 1);
        Found found = new Found(before.after(), idle, each, cases);
        output.write(found, out -> print(found, out));
        return ExitCode.DONE;
    }

    private static void print(Found found, PrintWriter out) {
        out.printf(
                "%-10s %9s %9s %12s %8s %11s %10s%n",
                "case", "functions", "connected", "resident MiB", "threads", "descriptors", "% of a core");
        for (Footprint each : found.cases()) {
            out.printf(
                    "%-10s %9d %9d %12.1f %8d %11d %10.2f%n",
                    each.name(),
                    each.functions(),
                    each.connected(),
                    each.residentBytes() / (double) (1 << 20),
                    each.threads(),
                    each.descriptors(),
                    each.percentOfACore());
        }
        out.printf("a function without a host takes %.1f KiB%n", found.bytesAFunction() / 1024.0);
    }
}
