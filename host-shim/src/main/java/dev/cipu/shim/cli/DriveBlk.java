package dev.cipu.shim.cli;

import dev.cipu.shim.assembly.ByteSize;
import dev.cipu.shim.load.BlkLoad;
import dev.cipu.shim.load.BlkLoadResult;
import dev.cipu.shim.load.BlkLoadSpec;
import dev.cipu.shim.load.BlkWorkload;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code cipu drive blk}. */
@Command(
        name = "blk",
        sortOptions = false,
        description = {
            "Keep requests under way on a block device and measure them.",
            "Latency counts from handing a request to the ring until its completion is seen; a burst shares one time"
                    + " stamp. WARNING: a load that writes overwrites the device."
        })
final class DriveBlk implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Mixin
    private final TargetOptions target = new TargetOptions();

    @Option(
            names = "--rw",
            defaultValue = "randread",
            paramLabel = "KIND",
            description = "One of ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
    private BlkWorkload workload = BlkWorkload.RANDREAD;

    @Option(
            names = "--bs",
            defaultValue = "4k",
            converter = ByteSizeConverter.class,
            paramLabel = "SIZE",
            description = "Bytes of a request (default: ${DEFAULT-VALUE}).")
    private long blockBytes;

    @Option(
            names = "--depth",
            defaultValue = "32",
            paramLabel = "N",
            description = "Requests under way on each queue (default: ${DEFAULT-VALUE}).")
    private int depth;

    @Option(
            names = "--queues",
            defaultValue = "1",
            paramLabel = "N",
            description = "Request queues (default: ${DEFAULT-VALUE}).")
    private int queues;

    @Option(
            names = "--span",
            defaultValue = "0",
            converter = ByteSizeConverter.class,
            paramLabel = "SIZE",
            description = "Use only this much of the device, from its start (default: all).")
    private long span;

    @Option(
            names = "--verify",
            description = "Let every block tell its place and generation, read all of them back and check them.")
    private boolean verify;

    @Option(
            names = "--reconnect",
            description = "When the back-end is lost, wait for the next one and go on. With --verify every write that"
                    + " was acknowledged before is then read back.")
    private boolean reconnect;

    @Mixin
    private final RunOptions run = new RunOptions();

    @Override
    public Integer call() {
        BlkLoad load = BlkLoad.connect(RunOptions.described(spec, this::loadSpec));
        try (StopOnSignal _ = new StopOnSignal(load::stop)) {
            BlkLoadResult result = load.run();
            return run.report(spec.commandLine().getOut(), result, result.passed(), out -> print(out, result));
        }
    }

    private BlkLoadSpec loadSpec() {
        return new BlkLoadSpec(
                target.target(),
                workload,
                Math.toIntExact(Math.min(blockBytes, Integer.MAX_VALUE)),
                depth,
                queues,
                span,
                run.run(),
                verify,
                reconnect);
    }

    private static void print(PrintWriter out, BlkLoadResult result) {
        out.printf(
                "%s %s, depth %d, %d queue(s), %s: %,d requests in %.2f s = %,.0f IOPS, %,.1f MB/s%n",
                result.workload(),
                ByteSize.format(result.blockBytes()),
                result.depth(),
                result.queues(),
                result.mode(),
                result.ops(),
                result.seconds(),
                result.iops(),
                result.mbps());
        LatencyLine.print(out, result.latencyNs());
        out.printf(
                "kicks %,d, calls %,d, reconnects %d, resubmitted %,d, allocated %,d bytes%n",
                result.kicks(), result.calls(), result.reconnects(), result.resubmitted(), result.allocatedBytes());
        if (result.blocksVerified() > 0 || result.verifyErrors() > 0) {
            out.printf("verified %,d blocks, %,d differ%n", result.blocksVerified(), result.verifyErrors());
        }
        if (!result.passed()) {
            out.printf("%,d requests failed; first problem: %s%n", result.errors(), result.firstProblem());
        }
    }
}
