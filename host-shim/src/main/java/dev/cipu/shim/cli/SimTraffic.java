package dev.cipu.shim.cli;

import dev.cipu.device.card.CardProfile;
import dev.cipu.shim.sim.Amounts;
import dev.cipu.shim.sim.Experiment;
import dev.cipu.shim.sim.LoadLevel;
import dev.cipu.shim.sim.NamedWorkload;
import dev.cipu.shim.sim.SimException;
import dev.cipu.shim.sim.Workloads;
import dev.cipu.sim.model.Workload;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** Options of {@code cipu sim} that say what guests do, and for how long it is looked at. */
final class SimTraffic {
    @Option(
            names = "--workload",
            defaultValue = "udp64",
            paramLabel = "NAME",
            description = "What the guest does, see 'cipu sim list' (default: ${DEFAULT-VALUE}).")
    @SuppressWarnings("NullAway.Init")
    private String workload;

    @Option(names = "--bytes", paramLabel = "N", description = "Bytes of a frame, or of a request's data.")
    private @Nullable Integer bytes;

    @Option(names = "--queues", paramLabel = "N", description = "Queues, each with a core of the guest.")
    private @Nullable Integer queues;

    @Option(names = "--depth", paramLabel = "N", description = "Packets or requests in flight in each.")
    private @Nullable Integer depth;

    @Option(names = "--format", paramLabel = "FORMAT", description = "Rings: split or packed.")
    private @Nullable String format;

    @Option(names = "--batch", paramLabel = "N", description = "Chains that the driver publishes together.")
    private @Nullable Integer batch;

    @Option(names = "--flows", paramLabel = "N", description = "Flows among which packets are spread.")
    private @Nullable Integer flows;

    @Option(names = "--indirect", description = "Put chains into indirect tables.")
    private boolean indirect;

    /** How the driver hears of what is done. */
    @SuppressWarnings("UnusedVariable") // that one of the two was given says which
    static final class Hearing {
        @Option(names = "--interrupts", description = "The driver waits for interrupts.")
        private boolean interrupts;

        @Option(names = "--poll", description = "The driver polls.")
        private boolean poll;
    }

    @ArgGroup(exclusive = true)
    private @Nullable Hearing hearing;

    @Option(
            names = "--seed",
            defaultValue = "1",
            paramLabel = "N",
            description = "Of chance (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(
            names = "--duration",
            defaultValue = "10ms",
            paramLabel = "TIME",
            description =
                    "Virtual time that is measured, after a quarter of it in which all settles (default: ${DEFAULT-VALUE}).")
    @SuppressWarnings("NullAway.Init")
    private String duration;

    /** The workload that the options describe together. */
    NamedWorkload named() {
        NamedWorkload base = Workloads.named(workload);
        Workload common = base.workload();
        boolean interrupts = hearing == null ? common.interrupts() : hearing.interrupts;
        try {
            return new NamedWorkload(
                    base.name(),
                    base.title(),
                    new Workload(
                            common.kind(),
                            or(bytes, common.bytes()),
                            or(queues, common.queues()),
                            or(depth, common.depth()),
                            format == null ? common.format() : Workloads.format(format),
                            or(batch, common.batch()),
                            0,
                            or(flows, common.flows()),
                            interrupts,
                            indirect || common.indirect()));
        } catch (IllegalArgumentException e) {
            throw new SimException(e.getMessage() + "; change --bytes, --queues, --depth, --batch or --flows", e);
        }
    }

    private static int or(@Nullable Integer given, int otherwise) {
        return given == null ? otherwise : given;
    }

    /** What is to be run of a card. */
    Experiment experiment(CardProfile card, LoadLevel load) {
        return new Experiment(card, named(), load, seed, Amounts.picos("--duration", duration));
    }

    /** Cores that may run simulations. */
    static int threads() {
        return Runtime.getRuntime().availableProcessors();
    }
}
