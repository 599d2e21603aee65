package dev.cipu.shim.cli;

import dev.cipu.shim.conform.CheckResult;
import dev.cipu.shim.conform.ConformReport;
import dev.cipu.shim.conform.Conformance;
import dev.cipu.shim.conform.Examination;
import dev.cipu.shim.conform.PciConformance;
import java.io.PrintWriter;
import java.util.LinkedHashSet;
import java.util.List;
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

/** {@code cipu conform}: the demands of the specification, asked of any back-end and of any function. */
@Command(
        name = "conform",
        sortOptions = false,
        description = {
            "Check whether the device behind any vhost-user or vfio-user socket does what VIRTIO demands.",
            "One line a demand: PASS, FAIL, or SKIP with the reason why it could not be seen. What a network device does"
                    + " with frames is seen only if something behind it sends them back.",
            "WARNING: the checks overwrite the first megabyte of a disk."
        })
public final class ConformCommand implements Subcommand, Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @ArgGroup(multiplicity = "1")
    @SuppressWarnings("NullAway.Init")
    private DevicePlace place;

    @Mixin
    private final PeerOptions peer = new PeerOptions();

    @Option(
            names = "--only",
            split = ",",
            paramLabel = "ID",
            description = "Check these demands only, such as SR-012,BK-026.")
    private @Nullable List<String> only;

    @Mixin
    private final ReportOptions report = new ReportOptions();

    @Override
    public Integer call() {
        Examination conformance = connect();
        PrintWriter out = report.human(spec.commandLine().getOut());
        out.println(conformance.describe());
        ConformReport found = conformance.run(result -> print(out, result));
        out.printf(
                "%d passed, %d failed, %d skipped in %.1f s%n",
                found.passed(), found.failed(), found.skipped(), found.seconds());
        out.flush();
        report.write(
                "cipu conform " + found.type(),
                found,
                found.results().stream().map(ConformCommand::testCase).toList(),
                spec.commandLine().getOut());
        return found.failed() == 0 ? ExitCode.DONE : ExitCode.FAILED;
    }

    private Examination connect() {
        try {
            Set<String> ids = only == null ? Set.of() : new LinkedHashSet<>(only);
            return place.vfioUser() == null
                    ? Conformance.of(peer.at(place.socket()), peer.kind(), ids)
                    : PciConformance.of(peer.at(place.vfioUser()), peer.kind(), ids);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        }
    }

    private static void print(PrintWriter out, CheckResult result) {
        out.printf("%-6s  %-4s  %-10s  %s%n", result.id(), result.verdict(), result.level(), result.seen());
        out.flush();
    }

    private static JUnitXml.Case testCase(CheckResult result) {
        JUnitXml.Outcome outcome = switch (result.verdict()) {
            case PASS -> JUnitXml.Outcome.PASSED;
            case FAIL -> JUnitXml.Outcome.FAILED;
            case SKIP -> JUnitXml.Outcome.SKIPPED;
        };
        return new JUnitXml.Case(result.id() + " " + result.demand(), outcome, result.seen(), result.seconds());
    }
}
