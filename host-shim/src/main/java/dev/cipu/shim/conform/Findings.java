package dev.cipu.shim.conform;

import java.util.LinkedHashMap;
import java.util.Map;

/** One run of a check: what it has found so far, and in whoever extends this what it looks at. */
abstract class Findings implements AutoCloseable {
    /** A verdict and what led to it. */
    record Finding(Verdict verdict, String seen) {}

    private final Map<String, Finding> findings = new LinkedHashMap<>();

    /** Reports a demand as met or not; the first failure of a demand stays. */
    final void check(String id, boolean met, String seen) {
        Finding before = findings.get(id);
        if (before == null || (before.verdict() == Verdict.PASS && !met)) {
            findings.put(id, new Finding(met ? Verdict.PASS : Verdict.FAIL, seen));
        }
    }

    final void pass(String id, String seen) {
        check(id, true, seen);
    }

    final void fail(String id, String seen) {
        check(id, false, seen);
    }

    final void skip(String id, String why) {
        findings.putIfAbsent(id, new Finding(Verdict.SKIP, why));
    }

    /** Ends the check unless the condition holds: what it has not reported is skipped for this reason. */
    final void need(boolean condition, String why) {
        if (!condition) {
            throw new Skipped(why);
        }
    }

    final Map<String, Finding> findings() {
        return findings;
    }

    @Override
    public abstract void close();
}
