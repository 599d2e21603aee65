package dev.cipu.shim.vhost.backend;

import java.util.concurrent.atomic.LongAdder;

/** What happened on one endpoint since it was made. Any thread reads; nothing here counts packets or requests. */
public final class BackendCounters {
    private final LongAdder sessions = new LongAdder();
    private final LongAdder failures = new LongAdder();
    private final LongAdder refusals = new LongAdder();
    private final LongAdder brokenQueues = new LongAdder();
    private final LongAdder memoryFaults = new LongAdder();

    /** Front-ends that connected. */
    public long sessions() {
        return sessions.sum();
    }

    /** Sessions that we ended because of what the front-end did. */
    public long failures() {
        return failures.sum();
    }

    /** Messages answered with a negative acknowledgement. */
    public long refusals() {
        return refusals.sum();
    }

    /** Rings stopped because their driver broke the rules. */
    public long brokenQueues() {
        return brokenQueues.sum();
    }

    /** Faults on guest memory that workers reported. */
    public long memoryFaults() {
        return memoryFaults.sum();
    }

    void sessionBegan() {
        sessions.increment();
    }

    void sessionFailed() {
        failures.increment();
    }

    void refused() {
        refusals.increment();
    }

    void queueBroke() {
        brokenQueues.increment();
    }

    void memoryFaulted() {
        memoryFaults.increment();
    }
}
