package dev.cipu.sim.model;

import dev.cipu.sim.event.Actor;
import dev.cipu.sim.event.Timeline;
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
    private final Timeline.Lane leaving;
    private final Actor back = this::back;
    private final Actor whole = this::whole;
    private int[] flows = new int[1024];

    /** When a journey gets to the cores, and when it is on its way back. */
    private long[] arrived = new long[1024];

    private long[] left = new long[1024];

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
        leaving = card.timeline.lane();
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
            arrived = Arrays.copyOf(arrived, flows.length);
            left = Arrays.copyOf(left, flows.length);
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

    /** All packets keep cores busy for the same time, so they leave in the order in which they came, and when is known now. */
    private void arrive(int journey, long time) {
        arrived[journey] = time;
        left[journey] = card.cores.pass(time, coreTime) + detour;
        if (card.slicer == null) {
            leaving.at(left[journey], back, journey);
        } else {
            card.slicer.leave(journeys.bytes(journey), left[journey], whole, journey);
        }
    }

    private void back(long journey) {
        journeys.mark((int) journey, Part.CORES);
        done.fire(journey);
    }

    private void whole(long argument) {
        int journey = (int) argument;
        journeys.mark(journey, Part.TO_CORES, arrived[journey]);
        journeys.mark(journey, Part.CORES, left[journey]);
        journeys.mark(journey, Part.FROM_CORES);
        Objects.requireNonNull(card.slicer).joined(journeys.bytes(journey));
        done.fire(argument);
    }
}
