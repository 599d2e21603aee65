package dev.cipu.bench.versus;

import dev.cipu.bench.machine.CoreOptions;
import dev.cipu.bench.machine.PlacementProbe;
import dev.cipu.bench.process.RunLength;
import dev.cipu.bench.process.Setup;
import dev.cipu.bench.report.Progress;
import dev.cipu.shim.cli.CommandFailure;
import dev.cipu.shim.cli.ExitCode;
import java.util.List;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options of every comparison. */
public final class BenchOptions {
    private static final int ROUNDS = 15;
    private static final int QUICK_ROUNDS = 1;

    /** Short, so that a hypervisor that moves the cores spoils few pairs. */
    private static final RunLength LENGTH = new RunLength(0.2, 0.4);

    private static final double QUICK_SCALE = 0.5;

    @Option(names = "--quick", description = "One round, short samples. For a first look only.")
    private boolean quick;

    @Option(
            names = "--rounds",
            paramLabel = "N",
            description = "Pairs of samples for each case (" + ROUNDS + ", with --quick " + QUICK_ROUNDS + ").")
    private int rounds;

    @Option(names = "--seconds", paramLabel = "S", description = "Length of one sample (0.4, with --quick 0.2).")
    private double seconds;

    @Mixin
    private final CoreOptions cores = new CoreOptions();

    @Option(
            names = "--case",
            paramLabel = "NAME",
            arity = "1..*",
            description = "Only cases whose name contains one of these, such as 64B or qd32.")
    private List<String> only = List.of();

    /** For picocli. */
    public BenchOptions() {}

    /** Fails if the two cores are not there, or the length of the run makes no sense. */
    void require() {
        cores.require();
        if (rounds < 0 || seconds < 0) {
            throw new CommandFailure(ExitCode.USAGE, "--rounds and --seconds are above 0");
        }
    }

    CoreOptions cores() {
        return cores;
    }

    boolean quick() {
        return quick;
    }

    Setup setup(String program, boolean hugePages) {
        return new Setup(program, cores.hostCore(), cores.cardCore(), only, hugePages);
    }

    /** The comparison that the options ask for. */
    Comparison comparison(Progress progress) {
        int wanted = rounds > 0 ? rounds : quick ? QUICK_ROUNDS : ROUNDS;
        int most = quick ? wanted + 1 : 2 * wanted;
        double scale = quick ? QUICK_SCALE : 1;
        RunLength length =
                new RunLength(LENGTH.warmupSeconds() * scale, seconds > 0 ? seconds : LENGTH.seconds() * scale);
        return new Comparison(new PlacementProbe(cores.hostCore(), cores.cardCore()), progress, wanted, most, length);
    }
}
