package dev.cipu.shim.cli;

import dev.cipu.shim.torture.AttackResult;
import dev.cipu.shim.torture.Torture;
import dev.cipu.shim.torture.TortureReport;
import java.io.PrintWriter;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code cipu torture}: hostile guests, front-ends and clients against any device. */
@Command(
        name = "torture",
        sortOptions = false,
        description = {
            "Attack the device behind any vhost-user or vfio-user socket as a hostile guest, front-end or client would.",
            "One line an attack: SURVIVED or REJECTED is well; WEDGED (no later session is served), CRASHED and LEAKED are"
                    + " not. WARNING: do this to nothing that anybody needs."
        })
public final class TortureCommand implements Subcommand, Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @ArgGroup(multiplicity = "1")
    @SuppressWarnings("NullAway.Init")
    private DevicePlace place;

    @Mixin
    private final PeerOptions peer = new PeerOptions();

    @Option(
            names = "--pid",
            defaultValue = "0",
            paramLabel = "P",
            description = "The device's process: each attack is repeated and what it holds is compared.")
    private long pid;

    @Option(names = "--only", split = ",", paramLabel = "N", description = "Run these attacks only, such as 1,52.")
    private @Nullable List<Integer> only;

    @Mixin
    private final ReportOptions report = new ReportOptions();

    @Override
    public Integer call() {
        Torture<?> torture = connect();
        PrintWriter out = report.human(spec.commandLine().getOut());
        TortureReport found = torture.run(result -> print(out, result));
        out.printf(
                "%d withstood, %d did harm, %d skipped in %.1f s%n",
                found.withstood(), found.harmed(), found.skipped(), found.seconds());
        out.flush();
        report.write(
                "cipu torture " + found.type(),
                found,
                found.results().stream().map(TortureCommand::testCase).toList(),
                spec.commandLine().getOut());
        return found.harmed() == 0 ? ExitCode.DONE : ExitCode.FAILED;
    }

    private Torture<?> connect() {
        try {
            Set<Integer> numbers = only == null ? Set.of() : new LinkedHashSet<>(only);
            return place.vfioUser() == null
                    ? Torture.of(peer.at(place.socket()), peer.kind(), pid, numbers)
                    : Torture.ofFunction(peer.at(place.vfioUser()), peer.kind(), pid, numbers);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        }
    }

    private static void print(PrintWriter out, AttackResult result) {
        out.printf("%2d  %-8s  %s: %s%n", result.number(), result.verdict(), result.text(), result.seen());
        out.flush();
    }

    private static JUnitXml.Case testCase(AttackResult result) {
        JUnitXml.Outcome outcome = switch (result.verdict()) {
            case SURVIVED, REJECTED -> JUnitXml.Outcome.PASSED;
            case WEDGED, CRASHED, LEAKED -> JUnitXml.Outcome.FAILED;
            case SKIPPED -> JUnitXml.Outcome.SKIPPED;
        };
        String message = result.verdict().name().toLowerCase(Locale.ROOT) + ": " + result.seen();
        return new JUnitXml.Case(result.number() + " " + result.text(), outcome, message, result.seconds());
    }
}
