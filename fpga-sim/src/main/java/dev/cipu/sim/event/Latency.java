package dev.cipu.sim.event;

/** A time that something takes, always the same or by chance. */
public final class Latency {
    private static final int QUANTILES = 4096;

    /** z of the 99th percentile of a normal distribution. */
    private static final double Z99 = 2.3263478740408408;

    /** Values of a normal distribution of equal probability; half of them, the others are their mirror image. */
    private static final double[] NORMAL = normalQuantiles();

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
            double z = i < QUANTILES / 2 ? -NORMAL[i] : NORMAL[QUANTILES - 1 - i];
            quantiles[i] = Math.round(median * StrictMath.exp(sigma * z));
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

    /** From the tail to the middle, each by Newton's method from the one before. */
    private static double[] normalQuantiles() {
        double[] quantiles = new double[QUANTILES / 2];
        double z = 0;
        for (int i = quantiles.length - 1; i >= 0; i--) {
            double beyond = (i + 0.5) / QUANTILES;
            for (int step = 0; step < 6; step++) {
                z += (0.5 - beyond - aroundZero(z)) / density(z);
            }
            quantiles[i] = z;
        }
        return quantiles;
    }

    /** What of a normal distribution lies between 0 and {@code z}: its series, which ends where terms stop to count. */
    private static double aroundZero(double z) {
        double term = z;
        double sum = 0;
        for (int i = 1; sum + term != sum; i++) {
            sum += term;
            term *= z * z / (2 * i + 1);
        }
        return sum * density(z);
    }

    private static double density(double z) {
        return StrictMath.exp(-z * z / 2) / StrictMath.sqrt(2 * StrictMath.PI);
    }
}
