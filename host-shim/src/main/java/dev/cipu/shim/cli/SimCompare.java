package dev.cipu.shim.cli;

import dev.cipu.shim.sim.Comparison;
import dev.cipu.shim.sim.ComparisonText;
import dev.cipu.shim.sim.Contender;
import dev.cipu.shim.sim.LoadLevel;
import dev.cipu.shim.sim.SimPages;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code cipu sim compare}. */
@Command(
        name = "compare",
        description = {
            "Compare cards under a workload: what each carries at most, and what the same load takes of each and of its host."
        })
final class SimCompare implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Parameters(
            paramLabel = "CARD[,SECTION.KEY=VALUE...]",
            arity = "1..*",
            description =
                    "Two cards or more, each a name that 'cipu card list' has, or a file, perhaps with other figures of its"
                            + " own; the others are compared with the first.")
    private List<String> cards = List.of();

    @Mixin
    private final CardFigures figures = new CardFigures();

    @Option(
            names = "--load",
            defaultValue = "max",
            paramLabel = "RATE|SHARE%%",
            description =
                    "The load that all get: packets or requests a second (250k, 2.5M), or a share of what the first"
                            + " card takes (50%%). Default: 80%% of what the weakest takes.")
    @SuppressWarnings("NullAway.Init")
    private String load;

    @Mixin
    @SuppressWarnings("NullAway.Init")
    private SimTraffic traffic;

    @Mixin
    @SuppressWarnings("NullAway.Init")
    private SimOutput output;

    @Override
    public Integer call() {
        if (cards.size() < 2) {
            throw new ParameterException(
                    spec.commandLine(), "name two cards or more, for example software-2016 cipu-1");
        }
        List<Contender> contenders = cards.stream()
                .map(each -> Contender.parse(each, figures.figures()))
                .toList();
        Comparison comparison = Comparison.of(
                traffic.experiment(contenders.getFirst().card(), LoadLevel.parse("--load", load)),
                contenders,
                SimTraffic.threads());
        output.write(comparison, () -> SimPages.of(comparison), out -> ComparisonText.print(comparison, out));
        return ExitCode.DONE;
    }
}
