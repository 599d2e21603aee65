package dev.cipu.shim.cli;

import java.io.Console;

/** What the user looks at. */
final class Terminal {
    /** Cursor home and everything below it erased. */
    static final String CLEAR = "\u001b[H\u001b[J";

    private Terminal() {}

    /** Whether a person reads what is printed, so that a line may be drawn over. */
    @SuppressWarnings("SystemConsoleNull") // JDK 25 is back to null where input or output is no terminal
    static boolean isInteractive() {
        Console console = System.console();
        return console != null && console.isTerminal();
    }
}
