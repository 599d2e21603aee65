package dev.cipu.bench.report;

/**
 * One figure of a workload that is compared: a case of the report.
 *
 * @param caseName the case's name
 * @param unit of the figure
 * @param figure its name among the figures of a sample
 * @param moreIsBetter false for a latency
 */
public record Metric(String caseName, String unit, String figure, boolean moreIsBetter) {
    /** How many times better than the peer we are; above 1 is better whatever the unit. 0 if there is no figure. */
    public double ratio(double ours, double peer) {
        double better = moreIsBetter ? ours : peer;
        double worse = moreIsBetter ? peer : ours;
        return worse > 0 ? better / worse : 0;
    }
}
