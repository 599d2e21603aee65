package dev.cipu.shim.load;

import java.util.List;

/**
 * An open load: orders come at rates that change from phase to phase, whether or not the ones before are done. An order is a
 * number of packets and a number of requests. What is not handed over in time waits, and its latency counts from when
 * it was due.
 *
 * @param phases in the order in which they come, at least one
 * @param packetsPerOrder frames that each order sends
 * @param requestsPerOrder block requests that each order makes
 * @param lateNanos latency beyond which a packet or request counts as late
 */
public record OrderPlan(List<Phase> phases, int packetsPerOrder, int requestsPerOrder, long lateNanos) {
    private static final double NANOS = 1e9;

    /**
     * A time of one rate.
     *
     * @param name for people
     * @param seconds how long it takes
     * @param ordersPerSecond orders a second
     */
    public record Phase(String name, double seconds, double ordersPerSecond) {
        public Phase {
            if (!(seconds > 0 && seconds <= 3600) || !(ordersPerSecond >= 0 && ordersPerSecond <= 1e9)) {
                throw new IllegalArgumentException("phase " + name + ": " + seconds + " s at " + ordersPerSecond
                        + " orders a second; a phase takes up to an hour and has up to 1e9");
            }
        }

        double orders() {
            return seconds * ordersPerSecond;
        }
    }

    public OrderPlan {
        phases = List.copyOf(phases);
        if (phases.isEmpty() || packetsPerOrder < 0 || requestsPerOrder < 0 || lateNanos <= 0) {
            throw new IllegalArgumentException("a plan has phases, and orders of packets and requests");
        }
    }

    /** One phase, an order being one packet and, or, one request. */
    public static OrderPlan steady(double seconds, double perSecond, boolean packets, boolean requests) {
        return new OrderPlan(
                List.of(new Phase("steady", seconds, perSecond)), packets ? 1 : 0, requests ? 1 : 0, 1_000_000);
    }

    /** Length of all phases together. */
    public long nanos() {
        return (long) (phases.stream().mapToDouble(Phase::seconds).sum() * NANOS);
    }

    /** The plan put on the clock, without allocation. Owned by the load's thread. */
    final class Pace {
        private final long[] begins = new long[phases.size()];
        private final double[] ordersBefore = new double[phases.size() + 1];
        private final double[] perNano = new double[phases.size()];

        /** @param begin when the first phase begins, by {@link System#nanoTime} */
        Pace(long begin) {
            double at = 0;
            double orders = 0;
            for (int i = 0; i < begins.length; i++) {
                Phase phase = phases.get(i);
                begins[i] = begin + (long) (at * NANOS);
                ordersBefore[i] = orders;
                perNano[i] = phase.ordersPerSecond() / NANOS;
                at += phase.seconds();
                orders += phase.orders();
            }
            ordersBefore[begins.length] = orders;
        }

        /** When the phases behind the first begin. */
        long[] boundaries() {
            long[] later = new long[begins.length - 1];
            System.arraycopy(begins, 1, later, 0, later.length);
            return later;
        }

        /** Orders due by then. */
        long due(long now) {
            int i = begins.length - 1;
            while (i > 0 && now < begins[i]) {
                i--;
            }
            return (long) Math.min(ordersBefore[i] + (now - begins[i]) * perNano[i], ordersBefore[i + 1]);
        }

        /** When the order of that number, from 0 on, is due; a time after the last phase if it is not in the plan. */
        long dueAt(long order) {
            int i = phaseOf(order);
            if (perNano[i] == 0) {
                return Long.MAX_VALUE;
            }
            long due = begins[i] + (long) ((order + 1 - ordersBefore[i]) / perNano[i]);
            // the last one of a phase is due when the next one begins
            return i + 1 < begins.length ? Math.min(due, begins[i + 1] - 1) : due;
        }

        /** The first order behind {@code order} that belongs to a later phase. */
        long endOfPhase(long order) {
            return (long) ordersBefore[phaseOf(order) + 1];
        }

        private int phaseOf(long order) {
            int i = begins.length - 1;
            while (i > 0 && (order + 1 <= ordersBefore[i] || perNano[i] == 0)) {
                i--;
            }
            return i;
        }
    }
}
