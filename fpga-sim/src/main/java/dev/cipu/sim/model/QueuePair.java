package dev.cipu.sim.model;

import dev.cipu.sim.event.Actor;
import dev.cipu.sim.event.Timeline;
import dev.cipu.sim.ring.Chain;
import dev.cipu.sim.ring.ChainTaker;
import dev.cipu.sim.ring.DescriptorEngine;
import dev.cipu.sim.ring.RingPlace;
import dev.cipu.sim.stage.Moderation;
import dev.cipu.virtio.driver.DriverQueue;

/** Both halves of one queue: the guest's core on one side, the card's engine on the other, and the interrupts between. */
final class QueuePair implements ChainTaker {
    /** Where the card's chains go. */
    interface Path {
        void take(QueuePair queue, Chain chain);
    }

    private final int index;
    private final Card card;
    private final Timeline timeline;
    private final Workload workload;
    private final Journeys journeys;
    private final Tracer tracer;
    private final Path path;
    private final GuestQueue guest;
    private final DescriptorEngine engine;
    private final Moderation moderation;

    private final Actor doorbell = this::doorbellAtCard;
    private final Actor decide = this::decide;
    private final Actor raised = this::raised;
    private final Actor handled = this::handled;

    /** Journeys whose used elements are on their way, in order. */
    private final int[] completed;

    private int firstCompleted;
    private int lastCompleted;
    private boolean asking;
    private int unasked;
    private long interrupts;
    private long doorbells;
    private long taken;
    private long usedElements;

    QueuePair(
            int index,
            Card card,
            Workload workload,
            Journeys journeys,
            Tracer tracer,
            DriverQueue ring,
            GuestQueue.Traffic traffic,
            Path path) {
        this.index = index;
        this.card = card;
        timeline = card.timeline;
        this.workload = workload;
        this.journeys = journeys;
        this.tracer = tracer;
        this.path = path;
        completed = new int[Integer.highestOneBit(2 * ring.size() - 1)];
        guest = new GuestQueue(index, timeline, journeys, card.timing.host(), workload, ring, traffic, this::ring);
        engine = DescriptorEngine.of(
                workload.format(), RingPlace.of(ring), card.timing.engine(), timeline, card.dma, card.memory, this);
        moderation = new Moderation(
                timeline,
                card.timing.interrupts().completions(),
                // requests are told of one by one: somebody waits for each
                workload.kind().isPacket() ? card.timing.interrupts().patience() : 0,
                _ -> ask(),
                0);
    }

    private long ring(int queue) {
        doorbells++;
        tracer.register(Tracer.Register.DOORBELL, index, timeline.now(), doorbells);
        if (card.link == null) {
            timeline.after(0, doorbell, 0);
            return timeline.now();
        }
        return card.link.register(doorbell, 0);
    }

    private void doorbellAtCard(long unused) {
        engine.doorbell();
    }

    @Override
    public void take(Chain chain) {
        tracer.register(Tracer.Register.AVAIL, index, timeline.now(), ++taken);
        path.take(this, chain);
    }

    /** The journey of a chain that the guest posted; the card has read it. */
    int begun(Chain chain) {
        int journey = guest.journey(chain.id());
        journeys.mark(journey, Part.DOORBELL, guest.knownAt(chain.id()));
        journeys.mark(journey, Part.DESCRIPTORS);
        return journey;
    }

    /** A chain is dealt with that no journey ends in. */
    void complete(Chain chain, int written) {
        complete(chain, written, -1);
    }

    /** A chain is dealt with; the journey ends when the guest has it back. */
    void complete(Chain chain, int written, int journey) {
        guest.carry(chain.id(), journey);
        completed[lastCompleted++ & (completed.length - 1)] = journey;
        engine.complete(chain, written);
    }

    @Override
    public void used(int count) {
        usedElements += count;
        tracer.register(Tracer.Register.USED, index, timeline.now(), usedElements);
        for (int i = 0; i < count; i++) {
            int journey = completed[firstCompleted++ & (completed.length - 1)];
            if (journey >= 0) {
                journeys.mark(journey, Part.USED);
            }
        }
        if (workload.interrupts()) {
            moderation.completed(count);
        } else {
            guest.used();
        }
    }

    /** Asks the driver whether it wants to be interrupted; once at a time. */
    private void ask() {
        if (asking) {
            unasked++;
            return;
        }
        asking = true;
        engine.readSuppression(decide, 0);
    }

    private void decide(long unused) {
        asking = false;
        if (engine.wantsInterrupt()) {
            interrupts++;
            tracer.register(Tracer.Register.INTERRUPT, index, timeline.now(), interrupts);
            if (card.link == null) {
                raised(0);
            } else {
                card.link.interrupt(raised, 0);
            }
        }
        if (unasked > 0) {
            unasked = 0;
            ask();
        }
    }

    private void raised(long unused) {
        timeline.after(card.interruptLatency(), handled, 0);
    }

    private void handled(long unused) {
        guest.interrupt();
    }

    int index() {
        return index;
    }

    GuestQueue guest() {
        return guest;
    }

    DescriptorEngine engine() {
        return engine;
    }

    long interrupts() {
        return interrupts;
    }

    long doorbells() {
        return doorbells;
    }
}
