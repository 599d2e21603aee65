package dev.cipu.virtio;

/**
 * An immutable set of feature bits, wide enough for bits 0..127: transports that carry 64 bits see {@link #low()}.
 *
 * @param low bits 0..63
 * @param high bits 64..127
 */
public record FeatureSet(long low, long high) {
    /** How many bits a set can hold. */
    public static final int WIDTH = 128;

    public static final FeatureSet NONE = new FeatureSet(0, 0);

    /** The set of the given bit numbers, each in 0..127. */
    public static FeatureSet of(int... bits) {
        FeatureSet set = NONE;
        for (int bit : bits) {
            set = set.with(bit);
        }
        return set;
    }

    /** The set that a 64-bit field of a transport holds. */
    public static FeatureSet ofLow(long low) {
        return new FeatureSet(low, 0);
    }

    public boolean has(int bit) {
        return ((bit < 64 ? low : high) >>> (checked(bit) & 63) & 1) != 0;
    }

    public FeatureSet with(int bit) {
        long mask = 1L << (checked(bit) & 63);
        return bit < 64 ? new FeatureSet(low | mask, high) : new FeatureSet(low, high | mask);
    }

    public FeatureSet without(int bit) {
        long mask = ~(1L << (checked(bit) & 63));
        return bit < 64 ? new FeatureSet(low & mask, high) : new FeatureSet(low, high & mask);
    }

    public FeatureSet and(FeatureSet other) {
        return new FeatureSet(low & other.low, high & other.high);
    }

    public FeatureSet or(FeatureSet other) {
        return new FeatureSet(low | other.low, high | other.high);
    }

    public FeatureSet minus(FeatureSet other) {
        return new FeatureSet(low & ~other.low, high & ~other.high);
    }

    public boolean containsAll(FeatureSet other) {
        return other.minus(this).isEmpty();
    }

    public boolean isEmpty() {
        return (low | high) == 0;
    }

    private static int checked(int bit) {
        if (bit < 0 || bit >= WIDTH) {
            throw new IllegalArgumentException("feature bit " + bit + " is not in 0.." + (WIDTH - 1));
        }
        return bit;
    }

    /** The bit numbers, ascending, for people: {@code {0,5,32}}. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("{");
        for (int bit = 0; bit < WIDTH; bit++) {
            if (has(bit)) {
                text.append(text.length() > 1 ? "," : "").append(bit);
            }
        }
        return text.append('}').toString();
    }
}
