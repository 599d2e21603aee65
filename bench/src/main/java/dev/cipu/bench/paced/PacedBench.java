package dev.cipu.bench.paced;

import dev.cipu.bench.machine.CoreOptions;
import dev.cipu.bench.machine.HostAdvice;
import dev.cipu.bench.machine.HostFacts;
import dev.cipu.bench.process.PinnedCall;
import dev.cipu.bench.report.ResultOptions;
import dev.cipu.dataplane.CounterReader.Group;
import dev.cipu.dataplane.IdlePolicy;
import dev.cipu.device.card.CardProfile;
import dev.cipu.shim.assembly.BlkSpec;
import dev.cipu.shim.assembly.CardAssembly;
import dev.cipu.shim.assembly.CardSpec;
import dev.cipu.shim.assembly.CounterFile;
import dev.cipu.shim.assembly.EndpointSpec;
import dev.cipu.shim.assembly.StoreSpec;
import dev.cipu.shim.assembly.TimingSpec;
import dev.cipu.shim.cli.CommandFailure;
import dev.cipu.shim.cli.ExitCode;
import dev.cipu.shim.profile.CardProfiles;
import dev.cipu.shim.profile.ProfileException;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code cipu bench paced}. */
@Command(
        name = "paced",
        description = {
            "How well a disk with timing keeps to its delays: reads of 4 KiB at a steady rate from a disk in memory.",
            "The error is how much later than asked for the card answered; it is never earlier."
        })
public final class PacedBench implements Callable<Integer> {
    private static final String DISK = "blk0";
    private static final long DISK_BYTES = 64L << 20;
    private static final int LOOKS = 10;
    private static final double WARM_UP_SECONDS = 4;
    private static final double MICRO = 1e3;
    private static final int MOST_PER_SECOND = 5_000_000;
    private static final int MOST_SECONDS = 3_600;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Mixin
    private final CoreOptions cores = new CoreOptions();

    @Option(
            names = "--timing",
            paramLabel = "NAME|FILE",
            defaultValue = "cipu-1",
            description = "The card whose figures the disk keeps to (default ${DEFAULT-VALUE}).")
    private String timing = "cipu-1";

    @Option(
            names = "--rate",
            paramLabel = "N",
            defaultValue = "100000",
            description = "Requests a second (default ${DEFAULT-VALUE}).")
    private double rate = 100_000;

    @Option(
            names = "--seconds",
            paramLabel = "N",
            defaultValue = "10",
            description = "How long, after four seconds to warm up (default ${DEFAULT-VALUE}).")
    private double seconds = 10;

    @Mixin
    private final ResultOptions output = new ResultOptions();

    /**
     * What was found.
     *
     * @param rate requests a second that were asked for
     * @param seen by the driver, in nanoseconds
     * @param card what the card counted
     * @param errorP50 of the delays that the card gave, in nanoseconds
     * @param errorP99 likewise
     */
    record Result(
            String timing,
            double rate,
            SteadyReads.Seen seen,
            Map<String, Long> card,
            long errorP50,
            long errorP99,
            HostFacts machine,
            List<String> warnings) {}

    /** For picocli. */
    public PacedBench() {}

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (!(rate >= 1 && rate <= MOST_PER_SECOND && seconds > 0 && seconds <= MOST_SECONDS)) {
            throw new ParameterException(
                    spec.commandLine(), "--rate is from 1 to 5000000, --seconds above 0 and at most 3600");
        }
        cores.require();
        CardProfile profile = profile();
        HostFacts machine = cores.look(LOOKS);
        // a card of its own, so that its errors are not among those that are measured
        measure(profile, machine, WARM_UP_SECONDS);
        Result result = measure(profile, machine, seconds);
        output.write(result, out -> print(result, out));
        return ExitCode.DONE;
    }

    private CardProfile profile() {
        try {
            return CardProfiles.find(timing);
        } catch (ProfileException e) {
            throw new CommandFailure(ExitCode.USAGE, "--timing: " + e.getMessage(), e);
        }
    }

    private Result measure(CardProfile profile, HostFacts machine, double duration)
            throws IOException, InterruptedException {
        CardSpec described = new CardSpec(
                List.of(cores.cardCore()),
                IdlePolicy.SPIN,
                null,
                Map.of(DISK, new StoreSpec.Memory(DISK_BYTES)),
                List.of(),
                List.of(new BlkSpec(DISK, EndpointSpec.EMBEDDED, DISK, false, 1, DISK, BlkSpec.DEFAULT_BLOCK_SIZE)),
                List.of(),
                null,
                null,
                null,
                new TimingSpec(profile, Map.of(DISK, profile)));
        try (CardAssembly card = CardAssembly.start(described)) {
            SteadyReads.Seen seen = PinnedCall.on(cores.hostCore(), "cipu-bench-driver", () -> {
                try (SteadyReads reads = new SteadyReads(card.function(DISK))) {
                    return reads.run(rate, duration);
                }
            });
            Map<String, Long> counted = CounterFile.read(card.counters()).groups().stream()
                    .filter(group -> group.values().containsKey("error_p99_ns"))
                    .map(Group::values)
                    .findFirst()
                    .orElseThrow();
            return new Result(
                    profile.name(),
                    rate,
                    seen,
                    counted,
                    counted.getOrDefault("error_p50_ns", 0L),
                    counted.getOrDefault("error_p99_ns", 0L),
                    machine,
                    HostAdvice.of(machine));
        }
    }

    private static void print(Result result, PrintWriter out) {
        SteadyReads.Seen seen = result.seen();
        out.printf("timing        %s, asked for %.0f requests a second%n", result.timing(), result.rate());
        out.printf("driver        %.0f a second, %d failed%n", seen.perSecond(), seen.failed());
        out.printf(
                "latency       p50 %.1f us, p99 %.1f us, p99.9 %.1f us, at most %.1f us%n",
                seen.latency().p50() / MICRO,
                seen.latency().p99() / MICRO,
                seen.latency().p999() / MICRO,
                seen.latency().max() / MICRO);
        out.printf(
                "error         p50 %.2f us, p99 %.2f us, at most %.1f us%n",
                result.errorP50() / MICRO,
                result.errorP99() / MICRO,
                result.card().getOrDefault("error_max_ns", 0L) / MICRO);
        result.warnings().forEach(warning -> out.println("warning: " + warning));
    }
}
