package dev.cipu.shim.cli;

import java.util.logging.ConsoleHandler;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/**
 * Log records as one line each on stderr, with a stack trace only under {@code --debug}. Named by a system property, so
 * that a command which logs nothing loads no logging at all.
 */
public final class LogSetup {
    private static final String PROPERTY = "java.util.logging.config.class";
    private static final String DEBUG_PROPERTY = "cipu.debug";

    /** For the log manager, which makes one when the first logger is asked for. */
    public LogSetup() {
        boolean debug = Boolean.getBoolean(DEBUG_PROPERTY);
        LogManager.getLogManager().reset();
        Logger root = Logger.getLogger("");
        Handler handler = new ConsoleHandler();
        handler.setFormatter(new Line(debug));
        handler.setLevel(Level.ALL);
        root.addHandler(handler);
        root.setLevel(Level.INFO);
        Logger chronicle = Logger.getLogger("net.openhft");
        chronicle.setLevel(Level.WARNING);
        KEPT[1] = chronicle;
        // it warns that a library is missing which pins threads: ours are pinned without it
        Logger affinity = Logger.getLogger("net.openhft.affinity");
        affinity.setLevel(Level.SEVERE);
        KEPT[2] = affinity;
        if (debug) {
            Logger ours = Logger.getLogger("dev.cipu");
            ours.setLevel(Level.ALL);
            KEPT[0] = ours;
        }
    }

    /** Keeps configured loggers from being collected together with their levels. */
    private static final Logger[] KEPT = new Logger[3];

    /** Has logging set up this way when it is first used; a choice the user made with the JVM's own properties stays. */
    static void install(boolean debug) {
        System.setProperty(DEBUG_PROPERTY, Boolean.toString(debug));
        if (System.getProperty(PROPERTY) == null && System.getProperty("java.util.logging.config.file") == null) {
            System.setProperty(PROPERTY, LogSetup.class.getName());
        }
    }

    private static final class Line extends Formatter {
        private final boolean debug;

        Line(boolean debug) {
            this.debug = debug;
        }

        @Override
        public String format(LogRecord entry) {
            StringBuilder line = new StringBuilder("cipu: ");
            if (entry.getLevel().intValue() >= Level.WARNING.intValue()) {
                line.append(entry.getLevel().equals(Level.SEVERE) ? "error: " : "warning: ");
            }
            line.append(formatMessage(entry).replace('\n', ' '));
            Throwable thrown = entry.getThrown();
            if (thrown != null) {
                line.append(": ").append(String.valueOf(thrown).replace('\n', ' '));
            }
            line.append(System.lineSeparator());
            for (Throwable t = debug ? thrown : null; t != null; t = t.getCause()) {
                line.append("  ").append(t).append(System.lineSeparator());
                for (StackTraceElement frame : t.getStackTrace()) {
                    line.append("    at ").append(frame).append(System.lineSeparator());
                }
            }
            return line.toString();
        }
    }
}
