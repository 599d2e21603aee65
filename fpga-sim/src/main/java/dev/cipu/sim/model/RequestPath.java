package dev.cipu.sim.model;

import dev.cipu.sim.event.Actor;
import dev.cipu.sim.memory.Dma;
import dev.cipu.sim.ring.Chain;

/**
 * A request's way: its descriptors are read, then its header and what it writes are fetched, cores of the card pass it on, the store
 * answers, data and status are written, and the used element right behind them.
 */
final class RequestPath implements QueuePair.Path {
    private final Card card;
    private final Journeys journeys;
    private final boolean write;
    private final int bytes;
    private final Underway underway = new Underway();
    private final Actor fetch = this::fetch;
    private final Actor fetched = this::fetched;
    private final Actor shadowed = this::shadowed;
    private final Actor passed = this::passed;
    private final Actor accessed = this::accessed;
    private final Actor answered = this::answered;
    private final Actor returned = this::returned;
    private final Actor deliver = this::deliver;
    private final Actor delivered = this::delivered;

    RequestPath(Card card, Journeys journeys, Workload workload) {
        this.card = card;
        this.journeys = journeys;
        write = workload.kind() == Workload.Kind.WRITE;
        bytes = workload.bytes();
    }

    @Override
    public void take(QueuePair queue, Chain chain) {
        int journey = queue.begun(chain);
        underway.put(journey, queue, chain);
        card.move((int) chain.readableBytes(), fetch, journey);
    }

    private void fetch(long argument) {
        Chain chain = underway.chain((int) argument);
        underway.await((int) argument, chain.readable());
        for (int i = 0; i < chain.readable(); i++) {
            card.dma.read(chain.address(i), chain.length(i), Dma.NO_DATA, fetched, argument);
        }
    }

    private void fetched(long argument) {
        int journey = (int) argument;
        if (!underway.arrived(journey)) {
            return;
        }
        journeys.mark(journey, Part.FETCH);
        if (card.shadowTime() > 0) {
            card.timeline.after(card.shadowTime(), shadowed, argument);
        } else {
            card.requestCores.serve(card.timing.storage().coreTime(), passed, argument);
        }
    }

    private void shadowed(long journey) {
        journeys.mark((int) journey, Part.SHADOW);
        card.requestCores.serve(card.timing.storage().coreTime(), passed, journey);
    }

    private void passed(long journey) {
        journeys.mark((int) journey, Part.CORES);
        card.store.serve(card.timing.storage().slot(bytes), accessed, journey);
    }

    private void accessed(long journey) {
        card.timeline.after(card.storeLatency(write), answered, journey);
    }

    private void answered(long argument) {
        journeys.mark((int) argument, Part.STORE);
        if (card.shadowTime() > 0) {
            card.timeline.after(card.shadowTime(), returned, argument);
        } else {
            move(argument);
        }
    }

    private void returned(long journey) {
        journeys.mark((int) journey, Part.SHADOW);
        move(journey);
    }

    private void move(long journey) {
        card.move((int) underway.chain((int) journey).writableBytes(), deliver, journey);
    }

    private void deliver(long argument) {
        int journey = (int) argument;
        QueuePair queue = underway.queue(journey);
        Chain chain = underway.chain(journey);
        underway.await(journey, chain.count() - chain.readable());
        int written = 0;
        for (int i = chain.readable(); i < chain.count(); i++) {
            card.dma.write(chain.address(i), chain.length(i), Dma.NO_DATA, delivered, argument);
            written += chain.length(i);
        }
        queue.complete(chain, written, journey);
        queue.engine().allow(1);
    }

    private void delivered(long argument) {
        int journey = (int) argument;
        if (underway.arrived(journey)) {
            journeys.mark(journey, Part.DELIVER);
        }
    }
}
