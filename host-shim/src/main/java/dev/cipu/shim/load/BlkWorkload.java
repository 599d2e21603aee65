package dev.cipu.shim.load;

import java.util.Locale;

/** Which blocks a load touches, and how. */
public enum BlkWorkload {
    RANDREAD(true, 100),
    RANDWRITE(true, 0),
    RANDRW(true, 50),
    READ(false, 100),
    WRITE(false, 0);

    private final boolean random;
    private final int readPercent;

    BlkWorkload(boolean random, int readPercent) {
        this.random = random;
        this.readPercent = readPercent;
    }

    /** Whether blocks come in random order; else ascending, starting over at the end. */
    public boolean random() {
        return random;
    }

    /** How many of a hundred requests read. */
    public int readPercent() {
        return readPercent;
    }

    public boolean writes() {
        return readPercent < 100;
    }

    /** As on the command line and in reports: {@code randread}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
