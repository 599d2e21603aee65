package dev.cipu.bench.sim;

import dev.cipu.bench.machine.CoreOptions;
import dev.cipu.bench.machine.MachineFacts;
import dev.cipu.bench.machine.Median;
import dev.cipu.bench.process.RoundOptions;
import dev.cipu.bench.report.ResultOptions;
import dev.cipu.device.card.CardProfile;
import dev.cipu.shim.cli.ExitCode;
import dev.cipu.shim.posix.Affinity;
import dev.cipu.shim.profile.CardProfiles;
import dev.cipu.sim.event.Picos;
import dev.cipu.sim.model.CardTiming;
import dev.cipu.sim.model.Simulation;
import dev.cipu.sim.model.Timing;
import dev.cipu.sim.model.Workload;
import dev.cipu.virtio.ring.RingFormat;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code cipu bench sim}. */
@Command(
        name = "sim",
        description = {
            "How many events and packets of the timing model happen in a second on one core:",
            "a saturated card, every stage of every packet, packets sent over packed and over split rings."
        })
public final class SimBench implements Callable<Integer> {
    private static final int PACKET_BYTES = 64;
    private static final int QUEUES = 4;
    private static final int DEPTH = 256;
    private static final int BATCH = 32;
    private static final int FLOWS = 64;
    private static final long SEED = 1;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Mixin
    private final CoreOptions cores = new CoreOptions();

    @Option(names = "--card", paramLabel = "NAME", description = "Whose timing. Default: ${DEFAULT-VALUE}.")
    private String card = "cipu-1";

    @Mixin
    private final RoundOptions rounds = new RoundOptions(7);

    @Option(names = "--millis", paramLabel = "N", description = "Virtual time of a run. Default: ${DEFAULT-VALUE}.")
    private int millis = 100;

    @Mixin
    private final ResultOptions output = new ResultOptions();

    /**
     * One kind of run; medians of all rounds but the first, in which the compiler is still at work.
     *
     * @param eventsPerSecond of wall time
     * @param packetsPerSecond likewise
     * @param most events a second in the best round
     */
    public record Speed(String rings, double eventsPerSecond, double packetsPerSecond, double most) {}

    /** What was found; the names stay. */
    public record Found(MachineFacts machine, String card, List<Speed> speeds) {}

    @Override
    public Integer call() throws IOException, InterruptedException {
        rounds.require();
        if (millis < 1) {
            throw new ParameterException(spec.commandLine(), "--millis is at least 1, not " + millis);
        }
        Timing timing = CardTiming.of(profile(), CardProfiles.assumed());
        MachineFacts.Before before = cores.before(spec.commandLine().getErr()::println);
        List<Speed> speeds = new ArrayList<>();
        List<Integer> allowed = Affinity.allowed();
        Affinity.pin(cores.cardCore());
        try {
            for (RingFormat format : RingFormat.values()) {
                speeds.add(measure(timing, format));
            }
        } finally {
            Affinity.pin(allowed);
        }
        Found found = new Found(before.after(), card, speeds);
        output.write(found, out -> print(found, out));
        return ExitCode.DONE;
    }

    private static void print(Found found, PrintWriter out) {
        out.printf("%-8s %16s %16s %16s%n", "rings", "M events/s", "M packets/s", "best M events/s");
        for (Speed each : found.speeds()) {
            out.printf(
                    "%-8s %16.1f %16.2f %16.1f%n",
                    each.rings(), each.eventsPerSecond() / 1e6, each.packetsPerSecond() / 1e6, each.most() / 1e6);
        }
    }

    private CardProfile profile() {
        try {
            return CardProfiles.find(card);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "--card: " + e.getMessage(), e);
        }
    }

    private Speed measure(Timing timing, RingFormat format) {
        Workload workload = new Workload(
                Workload.Kind.TRANSMIT, PACKET_BYTES, QUEUES, DEPTH, format, BATCH, 0, FLOWS, false, false);
        List<Double> events = new ArrayList<>();
        List<Double> packets = new ArrayList<>();
        for (int round = 0; round <= rounds.rounds(); round++) {
            try (Simulation simulation = new Simulation(timing, workload, SEED)) {
                long warmUp = simulation.run(0, 100 * Picos.MICRO).events();
                long start = System.nanoTime();
                var result = simulation.run(0, millis * Picos.MILLI);
                double seconds = (System.nanoTime() - start) / 1e9;
                if (round > 0) {
                    events.add((result.events() - warmUp) / seconds);
                    packets.add(result.perSecond() * millis / 1e3 / seconds);
                }
            }
        }
        double most = events.stream().mapToDouble(Double::doubleValue).max().orElseThrow();
        return new Speed(format.name().toLowerCase(Locale.ROOT), Median.of(events), Median.of(packets), most);
    }
}
