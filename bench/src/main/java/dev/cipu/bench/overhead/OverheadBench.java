package dev.cipu.bench.overhead;

import dev.cipu.bench.machine.CoreOptions;
import dev.cipu.bench.machine.HostAdvice;
import dev.cipu.bench.machine.HostFacts;
import dev.cipu.bench.machine.HugePages;
import dev.cipu.bench.machine.MachineFacts;
import dev.cipu.bench.machine.PlacementProbe;
import dev.cipu.bench.process.RunLength;
import dev.cipu.bench.report.Progress;
import dev.cipu.bench.report.ResultOptions;
import dev.cipu.shim.cli.CommandFailure;
import dev.cipu.shim.cli.ExitCode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code cipu bench overhead}. */
@Command(
        name = "overhead",
        sortOptions = false,
        description = {
            "What virtualization costs this host, and what an offload card gives back: the same guest work done without a"
                    + " device, with a card, with software that polls, with software that is interrupted, and by QEMU.",
            "Prints a table and writes a page to send to somebody."
        })
public final class OverheadBench implements Callable<Integer> {
    private static final int ROUNDS = 6;
    private static final int ROUNDS_A_LAUNCH = 2;

    /** With fewer a median is a sample. */
    private static final int ENOUGH_ROUNDS = 3;

    private static final RunLength LENGTH = new RunLength(0.1, 0.3);
    private static final RunLength QUICK = new RunLength(0.05, 0.12);
    private static final double QUICK_SCALE = 0.25;
    private static final int FESTIVALS = 3;
    private static final double LEVEL_SECONDS = 0.4;
    private static final int HUGE_PAGES = 256;
    private static final int LOOKS = 3;
    private static final String NO_PAGE = "none";

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Option(names = "--quick", description = "Under a minute in all: one round, short samples. For a first look only.")
    private boolean quick;

    @Option(
            names = "--html",
            paramLabel = "FILE",
            description = "Where the page goes (default ${DEFAULT-VALUE}); 'none' writes none.")
    private String html = "overhead.html";

    @Mixin
    private final ResultOptions output = new ResultOptions();

    @Option(
            names = "--works",
            paramLabel = "FILE",
            description =
                    "What the guest does, in YAML; see docs/benchmarks.md. Default: a preset of packets and I/Os.")
    private @Nullable Path worksFile;

    @Option(
            names = "--work",
            paramLabel = "NAME",
            arity = "1..*",
            description = "Only works whose names contain one of these, such as packets.")
    private List<String> only = List.of();

    @Option(
            names = "--rounds",
            paramLabel = "N",
            description = "Samples of each work and way (" + ROUNDS + ", with --quick 1).")
    private int rounds;

    @Option(
            names = "--server-cores",
            paramLabel = "N",
            description = "Cores of the server to extrapolate to (default ${DEFAULT-VALUE}).")
    private int serverCores = 32;

    @Option(
            names = "--instance-cores",
            paramLabel = "N",
            description = "Cores of each instance on it: 2, 16, 64 or 128 (default ${DEFAULT-VALUE}).")
    private int instanceCores = 2;

    @Mixin
    private final CoreOptions cores = new CoreOptions();

    /** For picocli. */
    public OverheadBench() {}

    @Override
    public Integer call() throws InterruptedException {
        cores.require();
        List<Work> works = works();
        Published published = Published.read();
        Published.Instance instance = instance(published);
        Progress progress = Progress.to(spec.commandLine().getErr());
        try {
            report(measure(works, published, instance, progress), progress);
            return ExitCode.DONE;
        } catch (IOException e) {
            throw new CommandFailure(ExitCode.FAILED, "the comparison broke off: " + e.getMessage(), e);
        }
    }

    private List<Work> works() {
        List<Work> all = worksFile == null ? WorkFile.PRESET : WorkFile.read(worksFile);
        List<Work> wanted = all.stream()
                .filter(work -> only.isEmpty() || only.stream().anyMatch(work.name()::contains))
                .toList();
        if (wanted.isEmpty()) {
            throw new CommandFailure(
                    ExitCode.USAGE,
                    "--work names none of " + all.stream().map(Work::name).toList());
        }
        if (rounds < 0) {
            throw new CommandFailure(ExitCode.USAGE, "--rounds is above 0");
        }
        return wanted;
    }

    private Published.Instance instance(Published published) {
        try {
            Published.Instance instance = published.instance(instanceCores);
            if (serverCores < instanceCores) {
                throw new IllegalArgumentException(
                        "a server of " + serverCores + " cores has no room for an instance of " + instanceCores
                                + "; give it more with --server-cores");
            }
            return instance;
        } catch (IllegalArgumentException e) {
            throw new CommandFailure(ExitCode.USAGE, String.valueOf(e.getMessage()), e);
        }
    }

