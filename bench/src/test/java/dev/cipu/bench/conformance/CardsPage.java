package dev.cipu.bench.conformance;

import dev.cipu.device.card.CardProfile;
import dev.cipu.device.card.ComputeForm;
import dev.cipu.device.card.Evidence;
import dev.cipu.device.card.Figure;
import dev.cipu.device.card.Mark;
import dev.cipu.device.card.Parameter;
import dev.cipu.device.card.Section;
import dev.cipu.device.card.Statement;
import dev.cipu.shim.profile.CardProfiles;
import java.util.List;

/** docs/cards.md, from the profiles. */
final class CardsPage {
    private final StringBuilder page = new StringBuilder();
    private final List<CardProfile> cards = CardProfiles.all();

    String page() {
        introduction();
        overview();
        cards.forEach(this::card);
        format();
        return page.toString();
    }

    private void introduction() {
        page.append("""
                # Card generations

                This page is generated from the profiles, and a test fails while it is out of date; `scripts/docs.sh` writes it anew.

                A profile says what a card is and does, in numbers, and where each number comes from. `cipu card list` and
                `cipu card show NAME` print this; `cipu serve --card NAME` holds a description to it. What a profile bounds:

                - as many devices as it has functions, physical and virtual together;
                - as many queues of a device as `queues.net-pairs` and `queues.blk` say;
                - no `speed=` above `network.bandwidth`;
                - what devices offer that name no preset in `features=`: the card's.

                Rates, latencies, link and DMA do not slow the card down: it goes as fast as it can. They are there to be compared
                with, and for a model of its timing. What is not known does not bound.

                Every number has a mark:

                """);
        for (Mark mark : Mark.values()) {
            page.append("- **")
                    .append(mark.symbol())
                    .append("** ")
                    .append(mark.meaning())
                    .append('\n');
        }
        page.append("""

                U and A are no citations: they stand where nothing was found, so that the card is described whole, and give a
                reason instead of a source.

                """);
    }

    private void overview() {
        page.append("## Overview\n\n| card | year | Gb/s | Mpps | K IOPS | host cores lost | introduced |\n");
        page.append("|---|---|---|---|---|---|---|\n");
        for (CardProfile card : cards) {
            row(
                    "[" + card.name() + "](#" + card.name().replace(".", "") + ")",
                    String.valueOf(card.year()),
                    cell(card, Parameter.BANDWIDTH),
                    cell(card, Parameter.PACKET_RATE),
                    cell(card, Parameter.IOPS),
                    cell(card, Parameter.CORES_LOST),
                    card.introduced().text());
        }
        page.append('\n');
    }

    private static String cell(CardProfile card, Parameter parameter) {
        Figure figure = card.figure(parameter);
        return figure == null
                ? ""
                : figure.number() + " " + figure.evidence().mark().symbol();
    }

    private void row(String... cells) {
        page.append("| ").append(String.join(" | ", cells)).append(" |\n");
    }

    private void card(CardProfile card) {
        page.append("## ").append(card.name()).append("\n\n");
        page.append(card.title()).append(", ").append(card.year()).append(".\n\n");
        page.append("| what | | mark | source or reason |\n|---|---|---|---|\n");
        row("introduced", card.introduced());
        for (ComputeForm form : ComputeForm.values()) {
            Statement how = card.serves().get(form);
            if (how == null) {
                row(form.title(), "not served", "", "");
            } else {
                row(form.title(), how);
            }
        }
        row("features of net", card.netFeatures());
        row("features of blk", card.blkFeatures());
        for (Section section : Section.values()) {
            for (Figure figure : card.figures(section)) {
                Evidence evidence = figure.evidence();
                row(
                        "`" + figure.parameter().path() + "`",
                        figure.number() + " " + figure.parameter().unit(),
                        evidence.mark().symbol(),
                        evidence.text());
            }
        }
        page.append('\n');
    }

    private void row(String what, Statement statement) {
        Evidence evidence = statement.evidence();
        row(what, statement.text(), evidence.mark().symbol(), evidence.text());
    }

    private void format() {
        page.append("""
                ## A card of one's own

                `cipu card show cipu-1 --json mine.json` writes a profile to begin with; YAML does as well. Show it with
                `cipu card show --file mine.json`, serve it with `cipu serve --card ./mine.json`. A key that does not exist, a unit
                that is not the parameter's, a mark without its source or reason, and a source that nothing cites are errors.

                ```yaml
                name: mine
                title: My card
                year: 2026
                introduced: {what: little, mark: R, source: sheet, at: page 1}
                serves:                        # what is left out is not served
                  vm: {what: virtual functions, mark: A, reason: as planned}
                features:
                  net: {what: virtnet, mark: A, reason: as planned}
                  blk: {what: software, mark: A, reason: as planned}
                figures:                       # section, then parameter
                  functions:
                    physical: {value: 1, unit: functions, mark: R, source: sheet, at: page 2}
                    virtual: {value: 16, unit: functions, mark: R, source: sheet, at: page 2}
                  interrupt:
                    latency: {value: 1, upTo: 2, unit: us, mark: A, reason: measured on another card}
                sources:
                  sheet: {document: The card's data sheet, year: 2026}
                ```

                | parameter | unit | what it is |
                |---|---|---|
                """);
        for (Parameter each : Parameter.values()) {
            row("`" + each.path() + "`", each.unit(), each.title());
        }
    }
}
