package dev.cipu.bench.conformance;

import dev.cipu.shim.sim.validation.Check;
import dev.cipu.shim.sim.validation.Validation;
import dev.cipu.shim.sim.validation.ValidationText;
import java.util.List;

/** docs/model-validation.md, from a run of the model. */
final class ModelValidationPage {
    private static final int WORST = 5;

    private final StringBuilder page = new StringBuilder();
    private final Validation validation;

    ModelValidationPage(Validation validation) {
        this.validation = validation;
    }

    String page() {
        page.append("""
                # How far the timing can be trusted

                This page is generated from a run of the model, and a test fails while it is out of date; `scripts/docs.sh` writes it anew.
                `cipu sim validate` runs the same. The figures are data: `figures.yaml` beside `dev.cipu.shim.sim.validation`.

                **Fitted** means that a parameter of a card's profile was set from this very figure: the model shows only that it does what
                it is told. **Predicted** means that no parameter was set from it; but the model itself was mended where these figures showed it
                wrong (which time of a guest is in a published latency, how small a ring can be), so this is no blind test. A range counts as met anywhere between its ends. Marks are those of
                [cards.md](cards.md).

                """);
        page.append(ValidationText.summary(validation)).append("\n\n");
        page.append("""
                ## What it can and cannot be trusted for

                - *Ceilings that follow from counting* (bytes on a link, dependent reads of a ring, tags over a round trip, engines times
                  their time): trust them as far as the figures of the profile; `cipu sim explain` says which of these decide.
                - *Comparisons* of ring formats, MPS, tags, batches and prefetch on one card: trust their direction and their size.
                - *Absolute latency of a card*: to some microseconds. How an unpublished engine overlaps its reads is assumed, and each read that
                  it does not wait for is half a microsecond less.
                - *Tails* (p99 and beyond): what is drawn is the distribution that was assumed for memory and disks. They show how queues
                  amplify it, and are no prediction of a product's.
                - *Not for*: congestion of a network, TCP, caches of the host's cores, power, failures, several tenants that disturb each other.

                """);
        page.append(
                        "## The figures\n\n| figure | published | | model | error | how | set from, or resting on | source |\n")
                .append("|---|---|---|---|---|---|---|---|\n");
        validation.checks().forEach(this::row);
        page.append("\n## The worst\n\n");
        List<Check> worst = validation.worst(WORST);
        for (Check each : worst) {
            page.append("- ")
                    .append(each.what())
                    .append(": ")
                    .append(ValidationText.error(each))
                    .append("\n  `")
                    .append(each.command())
                    .append("`\n");
        }
        page.append("""

                What the model adds to a request, and cards do not, are the reads of index, entry and table one after the other, which their
                engines seem to overlap, and the wait for a used element and an interrupt. Of the kernel's virtio it takes all of the 7.7 us of
                a core, 3.4 of which moved 440 K requests, for time in which the request waits; part of that is work after the answer.

                ## Published, and not covered

                - Header-payload slicing: the bytes of a header are set from the 97 % of bandwidth that it saves at 8,500 bytes, so there is nothing
                  to compare. That a payload is given up after 100 us is not modelled, nor is vector processing (27.6 to 36.3 %).
                - Route refresh and live upgrade: about software, not about timing.
                - 40 Mpps of CIPU 1.0 in summaries: the switch that is published in detail reaches 24 and 18, and the model is made of that.
                - Host-side snooping of shadow rings (4 us a request): the model's shadow rings are a bridge's, as BM-Hive has them.
                - Limits of instances: what is sold, not what hardware does.
                """);
        return page.toString();
    }

    private void row(Check each) {
        page.append("| ")
                .append(each.what())
                .append(" | ")
                .append(ValidationText.published(each))
                .append(' ')
                .append(each.unit())
                .append(" | ")
                .append(each.mark())
                .append(" | ")
                .append(ValidationText.model(each))
                .append(" | ")
                .append(ValidationText.error(each))
                .append(" | ")
                .append(each.fitted() ? "fitted" : "**predicted**")
                .append(" | ")
                .append(each.from())
                .append(" | ")
                .append(each.source())
                .append(" |\n");
    }
}