    private OverheadReport measure(
            List<Work> works, Published published, Published.Instance instance, Progress progress)
            throws IOException, InterruptedException {
        HostFacts host = cores.look(LOOKS);
        MachineFacts.Before machine = cores.before(progress::line);
        Stands.Peers peers = PeerSearch.find();
        PlacementProbe probe = new PlacementProbe(cores.hostCore(), cores.cardCore());
        Ledger ledger = new Ledger();
        published.enter(ledger);
        Extras extras = new Extras(works, instance, probe, progress, ledger);
        TurnLog log;
        List<String> missing;
        try (HugePages pages = peers.testpmd() == null ? null : HugePages.reserveOrWarn(HUGE_PAGES, progress::line)) {
            Stands stands = new Stands(cores.hostCore(), cores.cardCore(), pages != null, peers);
            log = new Rotation(plan(works), stands, probe, progress).run(extras);
            missing = stands.missing();
        }
        new Accounts(ledger, log).enter(works);
        Levels.enter(ledger, log, extras.leveled());
        Festival.enter(ledger, log);
        new ServerModel(ledger, instance).enter(serverCores, firstOf(works, true), firstOf(works, false));
        progress.done();
        return new OverheadReport.Builder(ledger, log, works)
                .build(
                        machine.after(),
                        command(),
                        missing,
                        warnings(host, plan(works).rounds()),
                        extras.leftOut,
                        extras.profiles);
    }

    private static List<String> warnings(HostFacts host, int rounds) {
        List<String> warnings = new ArrayList<>(HostAdvice.of(host));
        if (rounds < ENOUGH_ROUNDS) {
            warnings.add("Fewer than " + ENOUGH_ROUNDS
                    + " rounds: a figure, and a verdict, may rest on one sample and be noise.");
        }
        return warnings;
    }

    private Rotation.Plan plan(List<Work> works) {
        int wanted = rounds > 0 ? rounds : quick ? 1 : ROUNDS;
        return new Rotation.Plan(works, wanted, quick ? wanted : ROUNDS_A_LAUNCH, quick ? QUICK : LENGTH);
    }

    /** The first work of packets alone, or of I/Os alone. */
    private static @Nullable Work firstOf(List<Work> works, boolean packets) {
        return works.stream()
                .filter(work -> (work.packets() != null) == packets && (work.requests() != null) != packets)
                .findFirst()
                .orElse(null);
    }

    private String command() {
        return "./cipu "
                + String.join(
                        " ",
                        spec.commandLine()
                                .getParent()
                                .getParent()
                                .getParseResult()
                                .originalArgs());
    }

    /** What is done once besides the rounds: levels, the Double 11, a look at where time goes. */
    private final class Extras implements Rotation.Extra {
        private final List<Work> works;
        private final Published.Instance instance;
        private final PlacementProbe probe;
        private final Progress progress;
        private final Ledger ledger;
        private final Map<Work, Map<Way, String>> leftOut = new HashMap<>();
        private final List<Overhead.Profile> profiles = new ArrayList<>();

        Extras(List<Work> works, Published.Instance instance, PlacementProbe probe, Progress progress, Ledger ledger) {
            this.works = works;
            this.instance = instance;
            this.probe = probe;
            this.progress = progress;
            this.ledger = ledger;
        }

        /** One work of packets and one of I/Os are enough. */
        List<Work> leveled() {
            List<Work> some = new ArrayList<>();
            for (boolean packets : new boolean[] {true, false}) {
                Work first = firstOf(works, packets);
                if (first != null) {
                    some.add(first);
                }
            }
            return some;
        }

        @Override
        public void run(List<Stand> stands, TurnLog log) throws IOException, InterruptedException {
            double scale = quick ? QUICK_SCALE : 1;
            for (Work work : works) {
                Map<Way, String> why = new LinkedHashMap<>();
                for (Stand stand : stands) {
                    String refusal = stand.refusal(work);
                    if (refusal != null) {
                        why.put(stand.way(), refusal);
                    }
                }
                leftOut.put(work, why);
            }
            new Levels(instance, probe, progress, LEVEL_SECONDS * scale).run(leveled(), stands, log);
            new Festival(probe, progress, scale, quick ? 1 : FESTIVALS).run(stands, log, ledger);
            for (Work work : leveled()) {
                for (Stand stand : stands) {
                    if (stand.refusal(work) == null && stand.way() != Way.VMM) {
                        progress.show("where time goes: " + work.name() + ", "
                                + stand.way().title());
                        profile(work, stand, stand.measure(work, new RunLength(0.1, 0.5), null, true));
                    }
                }
            }
        }

        private void profile(Work work, Stand stand, Measured measured) {
            profiles.add(new Overhead.Profile(work.name(), stand.way().id(), "driver", measured.driverHotSpots()));
            if (!measured.deviceHotSpots().isEmpty()) {
                profiles.add(new Overhead.Profile(work.name(), stand.way().id(), "device", measured.deviceHotSpots()));
            }
        }
    }

    private void report(OverheadReport report, Progress progress) throws IOException {
        output.writeToAll(report, out -> new OverheadTable(report.overhead(), out).print());
        if (!html.equals(NO_PAGE)) {
            HtmlPage.write(report, Path.of(html));
            progress.line("The page is in " + html);
        }
    }
}
