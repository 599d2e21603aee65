package dev.cipu.shim.conform;

/** What a check says about a demand. */
public enum Verdict {
    PASS,
    FAIL,
    /** It could not be seen; the reason is part of the result. */
    SKIP
}
