package dev.cipu.bench.record;

import dev.cipu.bench.machine.CoreOptions;
import dev.cipu.bench.machine.HostAdvice;
import dev.cipu.bench.machine.HostFacts;
import dev.cipu.bench.process.RoundOptions;
import dev.cipu.bench.report.ResultOptions;
import dev.cipu.shim.cli.CommandFailure;
import dev.cipu.shim.cli.ExitCode;
import dev.cipu.shim.posix.Affinity;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code cipu bench record}. */
@Command(
        name = "record",
        description = {
            "What it costs a card to record what passes its queues: 64-byte frames at a rate, then as many as go,",
            "in turns with and without recording. Writes some 250 MB a second while it records, and deletes them."
        })
public final class RecordBench implements Callable<Integer> {
    private static final int LOOKS = 10;
    private static final int ALONE_PER_SECOND = 1_000_000;
    private static final int MOST_PER_SECOND = 50_000_000;
    private static final int MOST_SECONDS = 60;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Mixin
    private final CoreOptions cores = new CoreOptions();

    @Option(
            names = "--rate",
            paramLabel = "N",
            defaultValue = "1000000",
            description = "Frames a second (default ${DEFAULT-VALUE}).")
    private long rate = 1_000_000;

    @Mixin
    private final RoundOptions rounds = new RoundOptions(5);

    @Option(
            names = "--seconds",
            paramLabel = "N",
            defaultValue = "2",
            description = "Of a turn, after half a second to warm up (default ${DEFAULT-VALUE}).")
    private double seconds = 2;

    @Option(
            names = "--dir",
            paramLabel = "DIR",
            description = "Where traces are made for the time of a turn (default: the directory for temporary files).")
    private @Nullable Path directory;

    @Mixin
    private final ResultOptions output = new ResultOptions();

    /** What was found; the names stay. */
    record Result(
            Cost atRate,
            Cost atMost,
            Alone alone,
            List<Turn> turns,
            int cores,
            HostFacts machine,
            List<String> warnings) {}

    /** For picocli. */
    public RecordBench() {}

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (!(rate >= 1 && rate <= MOST_PER_SECOND && seconds > 0 && seconds <= MOST_SECONDS)) {
            throw new ParameterException(
                    spec.commandLine(), "--rate is from 1 to 50000000, --seconds above 0 and at most 60");
        }
        rounds.require();
        cores.require();
        HostFacts machine = cores.look(LOOKS);
        Path folder = folder();
        List<Turn> turns;
        Alone alone;
        try {
            turns = turns(folder);
            alone = alone(folder);
        } finally {
            delete(folder);
        }
        List<String> warnings = new ArrayList<>(HostAdvice.of(machine));
        int allowed = Affinity.allowed().size();
        if (allowed < 3) {
            warnings.add("There are two cores: the recording thread shares the guest's, which then offers less.");
        }
        Result result = new Result(
                Cost.of(turns, rate), Cost.of(turns, 0), alone, turns, allowed, machine, List.copyOf(warnings));
        output.write(result, out -> print(result, out));
        return ExitCode.DONE;
    }

    private List<Turn> turns(Path folder) throws IOException, InterruptedException {
        List<Turn> turns = new ArrayList<>();
        for (int round = 0; round <= rounds.rounds(); round++) {
            for (long offered : new long[] {rate, 0}) {
                for (boolean recording : new boolean[] {false, true}) {
                    Turn turn = turn(folder, offered, recording);
                    // in the first round the compiler is still at work
                    if (round > 0) {
                        turns.add(turn);
                    }
                }
            }
        }
        return turns;
    }

    private Alone alone(Path folder) throws IOException, InterruptedException {
        Path trace = folder.resolve("alone");
        List<Alone> all = new ArrayList<>();
        for (int round = 0; round <= rounds.rounds(); round++) {
            all.add(Alone.measure(trace, (long) (ALONE_PER_SECOND * seconds), List.of(cores.hostCore())));
            delete(trace);
        }
        return all.stream().min(Comparator.comparingDouble(Alone::writerNanos)).orElseThrow();
    }

    private Path folder() {
        try {
            return directory == null
                    ? Files.createTempDirectory("cipu-record")
                    : Files.createTempDirectory(Files.createDirectories(directory), "cipu-record");
        } catch (IOException e) {
            throw new CommandFailure(
                    ExitCode.USAGE, "--dir: nothing can be made in " + directory + ": " + e + "; choose another", e);
        }
    }

    private Turn turn(Path folder, long offered, boolean recording) throws IOException, InterruptedException {
        Path trace = folder.resolve("trace");
        try (RecordedCard card =
                new RecordedCard(folder.resolve("net"), recording ? trace : null, cores.hostCore(), cores.cardCore())) {
            return card.run(offered, seconds);
        } finally {
            delete(trace);
        }
    }

    private static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        }
    }

    private static void print(Result result, PrintWriter out) {
        print("at " + result.atRate().offered() + " frames a second", result.atRate(), out);
        print("as many as go", result.atMost(), out);
        out.printf(
                "without a card%n  worker      %.1f ns a transaction%n  writer      %.0f ns: %.1f M/s on a core of its own%n",
                result.alone().journalNanos(),
                result.alone().writerNanos(),
                result.alone().writerMost() / 1e6);
        result.warnings().forEach(warning -> out.println("warning: " + warning));
    }

    private static void print(String what, Cost cost, PrintWriter out) {
        out.println(what);
        out.printf(
                "  delivered   %.3f M/s without, %.3f M/s recording: %.1f %% less (the best of each: %.1f %%)%n",
                cost.deliveredWithout() / 1e6,
                cost.deliveredRecording() / 1e6,
                cost.throughputCost(),
                cost.throughputCostOfBest());
        out.printf(
                "  worker      %.1f ns a frame without, %.1f ns recording: %.1f ns or %.1f %% more%n",
                cost.workerWithout(), cost.workerRecording(), cost.workerNanos(), cost.workerCost());
        out.printf("  recorded    %d transactions, lost %d%n", cost.transactions(), cost.lost());
        out.printf(
                "  writer      %.0f %% of a core, %.0f ns a transaction: %.1f M/s on a core of its own%n",
                100 * cost.writerShare(), cost.writerNanos(), cost.writerMost() / 1e6);
    }
}
