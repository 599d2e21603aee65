package dev.cipu.sim.model;

import dev.cipu.virtio.ring.RingFormat;

/**
 * How a guest's drivers work, which no recording tells.
 *
 * @param format of the rings
 * @param depth chains that each queue has room for
 * @param batch chains that a driver publishes together, where it has as many
 * @param interrupts whether drivers wait for them; otherwise they poll
 * @param indirect whether chains are put into indirect tables
 */
public record DriverHabits(RingFormat format, int depth, int batch, boolean interrupts, boolean indirect) {
    /** Checks them. */
    public DriverHabits {
        if (depth < 1 || depth > 4096 || batch < 1) {
            throw new IllegalArgumentException("queues of " + depth + " (1..4096) in batches of " + batch);
        }
    }

    /** What a queue of this use is to the model; how many bytes, each chain says itself. */
    Workload queue(RecordedQueue.Use use) {
        Workload.Kind kind = switch (use) {
            case TRANSMIT -> Workload.Kind.TRANSMIT;
            case RECEIVE -> Workload.Kind.RECEIVE;
            case REQUESTS -> Workload.Kind.READ;
        };
        return new Workload(kind, 1, 1, depth, format, batch, 1, 1, interrupts, indirect);
    }
}
