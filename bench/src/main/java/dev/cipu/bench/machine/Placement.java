package dev.cipu.bench.machine;

import java.util.Locale;

/**
 * Where the hypervisor has put the two cores relative to each other. The same code differs up to three times between
 * the two, so only samples of one placement are compared.
 */
public enum Placement {
    NEAR,
    FAR,
    /** It changed while the sample was taken. */
    MIXED;

    /** Nanoseconds of a round trip between the cores from which they count as far apart. */
    public static final double FAR_NANOS = 200;

    /** What one probe says. */
    public static Placement of(double roundTripNanos) {
        return roundTripNanos < FAR_NANOS ? NEAR : FAR;
    }

    /** What the probes before and after say together. */
    public Placement and(Placement other) {
        return this == other ? this : MIXED;
    }

    /** As it stands in the JSON report. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
