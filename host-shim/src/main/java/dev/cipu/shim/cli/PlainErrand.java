package dev.cipu.shim.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A request to a running card as it is nearly always written: its words, {@code --control} and {@code --json}. All else, be it
 * help, QMP or a mistake, is none of these and for the parser, which says what is wrong; so the two never differ. Names no class
 * of the parser, see {@link Main}.
 */
final class PlainErrand {
    private static final String CONTROL = "--control";
    private static final String JSON = "--json";

    private final String verb;
    private final List<String> words = new ArrayList<>();
    private @Nullable String control;
    private @Nullable String json;

    private PlainErrand(String verb) {
        this.verb = verb;
    }

    /** Null if it is for the parser. */
    static @Nullable PlainErrand of(String... args) {
        if (args.length == 0 || !isVerb(args[0])) {
            return null;
        }
        PlainErrand errand = new PlainErrand(args[0]);
        for (int i = 1; i < args.length; i++) {
            boolean isName = args[i].equals(CONTROL) || args[i].equals(JSON);
            if (isName && i + 1 == args.length) {
                return null;
            }
            if (!(isName ? errand.takesOption(args[i], args[++i]) : errand.takes(args[i]))) {
                return null;
            }
        }
        return errand.control != null && errand.hasItsWords() ? errand : null;
    }

    private static boolean isVerb(String word) {
        return switch (word) {
            case "attach", "detach", "devices", "link", "announce" -> true;
            default -> false;
        };
    }

    private boolean takes(String arg) {
        int equals = arg.indexOf('=');
        if (arg.startsWith("--") && equals > 0) {
            return takesOption(arg.substring(0, equals), arg.substring(equals + 1));
        }
        return isPlain(arg) && words.add(arg);
    }

    private boolean takesOption(String name, String value) {
        boolean isStandardOutput = name.equals(JSON) && value.equals(JsonReport.STANDARD_OUTPUT);
        if (!isStandardOutput && !isPlain(value)) {
            return false;
        }
        if (name.equals(CONTROL) && control == null) {
            control = value;
            return true;
        }
        if (name.equals(JSON) && json == null) {
            json = value;
            return true;
        }
        return false;
    }

    /** Whether a word is no option, and none that means something to the parser. */
    private static boolean isPlain(String word) {
        return !word.isEmpty() && word.charAt(0) != '-' && word.charAt(0) != '@';
    }

    private boolean hasItsWords() {
        return switch (verb) {
            case "attach" -> !words.isEmpty();
            case "devices" -> words.isEmpty();
            case "link" ->
                words.size() == 2
                        && (words.get(1).equals(Errand.UP) || words.get(1).equals(Errand.DOWN));
            default -> words.size() == 1;
        };
    }

    private Errand errand() {
        return switch (verb) {
            case "attach" -> Errand.attach(words.getFirst(), words.subList(1, words.size()));
            case "detach" -> Errand.detach(words.getFirst());
            case "devices" -> Errand.devices();
            case "link" -> Errand.link(words.getFirst(), words.getLast().equals(Errand.UP));
            case "announce" -> Errand.announce(words.getFirst());
            default -> throw new IllegalStateException(verb);
        };
    }

    /** Does it; returns the exit code. */
    int run(PrintWriter out, PrintWriter err) {
        if (control == null) {
            throw new IllegalStateException("no control socket");
        }
        try {
            return new ControlOptions(Path.of(control), json).run(errand(), out);
        } catch (RuntimeException e) {
            Failures.Verdict verdict = Failures.judge(e);
            err.println("cipu: " + verdict.line());
            err.flush();
            return verdict.exitCode();
        }
    }
}
