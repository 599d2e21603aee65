package dev.cipu.shim.cli;

import dev.cipu.device.card.CardProfile;
import dev.cipu.shim.replay.Contents;
import dev.cipu.shim.replay.Pace;
import dev.cipu.shim.replay.Selection;
import dev.cipu.shim.replay.Words;
import dev.cipu.shim.replay.live.LiveReplay;
import dev.cipu.shim.replay.live.LiveResult;
import dev.cipu.shim.replay.live.LiveSpec;
import dev.cipu.shim.replay.model.ModelReplay;
import dev.cipu.shim.replay.model.ReplayPage;
import dev.cipu.shim.replay.model.ReplayReport;
import dev.cipu.shim.replay.model.ReplayText;
import dev.cipu.shim.sim.Amounts;
import dev.cipu.sim.event.Picos;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code cipu trace replay}. */
@Command(
        name = "replay",
        sortOptions = false,
        description = {
            "Do once more what a trace has: in the model of one card or several (--card), to see what these would have made"
                    + " of it; or with a live device (--socket or --vfio-user).",
            "In the model the same trace, options and seed give the same result on any machine."
        })
final class TraceReplay implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Parameters(paramLabel = "DIR", description = "The directory that was recorded to.")
    @SuppressWarnings("NullAway.Init")
    private Path directory;

    @Mixin
    private final ReplayModelOptions model = new ReplayModelOptions();

    @Mixin
    private final ReplayDeviceOptions device = new ReplayDeviceOptions();

    @Option(names = "--device", paramLabel = "ID", description = "Of this device alone; may be given several times.")
    private List<String> devices = List.of();

    @Option(names = "--queue", paramLabel = "N", description = "Of this queue alone; may be given several times.")
    private List<Integer> queues = List.of();

    @Option(
            names = "--speed",
            defaultValue = "1",
            paramLabel = "N",
            description = "How many times as fast as it was recorded (default: ${DEFAULT-VALUE}).")
    private double speed;

    @Option(
            names = "--as-fast-as-possible",
            description = "Each transaction as soon as there is room, in the order of the recording.")
    private boolean unpaced;

    @Option(
            names = "--longest-gap",
            paramLabel = "TIME",
            description = "Shorten longer silences of the recording to this, for example 1s.")
    private @Nullable String longestGap;

    @Option(
            names = "--queue-size",
            defaultValue = "256",
            paramLabel = "N",
            description = "Of each ring (default: ${DEFAULT-VALUE}); a trace does not say how large they were.")
    private int queueSize;

    @Option(names = "--packed", description = "Packed rings; a trace does not say which they were.")
    private boolean packed;

    @Mixin
    @SuppressWarnings("NullAway.Init")
    private SimOutput output;

    @Override
    public Integer call() {
        DevicePlace place = device.place();
        if ((place != null) == model.isGiven()) {
            throw new ParameterException(
                    spec.commandLine(),
                    "say whereto: --card for the model of a card, --socket or --vfio-user for a live device");
        }
        refuse(
                place == null ? ReplayDeviceOptions.NAMES : ReplayModelOptions.NAMES,
                place == null ? "a live device" : "--card");
        if (unpaced && (longestGap != null || speed != 1)) {
            throw new ParameterException(
                    spec.commandLine(), "--as-fast-as-possible knows no times: leave --speed and --longest-gap out");
        }
        Selection selection = new Selection(devices, queues);
        return place == null ? intoModel(selection) : intoDevice(selection, place);
    }

    private void refuse(List<String> names, String others) {
        for (String name : names) {
            if (spec.commandLine().getParseResult().hasMatchedOption(name)) {
                throw new ParameterException(spec.commandLine(), name + " is for " + others + "; leave it out");
            }
        }
    }

    private Pace pace() {
        long gap = longestGap == null ? Pace.ANY_GAP : Amounts.picos("--longest-gap", longestGap) / Picos.NANO;
        return new Pace(speed, unpaced, gap);
    }

    private int intoModel(Selection selection) {
        List<CardProfile> cards = model.cards();
        ModelReplay replay =
                new ModelReplay(directory, selection, pace(), model.habits(queueSize, packed), model.seed());
        Contents contents = replay.contents();
        ReplayReport report = replay.run(contents, cards, model.figures(), SimTraffic.threads());
        output.write(report, () -> ReplayPage.of(report), out -> {
            ReplayText.print(report, out);
            Words.cautions(contents, contents.leftOut(), out);
        });
        return ExitCode.DONE;
    }

    private int intoDevice(Selection selection, DevicePlace place) {
        Path function = place.vfioUser();
        Path socket = function == null ? place.socket() : function;
        LiveSpec live = RunOptions.described(
                spec,
                () -> new LiveSpec(
                        directory,
                        selection,
                        pace(),
                        device.target(socket, queueSize, packed),
                        function != null,
                        device.writes()));
        try (LiveReplay replay = LiveReplay.connect(live);
                StopOnSignal _ = new StopOnSignal(replay::stop)) {
            LiveResult result = replay.run();
            output.write(
                    result,
                    () -> {
                        throw new IllegalStateException("--html was refused");
                    },
                    out -> print(out, result, replay.contents()));
            return result.passed() ? ExitCode.DONE : ExitCode.FAILED;
        }
    }

    private static void print(PrintWriter out, LiveResult result, Contents contents) {
        out.printf(
                "%s of %s into %s, %s: took %.3f s, recorded %.3f s%n",
                result.device(),
                result.trace(),
                result.socket(),
                result.pace(),
                result.seconds(),
                result.recordedSeconds());
        for (LiveResult.Sent sent : result.sent()) {
            out.printf(
                    "%s: %,d, %,d bytes, %,.0f a second, %,d failed%n",
                    sent.operation().plural(), sent.count(), sent.bytes(), sent.perSecond(), sent.errors());
            LatencyLine.print(out, sent.latencyNs());
        }
        if (result.framesReceived() > 0) {
            out.printf("frames received: %,d, %,d bytes%n", result.framesReceived(), result.bytesReceived());
        }
        if (result.behindNs().max() > 0) {
            out.printf(
                    "sent later than due, us: p50 %.2f, p99 %.2f, max %.2f%n",
                    result.behindNs().p50() / 1e3,
                    result.behindNs().p99() / 1e3,
                    result.behindNs().max() / 1e3);
        }
        if (result.recordedQueues() > result.queues()) {
            out.printf(
                    "%d recorded queues share %d, for the device has no more%n",
                    result.recordedQueues(), result.queues());
        }
        Words.cautions(contents, result.leftOut(), out);
        if (!result.firstProblem().isEmpty()) {
            out.println("first problem: " + result.firstProblem());
        }
        if (result.stopped()) {
            out.println("stopped before its end");
        }
    }
}
