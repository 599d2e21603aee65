package dev.cipu.sim.event;

/** A time that something takes, always the same or by chance. */
public final class Latency {
    private static final int QUANTILES = 4096;

    /** z of the 99th percentile of a normal distribution. */
    private static final double Z99 = 2.3263478740408408;

    /** Times of equal probability; one where it is always the same. */
    private final long[] quantiles;

    private final Dice dice;
    private final long mean;

    private Latency(long[] quantiles, Dice dice) {
        this.quantiles = quantiles;
        this.dice = dice;
        double sum = 0;
        for (long each : quantiles) {
            sum += each;
        }
        mean = Math.round(sum / quantiles.length);
    }

    /** Always {@code picos}. */
    public static Latency constant(long picos) {
        return new Latency(new long[] {picos}, new Dice(0));
    }

    /** Anything from {@code least} to {@code most} picoseconds, all equally likely. */
    public static Latency uniform(long least, long most, Dice dice) {
        if (least == most) {
            return constant(least);
        }
        long[] quantiles = new long[QUANTILES];
        for (int i = 0; i < QUANTILES; i++) {
            quantiles[i] = Math.round(least + (most - least) * ((i + 0.5) / QUANTILES));
        }
        return new Latency(quantiles, dice);
    }

    /**
     * Log-normal, as latencies of memory and storage are: half of them below {@code median} picoseconds, 99 of 100 below
     * {@code median * tail}. The last 1/8192 at either end is cut off.
     */
    public static Latency logNormal(long median, double tail, Dice dice) {
        if (tail <= 1) {
            return constant(median);
        }
        double sigma = StrictMath.log(tail) / Z99;
        long[] quantiles = new long[QUANTILES];
        for (int i = 0; i < QUANTILES; i++) {
            quantiles[i] = Math.round(median * StrictMath.exp(sigma * normalQuantile((i + 0.5) / QUANTILES)));
        }
        return new Latency(quantiles, dice);
    }

    /** The next time, in picoseconds. */
    public long next() {
        return quantiles.length == 1 ? quantiles[0] : quantiles[dice.below(QUANTILES)];
    }

    /** What it is on average. */
    public long mean() {
        return mean;
    }

    /** By bisection of the distribution function: slow, exact enough, and only asked when a model is made. */
    private static double normalQuantile(double probability) {
        double low = -8;
        double high = 8;
        for (int i = 0; i < 60; i++) {
            double middle = (low + high) / 2;
            if (normalDistribution(middle) < probability) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return (low + high) / 2;
    }

    /** By its series around 0, which converges fast enough up to 8. */
    private static double normalDistribution(double z) {
        double term = z;
        double sum = z;
        for (int i = 1; i < 200; i++) {
            term *= z * z / (2 * i + 1);
            sum += term;
        }
        return 0.5 + sum * StrictMath.exp(-z * z / 2) / StrictMath.sqrt(2 * StrictMath.PI);
    }
}
