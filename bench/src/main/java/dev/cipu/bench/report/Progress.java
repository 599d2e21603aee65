package dev.cipu.bench.report;

import java.io.Console;
import java.io.PrintWriter;

/** Tells a person at a terminal what goes on: one line that changes, and lines that stay. */
public final class Progress {
    private static final String ERASE = "\r\033[K";

    private final PrintWriter out;
    private final boolean live;

    /**
     * @param out where to, standard error as a rule: standard output may be the report
     * @param live whether a line may be overwritten
     */
    public Progress(PrintWriter out, boolean live) {
        this.out = out;
        this.live = live;
    }

    /** To a terminal as a person wants it, to anything else in lines that stay. */
    @SuppressWarnings("SystemConsoleNull")
    public static Progress to(PrintWriter out) {
        Console console = System.console();
        return new Progress(out, console != null && console.isTerminal());
    }

    /** What goes on now; nothing where lines stay. */
    public void show(String what) {
        if (live) {
            out.print(ERASE + what);
            out.flush();
        }
    }

    /** A line that stays. */
    public void line(String text) {
        out.println(live ? ERASE + text : text);
        out.flush();
    }

    /** Takes the changing line away. */
    public void done() {
        if (live) {
            out.print(ERASE);
            out.flush();
        }
    }
}
