package dev.cipu.shim.cli;

import dev.cipu.device.card.Figure;
import dev.cipu.shim.sim.Experiment;
import dev.cipu.shim.sim.Explanation;
import dev.cipu.shim.sim.ExplanationText;
import dev.cipu.shim.sim.LoadLevel;
import dev.cipu.shim.sim.SimPages;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code cipu sim explain}. */
@Command(
        name = "explain",
        description = {
            "Say why a card is as fast as it is under a workload: what binds, where the time goes under full and under light"
                    + " load, what it costs, and which figures of its profile decide it."
        })
final class SimExplain implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Option(
            names = "--card",
            required = true,
            paramLabel = "NAME|FILE",
            description = "A card that 'cipu card list' has, or a profile of your own.")
    @SuppressWarnings("NullAway.Init")
    private String card;

    @Option(
            names = "--set",
            paramLabel = "SECTION.KEY=VALUE",
            description = "Another figure of the card, in the unit that 'cipu card show' has; low..high for a range.")
    private List<String> settings = List.of();

    @Mixin
    @SuppressWarnings("NullAway.Init")
    private SimTraffic traffic;

    @Mixin
    @SuppressWarnings("NullAway.Init")
    private SimOutput output;

    @Override
    public Integer call() {
        List<Figure> figures = SimTraffic.figures(settings);
        Experiment experiment = traffic.experiment(SimTraffic.card(card, figures), new LoadLevel.Most());
        Explanation explanation = Explanation.of(experiment, figures, SimTraffic.threads());
        output.write(
                explanation,
                () -> SimPages.of(explanation),
                out -> ExplanationText.print(explanation, out),
                spec.commandLine().getOut());
        return ExitCode.DONE;
    }
}
