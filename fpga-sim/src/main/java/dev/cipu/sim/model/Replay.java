package dev.cipu.sim.model;

import dev.cipu.sim.event.Actor;
import dev.cipu.sim.event.Picos;
import dev.cipu.sim.event.Timeline;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/**
 * A card in virtual time under what was recorded: all queues of all devices on one card, each transaction at its time, or as soon as
 * there is room. The same timing, recording, habits and seed give the same result to the last bit. One thread owns it; its memory does
 * not depend on how long the recording is. It serves one run, and holds memory outside the heap until it is closed.
 *
 * <p>What has come and finds no room in its ring waits in a line; what finds that line full, or a frame the card's memory, is dropped.
 */
public final class Replay implements AutoCloseable {
    /** Bytes of a frame or of a request's data, at most. */
    public static final int MOST_BYTES = 16 << 20;

    /** Queues of a recording, at most. */
    public static final int MOST_QUEUES = 1024;

    /** Until drivers have filled their receive queues. */
    private static final long SETTLING = 100 * Picos.MICRO;

    /** Transactions that wait in a line. */
    private static final int MOST_WAITING = 1 << 14;

    private final Arena arena = Arena.ofConfined();
    private final Timeline timeline = new Timeline();
    private final Journeys journeys = new Journeys(timeline, Tracer.NONE, Operation.COUNT);
    private final RecordedFlows flows = new RecordedFlows();
    private final String card;
    private final Recording recording;
    private final boolean unpaced;
    private final int mostWaiting;
    private final ReplayGuests guests;
    private final Actor feed = this::feed;
    private boolean more;
    private boolean stalled;

    /**
     * A replay.
     *
     * @param queues by their places
     * @param recording what passed them
     * @param unpaced whether transactions come as soon as there is room, in their order, instead of at their times
     * @throws IllegalArgumentException if there are no queues, or too many
     */
    public Replay(
            Timing timing,
            List<RecordedQueue> queues,
            Recording recording,
            DriverHabits habits,
            boolean unpaced,
            long seed) {
        if (queues.isEmpty() || queues.size() > MOST_QUEUES) {
            throw new IllegalArgumentException(queues.size() + " queues, not 1 to " + MOST_QUEUES);
        }
        card = timing.card();
        this.recording = recording;
        this.unpaced = unpaced;
        mostWaiting = unpaced ? habits.batch() : MOST_WAITING;
        guests = new ReplayGuests(timeline, timing, queues, habits, journeys, flows, arena, seed, this::roomMade);
    }

    /** Runs until everything that was recorded is done. */
    public ReplayResult run() {
        timeline.runUntil(SETTLING);
        journeys.measure();
        List<Gauges> gauges = guests.gauges();
        gauges.forEach(Gauges::begin);
        more = recording.next();
        feed(0);
        while (more || journeys.underWay() > 0) {
            if (timeline.waiting() == 0) {
                throw new IllegalStateException(journeys.underWay() + " transactions never end");
            }
            timeline.step();
        }
        return result(gauges);
    }

    /** Brings what is due, and comes again for what is next. */
    private void feed(long unused) {
        while (more && isDue()) {
            bring();
            more = recording.next();
        }
        if (!more) {
            return;
        }
        if (unpaced) {
            stalled = true;
        } else {
            timeline.at(SETTLING + recording.time(), feed, 0);
        }
    }

    private boolean isDue() {
        if (!unpaced) {
            return SETTLING + recording.time() <= timeline.now();
        }
        return recording.operation() == Operation.RECEIVE
                ? guests.receive().hasRoom()
                : lane().line().waiting() < mostWaiting;
    }

    private void bring() {
        Operation operation = recording.operation();
        ReplayGuests.Lane lane = lane();
        int journey = journeys.begin(recording.bytes(), operation.sort());
        flows.put(journey, recording.flow(), lane.receiver());
        if (operation == Operation.RECEIVE) {
            guests.receive().arrive(journey);
        } else if (lane.line().waiting() >= mostWaiting) {
            journeys.drop(journey);
        } else {
            lane.line().arrive(journey);
            lane.pair().guest().wake();
        }
    }

    private ReplayGuests.Lane lane() {
        return guests.lanes().get(recording.queue());
    }

    /** Something has gone on: what waits for room may have it. */
    private void roomMade() {
        if (stalled) {
            stalled = false;
            timeline.after(0, feed, 0);
        }
    }

    private ReplayResult result(List<Gauges> gauges) {
        double seconds = Math.max(1, gauges.getFirst().passed()) / 1e12;
        List<ReplayResult.Done> done = new ArrayList<>();
        long count = 0;
        long checksum = timeline.fired();
        for (Operation operation : Operation.values()) {
            Tally tally = journeys.tally(operation.sort());
            count += tally.finished();
            checksum = tally.checksum(checksum);
            if (tally.finished() + tally.dropped() > 0) {
                done.add(new ReplayResult.Done(
                        operation, tally.finished(), tally.dropped(), tally.bytes(), tally.spread(), tally.stages()));
            }
        }
        Used used = gauges.stream().map(Gauges::used).reduce(Used::and).orElseThrow();
        double each = Math.max(1, count);
        return new ReplayResult(
                card,
                seconds,
                done,
                loads(gauges, count / seconds),
                used.guestPicos() / 1e12 / seconds,
                used.hostCores(),
                used.interrupts() / each,
                used.doorbells() / each,
                used.roundTrips() / each,
                used.iotlbMisses() / each,
                used.wireBytesUp() / each,
                used.wireBytesDown() / each,
                timeline.fired(),
                checksum);
    }

    /** Of both, where disks are served beside the card; these then say so. */
    private static List<Load> loads(List<Gauges> gauges, double perSecond) {
        List<Load> loads = gauges.getFirst().loads(perSecond);
        for (Gauges beside : gauges.subList(1, gauges.size())) {
            beside.loads(perSecond)
                    .forEach(load -> loads.add(new Load("disks: " + load.name(), load.use(), load.ceiling())));
        }
        Gauges.inOrder(loads);
        return loads;
    }

    @Override
    public void close() {
        arena.close();
    }
}
