package dev.cipu.dataplane;

import java.util.Locale;

/** What a worker does while there is nothing to do. */
public sealed interface IdlePolicy {
    /** Polls on without a pause: least latency, a whole core. */
    record Spin() implements IdlePolicy {}

    /**
     * Polls less and less often, without asking for kicks.
     *
     * @param spins empty rounds before the first pause
     * @param pauses rounds with a pause of the core between them, before the first park
     * @param parkNanos length of a park
     */
    record Backoff(int spins, int pauses, long parkNanos) implements IdlePolicy {
        public Backoff {
            if (spins < 0 || pauses < 0 || parkNanos <= 0) {
                throw new IllegalArgumentException("a back-off of " + spins + ", " + pauses + ", " + parkNanos + " ns");
            }
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
    IdlePolicy BACKOFF = new Backoff(2_000, 2_000, 20_000);
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
