package dev.cipu.sim.model;

import dev.cipu.sim.event.Dice;
import dev.cipu.sim.event.Latency;
import dev.cipu.sim.event.Picos;
import dev.cipu.sim.model.Workload.Kind;
import dev.cipu.virtio.ring.RingFormat;
import java.util.Arrays;

/**
 * What a card takes for packets or requests of one size, found by running the model twice: under a load so light that nothing waits
 * for another, and under as much as the card takes. The guest takes no time in it, and what waits for its core is not counted.
 * Never changes; any thread.
 */
public final class CardTimes {
    /** How many times of equal probability it knows. */
    public static final int TIMES = 4096;

    private static final int QUEUES = 8;
    private static final int PACKETS = 256;
    private static final int BATCH = 32;

    /** What is large becomes many packets on the link: of such, fewer are enough, and there is no time for more when a card starts. */
    private static final int MOST_SAMPLES = 512;

    private static final int LEAST_SAMPLES = 32;
    private static final int SAMPLED_BYTES = 4 << 20;
    private static final int MOST_DEPTH = 32;
    private static final int LEAST_DEPTH = 2;
    private static final int DEPTH_BYTES = 512 << 10;

    /** So that all of them are known to the card when it is settled, where it knows flows. */
    private static final int FLOWS = 64;

    /** Of the most that the card takes, where nothing is to wait. */
    private static final double LIGHT = 1e-4;

    private static final double MOST_PACKETS = 1e9;

    private final int bytes;

    /** Ascending. */
    private final long[] nanos;

    private final double perSecond;

    private CardTimes(int bytes, long[] picos, double perSecond) {
        this.bytes = bytes;
        this.perSecond = perSecond;
        nanos = new long[TIMES];
        Arrays.setAll(nanos, i -> picos[i] / Picos.NANO);
        Arrays.sort(nanos);
    }

    /** Bytes of each, as in a {@link Workload}. */
    public int bytes() {
        return bytes;
    }

    /**
     * Nanoseconds from when the driver has published until it can see the end, or until a packet that it sends is on the cable.
     *
     * @param which of {@link #TIMES}, of which none is less than the one before
     */
    public long nanos(int which) {
        return nanos[which];
    }

    /** What the card takes at most; infinite without any limit. */
    public double perSecond() {
        return perSecond;
    }

    /** Times of packets that a guest sends, with split rings, and how many of them a card takes. */
    public static CardTimes transmit(Timing timing, int bytes, long seed) {
        return packets(timing, Kind.TRANSMIT, bytes, 0, seed);
    }

    /**
     * Times of packets that a guest receives.
     *
     * @param sent what the card takes the other way: so many are offered, for what a cable brings beyond is only dropped
     */
    public static CardTimes receive(Timing timing, int bytes, CardTimes sent, long seed) {
        return packets(timing, Kind.RECEIVE, bytes, Math.min(sent.perSecond, MOST_PACKETS), seed);
    }

    private static CardTimes packets(Timing timing, Kind kind, int bytes, double offered, long seed) {
        Workload crowd =
                new Workload(kind, bytes, QUEUES, PACKETS, RingFormat.SPLIT, BATCH, offered, FLOWS, false, false);
        Result most = crowd(timing, crowd, seed);
        double light = Math.min(most.perSecond(), MOST_PACKETS) * LIGHT;
        long[] samples = light(timing, crowd.at(light), seed);
        long[] picos = new long[TIMES];
        Arrays.setAll(picos, i -> samples[i % samples.length]);
        return new CardTimes(bytes, picos, most.cardCeiling());
    }

    /**
     * Times of requests with a split ring, and how many of them a card takes.
     *
     * @param kind reads or writes
     */
    public static CardTimes requests(Timing timing, Kind kind, int bytes, long seed) {
        int depth = Math.clamp(DEPTH_BYTES / bytes, LEAST_DEPTH, MOST_DEPTH);
        Workload crowd = new Workload(kind, bytes, QUEUES, depth, RingFormat.SPLIT, BATCH, 0, 1, false, false);
        Workload one = new Workload(kind, bytes, 1, 1, RingFormat.SPLIT, 1, 0, 1, false, false);
        long[] samples = light(timing, one, seed);
        Timing.Storage storage = timing.storage();
        long median = kind == Kind.WRITE ? storage.writeTime() : storage.readTime();
        // drawn here, not in the run: the few that run say what the card adds, and many are needed to say how rare slow
        // ones are
        Latency behind = Latency.logNormal(median, storage.tail(), Dice.of(seed, "behind"));
        long[] picos = new long[TIMES];
        Arrays.setAll(picos, i -> samples[i % samples.length] + behind.next());
        return new CardTimes(bytes, picos, crowd(timing, crowd, seed).cardCeiling());
    }

    private static Result crowd(Timing timing, Workload workload, long seed) {
        try (Simulation simulation = new Simulation(timing.alone(), workload, seed)) {
            int count = 2 * samples(workload);
            simulation.pass(count);
            return simulation.measure(count);
        }
    }

    private static long[] light(Timing timing, Workload workload, long seed) {
        int count = samples(workload);
        CardShare share = new CardShare(count);
        try (Simulation simulation = new Simulation(timing.alone(), workload, seed, share)) {
            simulation.pass(Math.max(count / 2, workload.flows() * 3));
            share.begin();
            Result result = simulation.measure(count);
            if (result.dropped() > 0) {
                throw new IllegalArgumentException(
                        timing.card() + " has no room for a packet of " + workload.bytes() + " bytes");
            }
        }
        return share.picos();
    }

    private static int samples(Workload workload) {
        return Math.clamp(SAMPLED_BYTES / workload.bytes(), LEAST_SAMPLES, MOST_SAMPLES);
    }
}
