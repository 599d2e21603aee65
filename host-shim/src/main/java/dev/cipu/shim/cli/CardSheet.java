package dev.cipu.shim.cli;

import dev.cipu.device.card.CardProfile;
import dev.cipu.device.card.ComputeForm;
import dev.cipu.device.card.Figure;
import dev.cipu.device.card.Mark;
import dev.cipu.device.card.Section;
import dev.cipu.device.card.Statement;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** A card's profile for people to read. */
final class CardSheet {
    private final CardProfile card;

    CardSheet(CardProfile card) {
        this.card = card;
    }

    /** What the marks mean, in a line. */
    static String legend() {
        return "Marks: "
                + Arrays.stream(Mark.values())
                        .map(mark -> mark.symbol() + " " + mark.meaning())
                        .collect(Collectors.joining("; "))
                + ".";
    }

    void print(PrintWriter out) {
        out.println(card.name() + ": " + card.title() + ", " + card.year());
        print(out, "introduced", card.introduced());
        for (ComputeForm form : ComputeForm.values()) {
            Statement how = card.serves().get(form);
            if (how == null) {
                out.printf("  %-17s not served%n", form.title());
            } else {
                print(out, form.title(), how);
            }
        }
        print(out, "features of net", card.netFeatures());
        print(out, "features of blk", card.blkFeatures());
        for (Section section : Section.values()) {
            List<Figure> figures = card.figures(section);
            if (!figures.isEmpty()) {
                out.println();
                out.println(section.title());
                figures.forEach(each -> print(out, each));
            }
        }
        out.println();
        out.println(legend());
        out.flush();
    }

    private static void print(PrintWriter out, String title, Statement statement) {
        out.printf(
                "  %-17s %s [%s]%n",
                title, statement.text(), statement.evidence().mark().symbol());
        out.printf("  %-17s   %s%n", "", statement.evidence().text());
    }

    private static void print(PrintWriter out, Figure figure) {
        out.printf(
                "  %-22s %-20s %-3s %s%n",
                figure.parameter().key(),
                figure.number() + " " + figure.parameter().unit(),
                figure.evidence().mark().symbol(),
                figure.parameter().title() + ": " + figure.evidence().text());
    }
}
