package dev.cipu.dataplane;

import java.util.Locale;

/** What a worker does while there is nothing to do. */
public sealed interface IdlePolicy {
    /** Polls on without a pause: least latency, a whole core. */
    record Spin() implements IdlePolicy {}

    /**
     * Polls less and less often, without asking for kicks. Each park is an eighth longer than the one before, so that none is
     * longer than an eighth of the silence before it, and what ends a silence waits for at most that.
     *
     * @param spins empty rounds before the first pause
     * @param pauses rounds with a pause of the core between them, before the first park
     * @param firstParkNanos length of the first park
     * @param lastParkNanos length that parks grow to
     */
    record Backoff(int spins, int pauses, long firstParkNanos, long lastParkNanos) implements IdlePolicy {
        public Backoff {
            if (spins < 0 || pauses < 0 || firstParkNanos <= 0 || lastParkNanos < firstParkNanos) {
                throw new IllegalArgumentException("a back-off of " + spins + ", " + pauses + ", " + firstParkNanos
                        + " to " + lastParkNanos + " ns");
            }
        }

        /** The park after one of that length, 0 for the first. */
        long after(long parkNanos) {
            return Math.clamp(parkNanos + parkNanos / 8, firstParkNanos, lastParkNanos);
        }
    }

    /**
     * Asks for kicks and sleeps until one comes.
     *
     * @param idleNanos how long there must have been nothing to do
     */
    record Sleep(long idleNanos) implements IdlePolicy {
        public Sleep {
            if (idleNanos < 0) {
                throw new IllegalArgumentException("an idle time of " + idleNanos + " ns");
            }
        }
    }

    IdlePolicy SPIN = new Spin();
    IdlePolicy BACKOFF = new Backoff(2_000, 2_000, 20_000, 20_000_000);
    IdlePolicy SLEEP = new Sleep(50_000);

    /**
     * The policy that {@code spin}, {@code backoff} or {@code sleep} names.
     *
     * @throws IllegalArgumentException for another name
     */
    static IdlePolicy of(String name) {
        return switch (name.toLowerCase(Locale.ROOT)) {
            case "spin" -> SPIN;
            case "backoff" -> BACKOFF;
            case "sleep" -> SLEEP;
            default -> throw new IllegalArgumentException("idle policy " + name + ", not spin, backoff or sleep");
        };
    }
}
