package dev.cipu.bench.overhead;

import java.io.PrintWriter;
import java.util.Locale;

/** The report for a terminal. */
final class OverheadTable {
    private static final String NONE = "-";

    private final Overhead overhead;
    private final PrintWriter out;

    OverheadTable(Overhead overhead, PrintWriter out) {
        this.overhead = overhead;
        this.out = out;
    }

    void print() {
        overhead.works().forEach(this::work);
        server();
        festival();
        overhead.verdicts()
                .forEach(verdict -> out.printf(
                        "%-4s %s (%s)%n",
                        verdict.holds() ? "yes" : "NO", verdict.text(), value(verdict.figure(), "%.2f")));
        overhead.missing().forEach(line -> out.println("left out: " + line));
        overhead.warnings().forEach(line -> out.println("warning: " + line));
        out.printf(
                "Medians of the samples that were taken on %s cores. Repeat with: %s%n",
                overhead.placement(), overhead.command());
        out.flush();
    }

    private void work(Overhead.WorkRow work) {
        out.printf(
                "%n%-22s %10s %9s %9s %9s %9s %9s %9s %7s %7s%n",
                work.name(),
                "ops/s",
                "p50 us",
                "p99 us",
                "host ns",
                "+waiting",
                "card ns",
                "cost ns",
                "kicks",
                "calls");
        String kind = work.work().packets() == null ? Measured.REQUEST : Measured.PACKET;
        for (Overhead.WayRow way : overhead.ways()) {
            String of = work.name() + "/" + way.id() + "/";
            if (overhead.figure(of + Accounts.HOST) == null) {
                continue;
            }
            out.printf(
                    "  %-20s %10s %9s %9s %9s %9s %9s %9s %7s %7s%n",
                    way.title(),
                    rate(of + Measured.OPS_RATE),
                    value(of + kind + Measured.P50, "%.1f"),
                    value(of + kind + Measured.P99, "%.1f"),
                    value(of + Accounts.HOST, "%,.0f"),
                    value(of + Accounts.HOST_TOTAL, "%,.0f"),
                    value(of + Accounts.CARD, "%,.0f"),
                    value(of + Accounts.COST, "%,.0f"),
                    value(of + Measured.KICKS, "%.2f"),
                    value(of + Measured.CALLS, "%.2f"));
        }
        work.leftOut().forEach((way, why) -> out.printf("  %-20s left out: %s%n", way, why));
    }

    private void server() {
        out.printf(
                "%nExtrapolated: cores that virtualization takes of %s, with %s instances at part of their limits%n",
                value("server/cores", "%.0f"), value("server/instances", "%.0f"));
        out.printf("  %-20s", "");
        ServerModel.LOADS.forEach(load -> out.printf(" %7d %%", load));
        out.println();
        for (Overhead.WayRow way : overhead.ways()) {
            burned(way.id(), way.title());
        }
        burned(ServerModel.PUBLISHED, "Published, software");
        measuredCores();
        out.printf(
                "Published: in 2016 virtualization took %s of %s cores (%s %%)%n",
                value("published/2016-lost", "%.0f"),
                value("published/2016-cores", "%.0f"),
                value("published/2016-percent", "%.0f"));
    }

    /** What one core of ours does, for the published figures to be held against. */
    private void measuredCores() {
        out.printf(
                "Published: a software switch moves %s packets/s on a host core%n", rate("published/vswitch-packets"));
        for (Overhead.WorkRow work : overhead.works()) {
            for (Way way : new Way[] {Way.POLL, Way.POLL_PEER}) {
                String id = work.name() + "/" + way.id() + "/" + Measured.PACKET_RATE;
                if (work.work().requests() == null && overhead.figure(id) != null) {
                    out.printf("Measured:  %s, %s: %s packets/s%n", way.title(), work.name(), rate(id));
                }
            }
        }
    }

    private void burned(String way, String title) {
        if (overhead.figure(ServerModel.id(way, 10, "burned")) != null) {
            out.printf("  %-20s", title);
            ServerModel.LOADS.forEach(load -> out.printf(" %9s", value(ServerModel.id(way, load, "burned"), "%.1f")));
            out.println();
        }
    }

    private void festival() {
        if (overhead.figure("double-11/peak/orders") == null) {
            return;
        }
        out.printf(
                "%nDouble 11: %s orders/s at the peak; p99 of a request in us, and what was late or undone%n",
                rate("double-11/peak/orders"));
        out.printf("  %-20s", "");
        Festival.phases().forEach(phase -> out.printf(" %16s", phase));
        out.println();
        for (Way way : Way.values()) {
            if (overhead.figure(Festival.id(way, Festival.QUIET, Measured.REQUEST + Measured.P99)) != null) {
                out.printf("  %-20s", way.title());
                for (String phase : Festival.phases()) {
                    out.printf(
                            " %16s",
                            value(Festival.id(way, phase, Measured.REQUEST + Measured.P99), "%,.1f") + " "
                                    + value(Festival.id(way, phase, Measured.REQUEST + "LostPercent"), "%5.1f")
                                    + " %");
                }
                out.println();
            }
        }
        out.println();
    }

    private String rate(String id) {
        Figure figure = overhead.figure(id);
        if (figure == null) {
            return NONE;
        }
        double value = figure.value();
        return value < 1e6
                ? String.format(Locale.ROOT, "%.1f K", value / 1e3)
                : String.format(Locale.ROOT, "%.2f M", value / 1e6);
    }

    private String value(String id, String format) {
        Figure figure = overhead.figure(id);
        return figure == null ? NONE : String.format(Locale.ROOT, format, figure.value());
    }
}
