package dev.cipu.shim.torture;

import dev.cipu.shim.probe.LinkException;
import dev.cipu.shim.torture.Judge.Reaction;
import java.util.ArrayList;
import java.util.List;

/** One round of an attack: how who is attacked takes what is done; in whoever extends this, by what it is done. */
abstract class Encounter implements AutoCloseable {
    private final List<String> seen = new ArrayList<>();
    private Reaction reaction = Reaction.WENT_ON;

    /** Ends an attack that has nothing to be about. */
    final void need(boolean condition, String why) {
        if (!condition) {
            throw new Inapplicable(why);
        }
    }

    /** Reports that the connection did not survive. */
    final void ended(String what, LinkException e) {
        if (e.kind() == LinkException.Kind.SILENT) {
            reaction = Reaction.SILENT;
            note(what + ": silence");
        } else {
            refused(what + ": session closed");
        }
    }

    final void refused(String what) {
        if (reaction == Reaction.WENT_ON) {
            reaction = Reaction.REFUSED;
        }
        note(what);
    }

    /** Something worth telling; said once however often it happens. */
    final void note(String what) {
        if (!seen.contains(what) && seen.size() < 6) {
            seen.add(what);
        }
    }

    final Reaction reaction() {
        return reaction;
    }

    final String seen() {
        return String.join(", ", seen);
    }

    @Override
    public abstract void close();
}
