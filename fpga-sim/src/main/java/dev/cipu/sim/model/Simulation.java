package dev.cipu.sim.model;

import dev.cipu.sim.event.Actor;
import dev.cipu.sim.event.Dice;
import dev.cipu.sim.event.Picos;
import dev.cipu.sim.event.Timeline;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.driver.DriverMemory;
import dev.cipu.virtio.driver.DriverQueue;
import dev.cipu.virtio.ring.RingFormat;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A card and its guest in virtual time. The same timing, workload and seed give the same result to the last bit, on any machine.
 * One thread owns it. It holds memory outside the heap until it is closed.
 */
public final class Simulation implements AutoCloseable {
    /** Where the guest's memory begins. */
    private static final long BASE = 1L << 30;

    private static final long ALIGN = 4096;
    private static final int INDIRECT_ENTRIES = 4;

    private final Arena arena = Arena.ofConfined();
    private final Timeline timeline = new Timeline();
    private final Timing timing;
    private final Workload workload;
    private final Journeys journeys;
    private final Card card;
    private final QueuePair[] queues;
    private final Gauges gauges;

    /** With nobody to watch. */
    public Simulation(Timing timing, Workload workload, long seed) {
        this(timing, workload, seed, Tracer.NONE);
    }

    public Simulation(Timing timing, Workload workload, long seed, Tracer tracer) {
        this.timing = timing.serving(workload.kind());
        this.workload = workload;
        journeys = new Journeys(timeline, tracer);
        FeatureSet features = workload.format() == RingFormat.PACKED
                ? FeatureSet.of(RingFeature.VERSION_1, RingFeature.INDIRECT_DESC, RingFeature.RING_PACKED)
                : FeatureSet.of(RingFeature.VERSION_1, RingFeature.INDIRECT_DESC);
        int indirect = workload.indirect() ? INDIRECT_ENTRIES : 0;
        long ringBytes = DriverQueue.bytes(workload.format(), workload.ringSize(), indirect);
        long pages = ((ringBytes + ALIGN - 1) & -ALIGN) * workload.queues();
        MemorySegment hostMemory = arena.allocate(pages, ALIGN);
        MemorySegment cardMemory =
                arena.allocate(workload.queues() * Card.memoryBytes(timing, workload.ringSize()), ALIGN);
        card = new Card(timeline, this.timing, hostMemory, BASE, cardMemory, seed);
        DriverMemory memory = new DriverMemory(hostMemory, BASE);
        queues = new QueuePair[workload.queues()];
        QueuePair.Path path = path();
        for (int i = 0; i < queues.length; i++) {
            long at = memory.allocate(ringBytes, ALIGN);
            DriverQueue ring = DriverQueue.of(memory.slice(at, ringBytes), at, workload.ringSize(), features, indirect);
            Posting posting = new Posting(i, journeys, workload);
            queues[i] = new QueuePair(i, card, workload, journeys, tracer, ring, posting, path);
            start(i, posting, seed);
        }
        if (path instanceof ReceivePath receive) {
            startCable(receive, seed);
        }
        gauges = new Gauges(timeline, card, journeys, queues);
    }

    private QueuePair.Path path() {
        return switch (workload.kind()) {
            case TRANSMIT -> new TransmitPath(card, journeys, byChance());
            case RECEIVE -> new ReceivePath(card, journeys, byChance(), queues);
            case READ, WRITE -> new RequestPath(card, journeys);
        };
    }

    /** Flows as they come, each always to the same queue. */
    private Steering byChance() {
        return new Steering() {
            @Override
            public int flow(int journey) {
                return card.flow(workload.flows());
            }

            @Override
            public int queue(int journey, int flow) {
                return flow % workload.queues();
            }
        };
    }

    private void start(int index, Posting posting, long seed) {
        QueuePair queue = queues[index];
        boolean packets = workload.kind().isPacket();
        // what the card has room for, shared among the queues
        int room = packets ? Math.max(1, timing.network().buffers() / workload.queues()) : workload.depth();
        queue.engine().allow(room);
        queue.guest().wake();
        if (!workload.saturates() && workload.kind() != Workload.Kind.RECEIVE) {
            Actor arrival = _ -> {
                if (posting.arrive()) {
                    queue.guest().wake();
                }
            };
            new Arrivals(
                    timeline, workload.perSecond() / workload.queues(), Dice.of(seed, "arrivals " + index), arrival, 0);
        }
    }

    private void startCable(ReceivePath receive, long seed) {
        if (workload.saturates()) {
            long spacing = card.wireTime(workload.bytes());
            timeline.after(
                    spacing,
                    new Actor() {
                        @Override
                        public void fire(long unused) {
                            timeline.after(spacing, this, 0);
                            receive.arrive(journeys.begin(workload.bytes()));
                        }
                    },
                    0);
        } else {
            Actor arrival = _ -> receive.arrive(journeys.begin(workload.bytes()));
            new Arrivals(timeline, workload.perSecond(), Dice.of(seed, "arrivals"), arrival, 0);
        }
    }

    /**
     * Runs for so long, and measures after a while.
     *
     * @param warmUp picoseconds until everything has settled
     * @param measured picoseconds after that
     * @throws dev.cipu.sim.event.EndOfTime if that is later than virtual time goes
     */
    public Result run(long warmUp, long measured) {
        timeline.run(warmUp);
        journeys.measure();
        gauges.begin();
        timeline.run(measured);
        return gauges.result(timing, workload);
    }

    /** Runs for a tenth of {@code measured} first. */
    public Result run(long measured) {
        return run(Math.max(measured / 10, 100 * Picos.MICRO), measured);
    }

    /** Runs until so many more have ended, one way or another. */
    void pass(int count) {
        long end = journeys.ended() + count;
        while (journeys.ended() < end) {
            timeline.step();
        }
    }

    /** Measures until so many have ended from now on. */
    Result measure(int count) {
        journeys.measure();
        gauges.begin();
        pass(count);
        return gauges.result(timing, workload);
    }

    @Override
    public void close() {
        arena.close();
    }
}
