package dev.cipu.shim.cli;

import dev.cipu.shim.demo.Demo;
import dev.cipu.shim.demo.DemoReport;
import dev.cipu.shim.load.Latency;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code cipu demo}. */
@Command(
        name = "demo",
        description = {
            "Show the card at work, in this process alone: two guests exchange packets through its switch, a third uses"
                    + " a disk in its memory. Every packet and every block is checked.",
            "The first CPU allowed stands for the card's core, the others for host cores."
        })
public final class DemoCommand implements Subcommand, Callable<Integer> {
    private static final double SHORTEST = 0.2;
    private static final double LONGEST = 86_400;
    private static final double NANOS = 1e9;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Option(
            names = "--seconds",
            paramLabel = "N",
            defaultValue = "6",
            description = "How long the guests work, warm-up included: ${DEFAULT-VALUE}.")
    private double seconds = 6;

    @Option(
            names = "--json",
            paramLabel = "FILE",
            description = "Write the summary as JSON to this file, '-' for standard output.")
    private @Nullable String json;

    /** For {@link java.util.ServiceLoader}. */
    public DemoCommand() {}

    @Override
    public Integer call() throws InterruptedException {
        if (!(seconds >= SHORTEST && seconds <= LONGEST)) {
            throw new ParameterException(
                    spec.commandLine(), "--seconds: " + seconds + " is not in " + SHORTEST + " to " + LONGEST);
        }
        PrintWriter out = spec.commandLine().getOut();
        boolean live = Terminal.isInteractive();
        Demo demo = new Demo(seconds, (elapsed, packets, iops) -> {
            if (live) {
                progress(out, elapsed, packets, iops);
            }
        });
        DemoReport report;
        try (StopOnSignal _ = new StopOnSignal(demo::stop)) {
            report = demo.run();
        }
        if (live) {
            out.print("\r\u001b[K");
        }
        JsonReport.write(report, json, out, people -> print(people, report));
        if (!report.passed()) {
            throw new CommandFailure(
                    ExitCode.FAILED, "the demo failed: " + report.problem() + "; see 'cipu demo --help'");
        }
        return ExitCode.DONE;
    }

    private void progress(PrintWriter out, double elapsed, double packets, double iops) {
        out.printf(
                "\r%4.1f of %.1f s   %s packets/s   %s IOPS\u001b[K",
                elapsed, seconds, Rates.human(packets), Rates.human(iops));
        out.flush();
    }

    private static void print(PrintWriter out, DemoReport report) {
        DemoReport.Net net = report.net();
        DemoReport.Blk blk = report.blk();
        out.printf(
                "card core %s, host core %s with %d guest thread%s, measured for %.1f s%n",
                report.cardCores(),
                report.hostCores(),
                report.guestThreads(),
                report.guestThreads() == 1 ? "" : "s",
                report.seconds());
        out.printf(
                "net   %s packets/s, %sbit/s; %,d sent, %,d received and checked, %,d lost%n",
                Rates.human(net.packetsPerSecond()),
                Rates.human(net.bitsPerSecond()),
                net.framesSent(),
                net.framesReceived(),
                net.lost());
        latency(out, net.latencyNs());
        out.printf(
                "blk   %s IOPS of %d bytes; %,d blocks written, %,d read and checked%n",
                Rates.human(blk.iops()), blk.blockBytes(), blk.writes(), blk.readsChecked());
        latency(out, blk.latencyNs());
        double events = (net.packetsPerSecond() + blk.iops()) * report.seconds();
        out.printf(
                "cpu   hosts %.2f s, card %.2f s: the card took %.0f ns for a packet or request%n",
                report.hostCpuSeconds(),
                report.cardCpuSeconds(),
                events == 0 ? 0 : report.cardCpuSeconds() * NANOS / events);
        out.printf("kicks %,d, calls %,d%n", report.kicks(), report.calls());
        out.println(report.passed() ? "passed: nothing was lost or altered" : "FAILED: " + report.problem());
    }

    private static void latency(PrintWriter out, Latency latency) {
        out.print("      ");
        LatencyLine.print(out, latency);
    }
}
