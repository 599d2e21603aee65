package dev.cipu.shim.cli;

import dev.cipu.shim.sim.Experiment;
import dev.cipu.shim.sim.Explanation;
import dev.cipu.shim.sim.ExplanationText;
import dev.cipu.shim.sim.LoadLevel;
import dev.cipu.shim.sim.SimPages;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code cipu sim explain}. */
@Command(
        name = "explain",
        description = {
            "Say why a card is as fast as it is under a workload: what binds, where the time goes under full and under light"
                    + " load, what it costs, and which figures of its profile decide it."
        })
final class SimExplain implements Callable<Integer> {
    @Mixin
    @SuppressWarnings("NullAway.Init")
    private OneCard card;

    @Mixin
    @SuppressWarnings("NullAway.Init")
    private SimTraffic traffic;

    @Mixin
    @SuppressWarnings("NullAway.Init")
    private SimOutput output;

    @Override
    public Integer call() {
        Experiment experiment = traffic.experiment(card.profile(), new LoadLevel.Most());
        Explanation explanation = Explanation.of(experiment, card.figures(), SimTraffic.threads());
        output.write(explanation, () -> SimPages.of(explanation), out -> ExplanationText.print(explanation, out));
        return ExitCode.DONE;
    }
}
