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
    private final int among;
    private final int bytes;
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
     * @param done is woken with the journey
     */
    Switching(Card card, Journeys journeys, Workload workload, Actor done) {
        this.card = card;
        this.journeys = journeys;
        among = workload.flows();
        bytes = workload.bytes();
        this.done = done;
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
        flows[journey] = card.flow(among);
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
        if (card.timing.network().cores() == 0) {
            done.fire(journey);
        } else if (card.slicer == null) {
            arrive(journey, card.timeline.now());
        } else {
            card.slicer.enter(bytes, arrive, journey);
        }
    }

    private void arrive(int journey, long time) {
        times[journey] = time;
        card.cores.serve(time, card.timing.network().coreTime(), moved, journey);
    }

    private void moved(long argument) {
        int journey = (int) argument;
        long detour = card.timing.network().detour();
        if (card.slicer != null) {
            journeys.mark(journey, Part.TO_CORES, times[journey]);
            times[journey] = card.timeline.now() + detour;
            card.slicer.leave(bytes, times[journey], whole, argument);
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
        Objects.requireNonNull(card.slicer).joined(bytes);
        done.fire(argument);
    }
}
