package dev.cipu.shim.torture;

import java.util.List;

/** Draws the verdict from what was observed; knows no back-end, so that tests can make up any. */
final class Judge {
    /** Descriptors that a back-end may have more of after many rounds than after few: a new thread, a log file. */
    private static final long FEW_DESCRIPTORS = 3;

    /** Growth of mapped shared memory that is no accident. */
    private static final long MUCH_MEMORY = 64L << 20;

    /** How the attacking session ended. */
    enum Reaction {
        /** It still answers, and refused nothing. */
        WENT_ON,
        /** Refused by acknowledgement, status, stopped ring or closed connection. */
        REFUSED,
        /** It answers no more but is still open. */
        SILENT
    }

    /**
     * What a back-end holds.
     *
     * @param descriptors open ones
     * @param mapped bytes of shared file mappings
     */
    record Holdings(long descriptors, long mapped) {}

    private Judge() {}

    /**
     * The verdict.
     *
     * @param alive whether the process exists and something listens
     * @param healthy whether a fresh session was served
     * @param holdings after the first round of the attack, after the second and so on; empty when nobody looks
     */
    static Damage verdict(Reaction reaction, boolean alive, boolean healthy, List<Holdings> holdings) {
        if (!alive) {
            return Damage.CRASHED;
        }
        if (!healthy) {
            return Damage.WEDGED;
        }
        if (leaks(holdings)) {
            return Damage.LEAKED;
        }
        return reaction == Reaction.WENT_ON ? Damage.SURVIVED : Damage.REJECTED;
    }

    /** Whether every round added something, and all of them together more than chance does. */
    static boolean leaks(List<Holdings> holdings) {
        if (holdings.size() < 2) {
            return false;
        }
        boolean moreDescriptors = true;
        boolean moreMemory = true;
        for (int i = 1; i < holdings.size(); i++) {
            moreDescriptors &=
                    holdings.get(i).descriptors() > holdings.get(i - 1).descriptors();
            moreMemory &= holdings.get(i).mapped() > holdings.get(i - 1).mapped();
        }
        Holdings first = holdings.getFirst();
        Holdings last = holdings.getLast();
        return (moreDescriptors && last.descriptors() - first.descriptors() >= FEW_DESCRIPTORS)
                || (moreMemory && last.mapped() - first.mapped() >= MUCH_MEMORY);
    }
}
