package dev.cipu.bench;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.TreeMap;

/** Tells a person at a terminal what goes on: one line that changes, and one line that stays for each pair. */
final class Progress {
    private static final String ERASE = "\r\033[K";

    private final PrintWriter out;
    private final boolean live;

    /**
     * @param out where to, standard error as a rule: standard output may be the report
     * @param live whether a line may be overwritten
     */
    Progress(PrintWriter out, boolean live) {
        this.out = out;
        this.live = live;
    }

    /** What goes on now; nothing where lines stay. */
    void show(String what) {
        if (live) {
            out.print(ERASE + what);
            out.flush();
        }
    }

    /** A pair is done. */
    void pair(Metric metric, int round, Pair pair) {
        double our = pair.ours().getOrDefault(metric.figure(), 0.0);
        double peer = pair.peer().getOrDefault(metric.figure(), 0.0);
        line(String.format(
                Locale.ROOT,
                "%-36s #%-2d ours %,.0f  peer %,.0f %s  ratio %.2f  %s (%.0f, %.0f, %.0f ns)",
                metric.caseName(),
                round,
                our,
                peer,
                metric.unit(),
                metric.ratio(our, peer),
                pair.placement().label(),
                pair.before().best(),
                pair.between().best(),
                pair.after().best()));
        line("    ours " + new TreeMap<>(pair.ours()));
        line("    peer " + new TreeMap<>(pair.peer()));
    }

    /** A line that stays. */
    void line(String text) {
        out.println(live ? ERASE + text : text);
        out.flush();
    }

    /** Takes the changing line away. */
    void done() {
        if (live) {
            out.print(ERASE);
            out.flush();
        }
    }
}
