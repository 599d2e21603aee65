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
        Timing.Network network = card.timing.network();
        if (network.hardwareTime() > 0) {
            card.pipeline.serve(network.hardwareTime(), lookedUp, journey);
        } else {
            toCores(journey);
        }
    }

    private void lookedUp(long argument) {
        int journey = (int) argument;
        journeys.mark(journey, Part.LOOKUP);
        if (card.timing.network().flows() > 0 && card.knows(flows[journey])) {
            done.fire(argument);
        } else {
            toCores(journey);
        }
    }

    private void toCores(int journey) {
        Timing.Network network = card.timing.network();
        if (network.cores() == 0) {
            done.fire(journey);
        } else {
            card.cores.serve(network.coreTime(), moved, journey);
        }
    }

    private void moved(long journey) {
        long detour = card.timing.network().detour();
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
