package dev.cipu.sim.model;

import dev.cipu.sim.event.Actor;
import dev.cipu.sim.event.Timeline;
import dev.cipu.virtio.driver.DriverQueue;

/**
 * One queue of the guest, and the core that serves it: takes used chains back, prepares new ones, publishes them together, and
 * sleeps or polls while there is nothing to do. The ring is a real one.
 */
final class GuestQueue {
    /** Chains taken back in one turn at most. */
    private static final int REAP_MOST = 64;

    private static final int NONE = -1;

    /** What the driver's chains are. */
    interface Traffic {
        /** Whether there is something to post, if there is room. */
        boolean hasMore();

        /**
         * Fills a chain in.
         *
         * @return its journey, or -1 if it begins elsewhere
         */
        int fill(int slot, long[] addresses, int[] lengths);

        /** Buffers of the chain that was filled in last. */
        int buffers();

        /** How many of them the device reads. */
        int readable();

        /** A chain came back; the core has dealt with it. */
        void reaped(int journey);
    }

    /** Tells the device. */
    interface Bell {
        /** Returns when the device knows. */
        long ring(int queue);
    }

    private final int index;
    private final Timeline timeline;
    private final Journeys journeys;
    private final Workload workload;
    private final DriverQueue ring;
    private final Traffic traffic;
    private final Bell bell;
    private final long postTime;
    private final long reapTime;
    private final long doorbellTime;
    private final long handlerTime;

    private final Actor work = this::work;
    private final Actor reapDone = this::reapDone;
    private final Actor postDone = this::postDone;

    /** By the chain's name in the ring. */
    private final int[] journeyOf;

    private final int[] slotOf;
    private final int[] freeSlots;
    private int freeCount;

    private final long[] addresses;
    private final int[] lengths;

    private final int[] posted;
    private int postedCount;
    private final int[] reaped = new int[REAP_MOST];
    private int reapedCount;

    /** When the device knows of a chain, by name. */
    private final long[] knownAt;

    private boolean idle = true;
    private boolean interrupted;
    private long busy;

    GuestQueue(
            int index,
            Timeline timeline,
            Journeys journeys,
            Timing.Host host,
            Workload workload,
            DriverQueue ring,
            Traffic traffic,
            Bell bell) {
        this.index = index;
        this.timeline = timeline;
        this.journeys = journeys;
        this.workload = workload;
        this.ring = ring;
        this.traffic = traffic;
        this.bell = bell;
        switch (workload.kind()) {
            case TRANSMIT -> {
                postTime = host.packetTime();
                reapTime = 0;
            }
            case RECEIVE -> {
                postTime = 0;
                reapTime = host.packetTime();
            }
            case READ, WRITE -> {
                postTime = host.requestTime() / 2;
                reapTime = host.requestTime() - postTime;
            }
            default -> throw new IllegalStateException();
        }
        doorbellTime = host.doorbellTime();
        handlerTime = host.handlerTime();
        addresses = new long[workload.buffers()];
        lengths = new int[workload.buffers()];
        journeyOf = new int[ring.size()];
        slotOf = new int[ring.size()];
        knownAt = new long[ring.size()];
        posted = new int[Math.min(workload.batch(), workload.depth())];
        freeSlots = new int[workload.depth()];
        for (int slot = workload.depth() - 1; slot >= 0; slot--) {
            freeSlots[freeCount++] = slot;
        }
        if (!workload.interrupts()) {
            ring.suppressCalls();
        }
    }

    /** There is something to do: more to post, or the device has called. */
    void wake() {
        if (idle) {
            idle = false;
            if (workload.interrupts()) {
                ring.suppressCalls();
            }
            timeline.after(0, work, 0);
        }
    }

    /** Used elements are in memory: a polling core sees them. */
    void used() {
        if (!workload.interrupts()) {
            wake();
        }
    }

    /** The device has interrupted. */
    void interrupt() {
        if (idle) {
            interrupted = true;
        }
        wake();
    }

    /** The journey of a chain, by its name. */
    int journey(int name) {
        return journeyOf[name];
    }

    /** Says which journey ends in this chain. */
    void carry(int name, int journey) {
        journeyOf[name] = journey;
    }

    /** When the device knew of a chain, by its name. */
    long knownAt(int name) {
        return knownAt[name];
    }

    /** Picoseconds in which the core did something useful. */
    long busy() {
        return busy;
    }

    /** A turn: first what came back. */
    private void work(long unused) {
        long time = interrupted ? handlerTime : 0;
        interrupted = false;
        while (reapedCount < REAP_MOST) {
            int name = ring.poll();
            if (name < 0) {
                break;
            }
            int journey = journeyOf[name];
            freeSlots[freeCount++] = slotOf[name];
            reaped[reapedCount++] = journey;
            if (journey != NONE) {
                journeys.mark(journey, Part.INTERRUPT);
            }
            time += reapTime;
        }
        if (time == 0) {
            reapDone(0);
        } else {
            busy += time;
            timeline.after(time, reapDone, 0);
        }
    }

    /** Then what is next. */
    private void reapDone(long unused) {
        boolean nothing = reapedCount == 0;
        for (int i = 0; i < reapedCount; i++) {
            if (reaped[i] != NONE) {
                journeys.mark(reaped[i], Part.REAP);
            }
            traffic.reaped(reaped[i]);
        }
        reapedCount = 0;
        while (postedCount < posted.length && freeCount > 0 && traffic.hasMore()) {
            post();
        }
        if (postedCount > 0) {
            long time = postTime * postedCount;
            busy += time;
            timeline.after(time, postDone, 0);
        } else if (!nothing) {
            timeline.after(0, work, 0);
        } else {
            rest();
        }
    }

    private void post() {
        int slot = freeSlots[--freeCount];
        int journey = traffic.fill(slot, addresses, lengths);
        int name = ring.add(addresses, lengths, traffic.readable(), traffic.buffers());
        if (name < 0) {
            throw new IllegalStateException("a ring of " + ring.size() + " has no room for " + workload.depth());
        }
        slotOf[name] = slot;
        journeyOf[name] = journey;
        posted[postedCount++] = name;
    }

    /** There is nothing to do, unless something was used while this core looked. */
    private void rest() {
        if (workload.interrupts() && !ring.awaitCalls()) {
            ring.suppressCalls();
            timeline.after(0, work, 0);
        } else {
            idle = true;
        }
    }

    private void postDone(long unused) {
        timeline.after(publish(), work, 0);
    }

    /** Returns how long the core is busy with telling the device. */
    private long publish() {
        boolean tell = ring.publish();
        long known = tell ? bell.ring(index) : timeline.now();
        for (int i = 0; i < postedCount; i++) {
            int name = posted[i];
            knownAt[name] = known;
            if (journeyOf[name] != NONE) {
                journeys.mark(journeyOf[name], Part.DRIVER);
            }
        }
        postedCount = 0;
        if (!tell) {
            return 0;
        }
        busy += doorbellTime;
        return doorbellTime;
    }
}
