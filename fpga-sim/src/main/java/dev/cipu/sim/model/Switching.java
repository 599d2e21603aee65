package dev.cipu.sim.model;

import dev.cipu.sim.event.Actor;
import java.util.Arrays;

/**
 * What happens to a packet inside the card, in either direction: the pipeline looks its flow up; what it does not know, and
 * everything where there is no pipeline, goes through cores.
 */
final class Switching {
    private final Card card;
    private final Journeys journeys;
    private final Steering steering;
    private final long hardwareTime;
    private final boolean knowsFlows;
    private final boolean hasCores;
    private final long coreTime;
    private final long detour;
    private final Actor done;
    private final Actor lookedUp = this::lookedUp;
    private final Actor moved = this::moved;
    private final Actor back = this::back;
    private int[] flows = new int[1024];

    /**
     * The way of packets.
     *
     * @param steering knows their flows
     * @param done is woken with the journey
     */
    Switching(Card card, Journeys journeys, Steering steering, Actor done) {
        this.card = card;
        this.journeys = journeys;
        this.steering = steering;
        this.done = done;
        Timing.Network network = card.timing.network();
        hardwareTime = network.hardwareTime();
        knowsFlows = network.flows() > 0;
        hasCores = network.cores() > 0;
        coreTime = network.coreTime();
        detour = network.detour();
    }

    /** The flow of a journey that is, or was last, in here. */
    int flow(int journey) {
        return flows[journey];
    }

    void enter(int journey) {
        if (journey >= flows.length) {
            flows = Arrays.copyOf(flows, Math.max(journey + 1, 2 * flows.length));
        }
        flows[journey] = steering.flow(journey);
        if (hardwareTime > 0) {
            card.pipeline.serve(hardwareTime, lookedUp, journey);
        } else {
            toCores(journey);
        }
    }

    private void lookedUp(long argument) {
        int journey = (int) argument;
        journeys.mark(journey, Part.LOOKUP);
        if (knowsFlows && card.knows(flows[journey])) {
            done.fire(argument);
        } else {
            toCores(journey);
        }
    }

    private void toCores(int journey) {
        if (hasCores) {
            card.cores.serve(coreTime, moved, journey);
        } else {
            done.fire(journey);
        }
    }

    private void moved(long journey) {
        if (detour == 0) {
            back(journey);
        } else {
            card.timeline.after(detour, back, journey);
        }
    }

    private void back(long journey) {
        journeys.mark((int) journey, Part.CORES);
        done.fire(journey);
    }
}
