package dev.cipu.sim.model;

import dev.cipu.sim.event.Timeline;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.driver.DriverMemory;
import dev.cipu.virtio.driver.DriverQueue;
import dev.cipu.virtio.ring.RingFormat;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** The guests of a replay, all their queues on one card: made from what a recording says of these, with memory for their rings. */
final class ReplayGuests {
    private static final long BASE = 1L << 30;
    private static final long ALIGN = 4096;
    private static final int INDIRECT_ENTRIES = 4;

    private final Timeline timeline;
    private final DriverHabits habits;
    private final FeatureSet features;
    private final int indirect;
    private final Journeys journeys;
    private final DriverMemory memory;
    private final Card frames;
    private final Card disks;

    /** Whether disks are served by the host beside the card. */
    private final boolean beside;

    private final TransmitPath send;
    private final ReceivePath receive;
    private final RequestPath request;
    private final QueuePair[] receivers;
    private final List<QueuePair> ofFrames = new ArrayList<>();
    private final List<QueuePair> ofDisks;
    private final List<Lane> lanes = new ArrayList<>();
    private final int room;
    private int receivings;

    /**
     * A queue.
     *
     * @param line where its transactions wait; nothing does where frames are received
     * @param receiver its place among the queues that receive
     */
    record Lane(QueuePair pair, RecordedPosting line, int receiver) {}

    /** @param roomMade is told when there may be room for another transaction */
    ReplayGuests(
            Timeline timeline,
            Timing timing,
            List<RecordedQueue> queues,
            DriverHabits habits,
            Journeys journeys,
            Steering steering,
            Arena arena,
            long seed,
            Runnable roomMade) {
        this.timeline = timeline;
        this.habits = habits;
        this.journeys = journeys;
        features = habits.format() == RingFormat.PACKED
                ? FeatureSet.of(RingFeature.VERSION_1, RingFeature.INDIRECT_DESC, RingFeature.RING_PACKED)
                : FeatureSet.of(RingFeature.VERSION_1, RingFeature.INDIRECT_DESC);
        indirect = habits.indirect() ? INDIRECT_ENTRIES : 0;
        long hostBytes = 0;
        long cardBytes = 0;
        int receiving = 0;
        int moving = 0;
        for (RecordedQueue queue : queues) {
            int size = habits.queue(queue.use()).ringSize();
            hostBytes += ringBytes(size);
            cardBytes += Card.memoryBytes(timing, size);
            receiving += queue.use() == RecordedQueue.Use.RECEIVE ? 1 : 0;
            moving += queue.use() == RecordedQueue.Use.REQUESTS ? 0 : 1;
        }
        // what the card has room for, shared among the queues
        room = Math.max(1, timing.network().buffers() / Math.max(1, moving));
        MemorySegment host = arena.allocate(hostBytes, ALIGN);
        memory = new DriverMemory(host, BASE);
        frames = new Card(timeline, timing, host, BASE, arena.allocate(cardBytes, ALIGN), seed);
        // where the host's cores serve disks, those do not pass the card's link
        beside = timing.storage().onHost() && !timing.onHost();
        Timing serving = timing.serving(Workload.Kind.READ);
        disks = beside ? new Card(timeline, serving, host, BASE, arena.allocate(cardBytes, ALIGN), seed) : frames;
        ofDisks = beside ? new ArrayList<>() : ofFrames;
        receivers = new QueuePair[receiving];
        send = new TransmitPath(frames, journeys, steering);
        receive = new ReceivePath(frames, journeys, steering, receivers);
        request = new RequestPath(disks, journeys);
        queues.forEach(queue -> add(queue, roomMade));
    }

    private long ringBytes(int size) {
        return (DriverQueue.bytes(habits.format(), size, indirect) + ALIGN - 1) & -ALIGN;
    }

    private void add(RecordedQueue queue, Runnable roomMade) {
        Workload shape = habits.queue(queue.use());
        int size = shape.ringSize();
        long bytes = ringBytes(size);
        long at = memory.allocate(bytes, ALIGN);
        DriverQueue ring = DriverQueue.of(memory.slice(at, bytes), at, size, features, indirect);
        int number = lanes.size();
        int receiver = receivings;
        RecordedPosting line = new RecordedPosting(number, habits.depth(), journeys, roomMade);
        QueuePair pair = switch (queue.use()) {
            case TRANSMIT -> pair(number, frames, shape, ring, line, send);
            case REQUESTS -> pair(number, disks, shape, ring, line, request);
            case RECEIVE ->
                pair(
                        receiver,
                        frames,
                        shape,
                        ring,
                        new RecordedBuffers(number, habits.depth(), queue.longest(), journeys, roomMade),
                        receive);
        };
        boolean requests = queue.use() == RecordedQueue.Use.REQUESTS;
        if (queue.use() == RecordedQueue.Use.RECEIVE) {
            receivers[receivings++] = pair;
        }
        (requests ? ofDisks : ofFrames).add(pair);
        lanes.add(new Lane(pair, line, receiver));
        pair.engine().allow(requests ? habits.depth() : room);
        pair.guest().wake();
    }

    private QueuePair pair(
            int index, Card card, Workload shape, DriverQueue ring, GuestQueue.Traffic traffic, QueuePair.Path path) {
        return new QueuePair(index, card, shape, journeys, Tracer.NONE, ring, traffic, path);
    }

    /** All queues, by their places. */
    List<Lane> lanes() {
        return lanes;
    }

    /** The way in. */
    ReceivePath receive() {
        return receive;
    }

    /** What is used: of the card, and of the host beside it where that serves the disks. */
    List<Gauges> gauges() {
        List<Gauges> gauges = new ArrayList<>();
        if (!ofFrames.isEmpty()) {
            gauges.add(gauge(frames, ofFrames));
        }
        if (beside && !ofDisks.isEmpty()) {
            gauges.add(gauge(disks, ofDisks));
        }
        return gauges;
    }

    private Gauges gauge(Card card, List<QueuePair> pairs) {
        return new Gauges(timeline, card, journeys, pairs.toArray(QueuePair[]::new));
    }
}
