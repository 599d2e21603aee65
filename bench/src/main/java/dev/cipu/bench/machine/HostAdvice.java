package dev.cipu.bench.machine;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Tells in plain words what on a machine makes a benchmark's result less worth having. */
public final class HostAdvice {
    /** Percent of the machine's time that others use, from which they disturb. */
    public static final double BUSY = 10;

    /** Percent of time taken by the hypervisor from which latencies beyond the median are its own. */
    public static final double STEAL = 1;

    /** A reading of the clock that costs more is a system call, not a load. */
    public static final double SLOW_CLOCK_NANOS = 100;

    private HostAdvice() {}

    /** One sentence for each thing that is wrong; none if all is well. */
    public static List<String> of(HostFacts facts) {
        List<String> advice = new ArrayList<>();
        cores(facts, advice);
        if (facts.busy() > BUSY) {
            advice.add(String.format(
                    Locale.ROOT,
                    "Other programs use %.0f %% of the machine: end them, or every figure has their noise in it.",
                    facts.busy()));
        }
        if (facts.steal() >= STEAL) {
            advice.add(String.format(
                    Locale.ROOT,
                    "The hypervisor takes %.1f %% of the time for others: high percentiles of latency are its own.",
                    facts.steal()));
        }
        if (facts.clockNanos() > SLOW_CLOCK_NANOS) {
            advice.add(String.format(
                    Locale.ROOT,
                    "Reading the clock (%s) takes %.0f ns: latencies under a microsecond mean nothing here.",
                    facts.clockSource(),
                    facts.clockNanos()));
        }
        if (!facts.governor().isEmpty() && !facts.governor().equals("performance")) {
            advice.add("The kernel clocks core " + facts.cardCore() + " by '" + facts.governor()
                    + "': set 'performance', or figures follow the load before them.");
        }
        if (!facts.canReserveHugePages()) {
            advice.add("Huge pages cannot be reserved (root can): network comparisons use small ones, on all sides.");
        }
        if (!facts.kvm()) {
            advice.add(
                    "No KVM for this process: guests are emulated, and their own speed says nothing about a real one's.");
        }
        return List.copyOf(advice);
    }

    private static void cores(HostFacts facts, List<String> advice) {
        if (facts.roundTrips().isEmpty()) {
            advice.add("Comparisons need the cores " + facts.hostCore() + " and " + facts.cardCore()
                    + ", and this process may use " + facts.cores() + ": name others, or allow it more.");
            return;
        }
        long near = facts.count(Placement.NEAR);
        long far = facts.count(Placement.FAR);
        if (facts.sharedCore()) {
            advice.add("Cores " + facts.hostCore() + " and " + facts.cardCore()
                    + " are threads of one physical core: each slows the other down.");
        }
        if (near > 0 && far > 0) {
            advice.add("The hypervisor moves the cores: they were near in " + near + " looks and far in " + far
                    + ". The same code differs up to three times; only pairs of one placement compare.");
        } else if (far > 0) {
            advice.add("The cores are far apart: rates are half to a third of what neighbours reach.");
        }
    }
}
