package dev.cipu.sim.model;

import java.util.Arrays;

/** The flows of recorded packets, and the queues that received them, by the journeys' numbers. */
final class RecordedFlows implements Steering {
    private int[] flows = new int[1024];
    private int[] queues = new int[1024];

    void put(int journey, int flow, int queue) {
        if (journey >= flows.length) {
            int count = Math.max(journey + 1, 2 * flows.length);
            flows = Arrays.copyOf(flows, count);
            queues = Arrays.copyOf(queues, count);
        }
        flows[journey] = flow;
        queues[journey] = queue;
    }

    @Override
    public int flow(int journey) {
        return flows[journey];
    }

    @Override
    public int queue(int journey, int flow) {
        return queues[journey];
    }
}
