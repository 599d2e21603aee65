package dev.cipu.sim.model;

import dev.cipu.sim.event.Actor;
import dev.cipu.sim.memory.Dma;
import dev.cipu.sim.ring.Chain;

/**
 * A packet's way out: its descriptor is read, its data fetched, its buffer given back; then it goes through the card onto the
 * cable, where its journey ends.
 */
final class TransmitPath implements QueuePair.Path {
    private final Card card;
    private final Journeys journeys;
    private final int bytes;
    private final Underway underway = new Underway();
    private final Switching switching;
    private final Actor fetch = this::fetch;
    private final Actor fetched = this::fetched;
    private final Actor shadowed = this::shadowed;
    private final Actor sent = this::sent;

    TransmitPath(Card card, Journeys journeys, Workload workload) {
        this.card = card;
        this.journeys = journeys;
        bytes = workload.bytes();
        switching = new Switching(card, journeys, workload, this::switched);
    }

    @Override
    public void take(QueuePair queue, Chain chain) {
        int journey = queue.begun(chain);
        underway.put(journey, queue, chain);
        card.move((int) chain.readableBytes(), fetch, journey);
    }

    private void fetch(long journey) {
        Chain chain = underway.chain((int) journey);
        card.dma.read(chain.address(0), chain.length(0), Dma.NO_DATA, fetched, journey);
    }

    private void fetched(long argument) {
        int journey = (int) argument;
        journeys.mark(journey, Part.FETCH);
        // the card has its copy: the buffer goes back while the packet goes on
        underway.queue(journey).complete(underway.chain(journey), 0);
        if (card.shadowTime() > 0) {
            card.timeline.after(card.shadowTime(), shadowed, argument);
        } else {
            switching.enter(journey);
        }
    }

    private void shadowed(long journey) {
        journeys.mark((int) journey, Part.SHADOW);
        switching.enter((int) journey);
    }

    private void switched(long journey) {
        card.uplink.serve(card.wireTime(bytes), sent, journey);
    }

    private void sent(long argument) {
        int journey = (int) argument;
        journeys.mark(journey, Part.UPLINK_OUT);
        QueuePair queue = underway.queue(journey);
        journeys.end(journey, bytes);
        queue.engine().allow(1);
    }
}
