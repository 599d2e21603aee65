package dev.cipu.shim.cli;

import dev.cipu.shim.load.NetLoad;
import dev.cipu.shim.load.NetLoadResult;
import dev.cipu.shim.load.NetLoadSpec;
import dev.cipu.shim.load.Target;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code cipu drive net}. */
@Command(
        name = "net",
        sortOptions = false,
        description = {
            "Send frames through a network device with a reflecting port behind it, and measure what comes back.",
            "Latency counts from handing a frame to the ring until it is back; a burst shares one time stamp."
        })
final class DriveNet implements Callable<Integer> {
    private static final int HALF_A_RING = -1;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Mixin
    private final TargetOptions target = new TargetOptions();

    @Option(
            names = "--size",
            defaultValue = "64",
            paramLabel = "BYTES",
            description = "Bytes of a frame without its checksum (default: ${DEFAULT-VALUE}).")
    private int frameBytes;

    @Option(
            names = "--pairs",
            defaultValue = "1",
            paramLabel = "N",
            description = "Queue pairs (default: ${DEFAULT-VALUE}).")
    private int pairs;

    @Option(
            names = "--burst",
            defaultValue = "" + NetLoadSpec.DEFAULT_BURST,
            paramLabel = "N",
            description = "Frames handed over at once (default: ${DEFAULT-VALUE}).")
    private int burst;

    @Option(
            names = "--window",
            defaultValue = "" + HALF_A_RING,
            paramLabel = "N",
            description = "Frames of a pair that may be on their way, 0 for no limit (default: half a ring).")
    private int window;

    @Option(
            names = "--rate",
            paramLabel = "PPS",
            description = "Frames a second (default: as many as the window lets through).")
    private long rate;

    @Option(names = "--mrg-rxbuf", description = "Let received frames spread over several buffers.")
    private boolean mergeable;

    @Option(
            names = "--verify",
            description = "Give every frame content of its own and compare it; a lost frame then is a failure.")
    private boolean verify;

    @Mixin
    private final RunOptions run = new RunOptions();

    @Override
    public Integer call() {
        NetLoad load = NetLoad.connect(RunOptions.described(spec, this::loadSpec));
        try (StopOnSignal _ = new StopOnSignal(load::stop)) {
            NetLoadResult result = load.run();
            return run.report(spec.commandLine().getOut(), result, result.passed(), out -> print(out, result));
        }
    }

    private NetLoadSpec loadSpec() {
        Target device = target.target();
        int frames = window == HALF_A_RING ? NetLoadSpec.defaultWindow(device) : window;
        return new NetLoadSpec(device, frameBytes, pairs, burst, frames, rate, mergeable, run.run(), verify);
    }

    private static void print(PrintWriter out, NetLoadResult result) {
        out.printf(
                "%d bytes, %d pair(s), %s: %,d frames back of %,d sent in %.2f s = %,.0f frames/s, %,.1f MB/s%n",
                result.frameBytes(),
                result.pairs(),
                result.mode(),
                result.ops(),
                result.sent(),
                result.seconds(),
                result.pps(),
                result.mbps());
        LatencyLine.print(out, result.latencyNs());
        out.printf(
                "lost %,d, duplicated %,d, altered %,d, reordered %,d, foreign %,d%n",
                result.lost(), result.duplicated(), result.altered(), result.reordered(), result.foreign());
        out.printf(
                "kicks %,d, calls %,d, allocated %,d bytes%n", result.kicks(), result.calls(), result.allocatedBytes());
        if (result.ops() == 0) {
            out.println("no frame came back: is there a reflecting port behind the device?");
        } else if (!result.firstProblem().isEmpty()) {
            out.println("first problem: " + result.firstProblem());
        }
    }
}
