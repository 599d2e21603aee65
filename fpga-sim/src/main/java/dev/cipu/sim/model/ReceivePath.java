package dev.cipu.sim.model;

import dev.cipu.sim.event.Actor;
import dev.cipu.sim.event.IntFifo;
import dev.cipu.sim.memory.Dma;
import dev.cipu.sim.ring.Chain;
import java.util.ArrayDeque;

/**
 * A packet's way in: from the cable through the card to the queue of its flow; there it takes a buffer that was read in advance,
 * or waits for one; its data is written, and the used element right behind it.
 */
final class ReceivePath implements QueuePair.Path {
    private static final int NET_HEADER = 12;

    private final Card card;
    private final Journeys journeys;
    private final int bytes;
    private final QueuePair[] queues;
    private final Underway underway = new Underway();
    private final Switching switching;
    private final Actor received = this::received;
    private final Actor shadowed = this::shadowed;
    private final Actor deliver = this::deliver;
    private final Actor delivered = this::delivered;

    /** By queue: chains without a packet, or packets without a chain. */
    private final ArrayDeque<Chain>[] buffers;

    private final IntFifo[] waiting;
    private int inside;

    @SuppressWarnings({"unchecked", "rawtypes"})
    ReceivePath(Card card, Journeys journeys, Workload workload, QueuePair[] queues) {
        this.card = card;
        this.journeys = journeys;
        bytes = workload.bytes();
        this.queues = queues;
        switching = new Switching(card, journeys, workload, this::switched);
        buffers = new ArrayDeque[workload.queues()];
        waiting = new IntFifo[workload.queues()];
        for (int i = 0; i < workload.queues(); i++) {
            buffers[i] = new ArrayDeque<>();
            waiting[i] = new IntFifo();
        }
    }

    /** A packet begins to arrive. */
    void arrive() {
        int journey = journeys.begin();
        if (inside >= card.timing.network().buffers()) {
            journeys.drop(journey);
            return;
        }
        inside++;
        card.uplink.serve(card.wireTime(bytes), received, journey);
    }

    private void received(long journey) {
        journeys.mark((int) journey, Part.UPLINK_IN);
        switching.enter((int) journey);
    }

    private void switched(long argument) {
        int journey = (int) argument;
        if (card.shadowTime() > 0) {
            card.timeline.after(card.shadowTime(), shadowed, argument);
        } else {
            toQueue(journey);
        }
    }

    private void shadowed(long journey) {
        journeys.mark((int) journey, Part.SHADOW);
        toQueue((int) journey);
    }

    private void toQueue(int journey) {
        int queue = switching.flow(journey) % queues.length;
        journeys.join(journey, queue);
        Chain chain = buffers[queue].poll();
        if (chain == null) {
            waiting[queue].add(journey);
        } else {
            use(queue, journey, chain);
        }
    }

    @Override
    public void take(QueuePair pair, Chain chain) {
        int queue = pair.index();
        if (waiting[queue].isEmpty()) {
            buffers[queue].add(chain);
        } else {
            use(queue, waiting[queue].removeFirst(), chain);
        }
    }

    private void use(int queue, int journey, Chain chain) {
        journeys.mark(journey, Part.BUFFER);
        underway.put(journey, queues[queue], chain);
        card.move(NET_HEADER + bytes, deliver, journey);
    }

    private void deliver(long argument) {
        int journey = (int) argument;
        QueuePair queue = underway.queue(journey);
        Chain chain = underway.chain(journey);
        card.dma.write(chain.address(0), NET_HEADER + bytes, Dma.NO_DATA, delivered, argument);
        queue.complete(chain, NET_HEADER + bytes, journey);
        inside--;
        queue.engine().allow(1);
    }

    private void delivered(long journey) {
        journeys.mark((int) journey, Part.DELIVER);
    }
}
