package dev.cipu.sim.model;

import dev.cipu.virtio.ring.RingFormat;

/**
 * What a guest does.
 *
 * @param kind what its chains are
 * @param bytes of a frame without the header, or of a request's data
 * @param queues queues, each with a core of the guest
 * @param depth requests in flight a queue, or packets that may wait in it
 * @param format of the rings
 * @param batch chains that a driver publishes together, where it has as many
 * @param perSecond of packets or requests over all queues, 0 for as many as the card takes
 * @param flows among which packets are spread
 * @param interrupts whether the driver waits for them; otherwise it polls
 * @param indirect whether requests use indirect tables
 */
public record Workload(
        Kind kind,
        int bytes,
        int queues,
        int depth,
        RingFormat format,
        int batch,
        double perSecond,
        int flows,
        boolean interrupts,
        boolean indirect) {
    private static final int LEAST_ENTRIES = 64;

    /** What a chain is. */
    public enum Kind {
        TRANSMIT("packets sent"),
        RECEIVE("packets received"),
        READ("reads"),
        WRITE("writes");

        private final String plural;

        Kind(String plural) {
            this.plural = plural;
        }

        /** In words. */
        public String plural() {
            return plural;
        }

        public boolean isPacket() {
            return this == TRANSMIT || this == RECEIVE;
        }
    }

    public Workload {
        if (bytes < 1 || bytes > (kind.isPacket() ? 65536 : 1 << 20)) {
            throw new IllegalArgumentException(bytes + " bytes, not 1 to " + (kind.isPacket() ? "64 KiB" : "1 MiB"));
        }
        if (queues < 1 || queues > 256 || depth < 1 || depth > 4096 || batch < 1 || flows < 1 || !(perSecond >= 0)) {
            throw new IllegalArgumentException("a workload of " + queues + " queues (1..256), depth " + depth
                    + " (1..4096), batch " + batch + ", " + flows + " flows, " + perSecond + " a second");
        }
    }

    /** Another rate. */
    public Workload at(double rate) {
        return new Workload(kind, bytes, queues, depth, format, batch, rate, flows, interrupts, indirect);
    }

    /** Whether the guest sends as much as the card takes. */
    public boolean saturates() {
        return perSecond == 0;
    }

    /** Descriptors of a chain without an indirect table. */
    int buffers() {
        return kind.isPacket() ? 1 : 3;
    }

    /** Entries of its rings: a power of two with room for all chains, and no fewer than drivers use. */
    int ringSize() {
        int slots = depth * (indirect ? 1 : buffers());
        return Math.max(LEAST_ENTRIES, Integer.highestOneBit(2 * slots - 1));
    }
}
