package dev.cipu.shim.session;

import dev.cipu.dataplane.CounterGroup;
import java.util.List;

/**
 * What happened on one endpoint since it was made; nothing here counts packets or requests. The endpoint's thread counts, any
 * thread reads.
 */
public final class SessionCounters {
    /** Names of the counters, in the order of the constants below. */
    public static final List<String> NAMES =
            List.of("sessions", "failed_sessions", "refused_messages", "broken_queues", "memory_faults", "messages");

    private static final int SESSIONS = 0;
    private static final int FAILURES = 1;
    private static final int REFUSALS = 2;
    private static final int BROKEN_QUEUES = 3;
    private static final int MEMORY_FAULTS = 4;
    private static final int MESSAGES = 5;

    private final CounterGroup group;

    /**
     * @param group made of {@link #NAMES}; the endpoint's thread becomes its writer
     */
    public SessionCounters(CounterGroup group) {
        this.group = group;
    }

    /** Counters of their own, in no table. */
    public static SessionCounters unlisted() {
        return new SessionCounters(CounterGroup.unlisted(NAMES));
    }

    /** Peers that connected. */
    public long sessions() {
        return group.get(SESSIONS);
    }

    /** Sessions that we ended because of what the peer did. */
    public long failures() {
        return group.get(FAILURES);
    }

    /** Messages answered with an error. */
    public long refusals() {
        return group.get(REFUSALS);
    }

    /** Rings stopped because their driver broke the rules. */
    public long brokenQueues() {
        return group.get(BROKEN_QUEUES);
    }

    /** Faults on guest memory that workers reported. */
    public long memoryFaults() {
        return group.get(MEMORY_FAULTS);
    }

    /** Messages that came. */
    public long messages() {
        return group.get(MESSAGES);
    }

    public void sessionBegan() {
        group.add(SESSIONS, 1);
    }

    public void sessionFailed() {
        group.add(FAILURES, 1);
    }

    public void refused() {
        group.add(REFUSALS, 1);
    }

    public void queueBroke() {
        group.add(BROKEN_QUEUES, 1);
    }

    public void memoryFaulted() {
        group.add(MEMORY_FAULTS, 1);
    }

    public void messageCame() {
        group.add(MESSAGES, 1);
    }
}
