package dev.cipu.sim.model;

import dev.cipu.sim.event.Actor;
import dev.cipu.sim.stage.Slicer;
import java.util.Arrays;
import java.util.Objects;

/**
 * What happens to a packet inside the card, in either direction: the pipeline looks its flow up; what it does not know, and
 * everything where there is no pipeline, goes through cores, with its payload or without.
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
    private final Slicer.Cores arrive = this::arrive;
    private final Actor moved = this::moved;
    private final Actor back = this::back;
    private final Actor whole = this::whole;
    private int[] flows = new int[1024];

    /** When a journey gets to the cores, and later when they are done with it. */
    private long[] times = new long[1024];

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
            times = Arrays.copyOf(times, flows.length);
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
        if (!hasCores) {
            done.fire(journey);
        } else if (card.slicer == null) {
            arrive(journey, card.timeline.now());
        } else {
            card.slicer.enter(journeys.bytes(journey), arrive, journey);
        }
    }

    private void arrive(int journey, long time) {
        times[journey] = time;
        card.cores.serve(time, coreTime, moved, journey);
    }

    private void moved(long argument) {
        int journey = (int) argument;
        if (card.slicer != null) {
            journeys.mark(journey, Part.TO_CORES, times[journey]);
            times[journey] = card.timeline.now() + detour;
            card.slicer.leave(journeys.bytes(journey), times[journey], whole, argument);
        } else if (detour > 0) {
            card.timeline.after(detour, back, argument);
        } else {
            back(argument);
        }
    }

    private void back(long journey) {
        journeys.mark((int) journey, Part.CORES);
        done.fire(journey);
    }

    private void whole(long argument) {
        int journey = (int) argument;
        journeys.mark(journey, Part.CORES, times[journey]);
        journeys.mark(journey, Part.FROM_CORES);
        Objects.requireNonNull(card.slicer).joined(journeys.bytes(journey));
        done.fire(argument);
    }
}
