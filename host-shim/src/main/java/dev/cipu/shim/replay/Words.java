package dev.cipu.shim.replay;

import dev.cipu.shim.sim.Amounts;
import java.io.PrintWriter;
import java.util.Map;
import java.util.stream.Collectors;

/** What is said of a trace that is replayed, wherever to. */
public final class Words {
    private static final long LONG_GAP = 10_000_000_000L;

    private Words() {}

    /** How much of it there is. */
    public static String counts(Contents contents) {
        return contents.kinds().stream()
                .map(each -> each.count() + " " + each.operation().plural())
                .collect(Collectors.joining(", "));
    }

    /** What is left out, and how much of it. */
    public static String leftOut(Map<LeftOut, Long> counts) {
        return counts.entrySet().stream()
                .map(each -> each.getValue() + " " + each.getKey().plural())
                .collect(Collectors.joining(", "));
    }

    /** What a reader of results should know of the trace. */
    public static void cautions(Contents contents, Map<LeftOut, Long> leftOut, PrintWriter out) {
        if (!leftOut.isEmpty()) {
            out.println("left out: " + leftOut(leftOut));
        }
        if (contents.lost() > 0) {
            out.println("lost when it was recorded, and so not replayed: " + contents.lost() + " transactions");
        }
        if (contents.late() > 0) {
            out.println("out of order in the trace, and so due at once: " + contents.late() + " transactions");
        }
        if (!contents.ended()) {
            out.println("the card did not end this trace: it was killed or still runs");
        }
        if (contents.longestGap() > LONG_GAP) {
            out.println("the longest silence is " + Amounts.nanos((double) contents.longestGap())
                    + "; --longest-gap 1s, for example, shortens it");
        }
    }
}
