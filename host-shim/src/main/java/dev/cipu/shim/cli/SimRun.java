package dev.cipu.shim.cli;

import dev.cipu.shim.sim.Experiment;
import dev.cipu.shim.sim.LoadLevel;
import dev.cipu.shim.sim.Outcome;
import dev.cipu.shim.sim.OutcomeText;
import dev.cipu.shim.sim.SimPages;
import dev.cipu.shim.sim.trace.ChromeTrace;
import dev.cipu.shim.sim.trace.RegisterDump;
import dev.cipu.shim.sim.trace.Timeline;
import dev.cipu.shim.sim.trace.TwoTracers;
import dev.cipu.sim.model.Result;
import dev.cipu.sim.model.Tracer;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code cipu sim run}. */
@Command(
        name = "run",
        description = {
            "Run a card under a workload in virtual time: throughput, latency part by part, what is used, what it costs.",
            "The same options give the same result on any machine."
        })
final class SimRun implements Callable<Integer> {
    @Mixin
    @SuppressWarnings("NullAway.Init")
    private OneCard card;

    @Option(
            names = "--load",
            defaultValue = "max",
            paramLabel = "max|RATE|SHARE%%",
            description =
                    "What the guest asks for: as much as the card takes, packets or requests a second (250k, 2.5M),"
                            + " or a share of the most (50%%). Default: ${DEFAULT-VALUE}.")
    @SuppressWarnings("NullAway.Init")
    private String load;

    @Mixin
    @SuppressWarnings("NullAway.Init")
    private SimTraffic traffic;

    @Mixin
    @SuppressWarnings("NullAway.Init")
    private SimOutput output;

    @Option(
            names = "--trace",
            paramLabel = "FILE",
            description = "Write a timeline for Perfetto or Chrome: each part of the first journeys.")
    private @Nullable Path trace;

    @Option(
            names = "--trace-journeys",
            defaultValue = "1000",
            paramLabel = "N",
            description = "Packets or requests in it (default: ${DEFAULT-VALUE}).")
    private int journeys;

    @Option(
            names = "--vcd",
            paramLabel = "FILE",
            description = "Write doorbells, interrupts and indexes over time for a waveform viewer.")
    private @Nullable Path vcd;

    @Override
    public Integer call() {
        if (journeys < 1 || journeys > 1_000_000) {
            throw new CommandFailure(ExitCode.USAGE, "--trace-journeys is " + journeys + "; give 1 to 1000000");
        }
        Experiment experiment = traffic.experiment(card.profile(), LoadLevel.parse("--load", load));
        Result result = traced(experiment);
        Outcome outcome = Outcome.of(experiment, card.figures(), result);
        output.write(outcome, () -> SimPages.of(outcome), out -> new OutcomeText(out).print(outcome));
        return ExitCode.DONE;
    }

    private Result traced(Experiment experiment) {
        Timeline timeline = new Timeline(experiment.warmUp(), journeys);
        Tracer watching = trace == null ? Tracer.NONE : timeline;
        Result result;
        if (vcd == null) {
            result = experiment.run(watching);
        } else {
            int queues = experiment.named().workload().queues();
            try (RegisterDump dump = new RegisterDump(vcd, queues, experiment.warmUp())) {
                result = experiment.run(trace == null ? dump : new TwoTracers(watching, dump));
            }
        }
        if (trace != null) {
            ChromeTrace.write(timeline, trace);
        }
        return result;
    }
}
