package dev.cipu.sim.link;

import dev.cipu.sim.event.Actor;
import dev.cipu.sim.event.Timeline;

/** One direction of a link: bytes leave one after the other, at the link's rate. */
final class Wire {
    private static final int FRACTION_BITS = 16;

    private final Timeline timeline;
    private final Timeline.Lane arrivals;
    private final long crossing;

    /** Picoseconds a byte, with 16 bits behind the point. */
    private final long byteTime;

    private long freeAt;
    private long busy;
    private long bytes;

    Wire(Timeline timeline, LinkShape shape) {
        this.timeline = timeline;
        arrivals = timeline.lane();
        crossing = shape.crossing();
        byteTime = Math.round(8e12 / shape.packetBitsPerSecond() * (1 << FRACTION_BITS));
    }

    /**
     * Sends bytes behind all that were sent before.
     *
     * @param arrived is woken when the last of them has arrived
     * @return when that will be
     */
    long send(int count, Actor arrived, long argument) {
        long arrival = send(count);
        arrivals.at(arrival, arrived, argument);
        return arrival;
    }

    /** Sends bytes; returns when the last of them has arrived. */
    long send(int count) {
        long takes = (count * byteTime) >> FRACTION_BITS;
        freeAt = Math.max(freeAt, timeline.now()) + takes;
        busy += takes;
        bytes += count;
        return freeAt + crossing;
    }

    /** What this direction carries for the other one: it takes its time before whatever comes next. */
    void charge(int count) {
        long takes = (count * byteTime) >> FRACTION_BITS;
        freeAt = Math.max(freeAt, timeline.now()) + takes;
        busy += takes;
        bytes += count;
    }

    /** Picoseconds in which it carried something. */
    long busy() {
        return busy;
    }

    long bytes() {
        return bytes;
    }
}
