package dev.cipu.sim.pace;

/** Readings of a nanosecond clock, which begins anywhere and may run over: only differences say what is later. */
final class Moments {
    private Moments() {}

    static boolean isAfter(long moment, long other) {
        return moment - other > 0;
    }

    static long later(long moment, long other) {
        return isAfter(moment, other) ? moment : other;
    }
}
