package dev.cipu.sim.model;

import dev.cipu.sim.event.Timeline;
import dev.cipu.sim.stage.Server;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;

/** Reads all that is counted at the beginning and at the end of a measurement, and makes a result of the difference. */
final class Gauges {
    /** Above this use of something, that is what limits. */
    private static final double FULL = 0.9;

    /** What of the loads is the guest's, not the card's. */
    static final String GUEST_CORES = "guest cores";

    static final String WINDOW = "requests in flight";

    private static final String DESCRIPTOR_ENGINES = "descriptor engines";
    private static final double MARGIN = 0.1;

    private final Timeline timeline;
    private final Card card;
    private final Journeys journeys;
    private final QueuePair[] queues;
    private final List<Busy> busy = new ArrayList<>();
    private long since;
    private long interrupts;
    private long doorbells;
    private long roundTrips;
    private long misses;
    private long bytesUp;
    private long bytesDown;

    /** Something that is busy or not, times how many of it there are. */
    private static final class Busy {
        private final String name;
        private final int count;
        private final LongSupplier picos;
        private long before;

        Busy(String name, int count, LongSupplier picos) {
            this.name = name;
            this.count = count;
            this.picos = picos;
        }

        long passed() {
            return picos.getAsLong() - before;
        }
    }

    Gauges(Timeline timeline, Card card, Journeys journeys, QueuePair[] queues) {
        this.timeline = timeline;
        this.card = card;
        this.journeys = journeys;
        this.queues = queues;
        busy.add(new Busy(GUEST_CORES, queues.length, this::guestBusy));
        if (card.link != null) {
            busy.add(new Busy("PCIe link, to the host", 1, card.link::busyUp));
            busy.add(new Busy("PCIe link, to the card", 1, card.link::busyDown));
            busy.add(new Busy("PCIe tags", card.link.tags().count(), card.link.tags()::taken));
            busy.add(new Busy("PCIe posted credits", 1, card.link.credits()::taken));
        }
        List<Server> servers = new ArrayList<>(
                List.of(card.engines, card.pipeline, card.cores, card.requestCores, card.store, card.uplink));
        if (card.slicer != null) {
            servers.add(card.slicer.there());
            servers.add(card.slicer.back());
            busy.add(new Busy("payload buffer", 1, card.slicer::taken));
        }
        for (Server server : servers) {
            busy.add(new Busy(server.name(), server.servers(), server::busy));
        }
        busy.add(new Busy(
                DESCRIPTOR_ENGINES,
                queues.length,
                () -> sum(queue -> queue.engine().busy())));
    }

    private long guestBusy() {
        long sum = 0;
        for (QueuePair queue : queues) {
            sum += queue.guest().busy();
        }
        return sum;
    }

    private long sum(ToLongFunction<QueuePair> what) {
        long sum = 0;
        for (QueuePair queue : queues) {
            sum += what.applyAsLong(queue);
        }
        return sum;
    }

    void begin() {
        since = timeline.now();
        busy.forEach(each -> each.before = each.picos.getAsLong());
        interrupts = sum(QueuePair::interrupts);
        doorbells = sum(QueuePair::doorbells);
        roundTrips = sum(queue -> queue.engine().roundTrips());
        misses = card.iotlb.misses();
        bytesUp = card.link == null ? 0 : card.link.wireBytesUp();
        bytesDown = card.link == null ? 0 : card.link.wireBytesDown();
    }

    Result result(Timing timing, Workload workload) {
        double seconds = passed() / 1e12;
        Tally tally = journeys.tally(0);
        double done = tally.finished();
        double perSecond = done / seconds;
        List<Load> loads = loads(perSecond);
        addWindow(loads, workload, perSecond, tally.mean() / 1e12);
        inOrder(loads);
        double arrived = done + tally.dropped();
        Used used = used();
        double each = Math.max(1, done);
        return new Result(
                timing.card(),
                workload,
                perSecond,
                tally.bytes() / seconds,
                arrived == 0 ? 0 : tally.dropped() / arrived,
                tally.spread(),
                tally.stages(),
                loads,
                used.guestPicos() / 1e3 / each,
                used.hostCores(),
                used.interrupts() / each,
                used.doorbells() / each,
                used.roundTrips() / each,
                used.iotlbMisses() / each,
                used.wireBytesUp() / each,
                used.wireBytesDown() / each,
                timeline.fired(),
                tally.checksum(timeline.fired()));
    }

    /** Picoseconds that are measured by now. */
    long passed() {
        return timeline.now() - since;
    }

    /** How much everything was used that was used at all. */
    List<Load> loads(double perSecond) {
        List<Load> loads = new ArrayList<>();
        for (Busy one : busy) {
            // what is promised counts, too: where a line grows that is more than all
            double use = Math.min(1, (double) one.passed() / passed() / one.count);
            if (use > 0) {
                loads.add(new Load(one.name, use, perSecond / use));
            }
        }
        return loads;
    }

    /** The most used first. */
    static void inOrder(List<Load> loads) {
        loads.sort(Comparator.comparingDouble(Gauges::rank).reversed());
    }

    /** What was counted while measuring. */
    Used used() {
        return new Used(
                busy.getFirst().passed(),
                card.timing.onHost() ? hostCores(passed()) : 0,
                sum(QueuePair::interrupts) - interrupts,
                sum(QueuePair::doorbells) - doorbells,
                sum(queue -> queue.engine().roundTrips()) - roundTrips,
                card.iotlb.misses() - misses,
                card.link == null ? 0 : card.link.wireBytesUp() - bytesUp,
                card.link == null ? 0 : card.link.wireBytesDown() - bytesDown);
    }

    /** Where nothing is full, what limits a guest that waits for answers is how many it has in flight. */
    private static void addWindow(List<Load> loads, Workload workload, double perSecond, double meanSeconds) {
        boolean waits = workload.saturates() && workload.kind() != Workload.Kind.RECEIVE;
        if (waits && loads.stream().noneMatch(each -> each.use() > FULL)) {
            double window = (double) workload.depth() * workload.queues();
            double use = Math.min(1, perSecond * meanSeconds / window);
            loads.add(new Load(WINDOW, use, perSecond / use));
        }
    }

    /** What is used more comes first; but what a descriptor engine's reads wait for explains it, where that is nearly full too. */
    private static double rank(Load load) {
        return load.name().equals(DESCRIPTOR_ENGINES) ? load.use() - MARGIN : load.use();
    }

    private double hostCores(long passed) {
        return (double) busy.stream()
                        .filter(each -> each.name.startsWith("host cores"))
                        .mapToLong(Busy::passed)
                        .sum()
                / passed;
    }
}
