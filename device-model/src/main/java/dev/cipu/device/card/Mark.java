package dev.cipu.device.card;

/** How far a figure or a statement can be trusted. */
public enum Mark {
    READ("R", "read in the source", true),
    SUMMARY("R2", "read in a summary of the source", true),
    DERIVED("D", "derived from figures that were read", true),
    /** Never shown as a citation. */
    RECALLED("U", "recalled, not verified", false),
    ASSUMED("A", "assumed", false);

    private final String symbol;
    private final String meaning;
    private final boolean cites;

    Mark(String symbol, String meaning, boolean cites) {
        this.symbol = symbol;
        this.meaning = meaning;
        this.cites = cites;
    }

    /** As files and tables write it. */
    public String symbol() {
        return symbol;
    }

    public String meaning() {
        return meaning;
    }

    /** Whether what has this mark names a source; what does not has to give a reason. */
    public boolean cites() {
        return cites;
    }
}
