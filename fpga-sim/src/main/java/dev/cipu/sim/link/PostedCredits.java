package dev.cipu.sim.link;

import dev.cipu.sim.event.Actor;
import dev.cipu.sim.event.IntFifo;
import dev.cipu.sim.event.Timeline;

/**
 * What the host's end takes in of writes before it has dealt with them: so many headers, so many units of data. A write waits in
 * line until all of it may go. Credits come back a crossing after the write is in memory.
 */
public final class PostedCredits implements Actor {
    /** Sends a write whose credits are there. */
    interface Write {
        void send(int transfer, int packets);
    }

    private static final int SIZE_BITS = 32;

    private final Timeline timeline;
    private final Timeline.Lane returns;
    private final Write write;
    private final int allHeaders;
    private final int allData;
    private final long returnTime;
    private final IntFifo waiting = new IntFifo();
    private final IntFifo waitingPackets = new IntFifo();
    private final IntFifo waitingData = new IntFifo();
    private int headers;
    private int data;
    private long since;
    private long takenData;
    private long takenHeaders;

    PostedCredits(Timeline timeline, LinkShape shape, Write write) {
        this.timeline = timeline;
        returns = timeline.lane();
        this.write = write;
        allHeaders = shape.postedHeaders();
        allData = shape.postedBytes() / PcieLink.CREDIT_BYTES;
        returnTime = shape.crossing();
        headers = allHeaders;
        data = allData;
    }

    void queue(int transfer, int bytes, int packets) {
        int units = units(bytes);
        if (waiting.isEmpty() && affordable(packets, units)) {
            take(packets, units);
            write.send(transfer, packets);
            return;
        }
        waiting.add(transfer);
        waitingPackets.add(packets);
        waitingData.add(units);
    }

    /** A write has left the host's buffer. */
    void giveBack(int bytes, int packets) {
        returns.at(timeline.now() + returnTime, this, ((long) units(bytes) << SIZE_BITS) | packets);
    }

    @Override
    public void fire(long argument) {
        account();
        headers += (int) argument;
        data += (int) (argument >>> SIZE_BITS);
        // a write larger than the buffer goes when it is empty: it would pass through in parts
        while (!waiting.isEmpty() && affordable(waitingPackets.first(), waitingData.first())) {
            int packets = waitingPackets.removeFirst();
            take(packets, waitingData.removeFirst());
            write.send(waiting.removeFirst(), packets);
        }
    }

    private boolean affordable(int packets, int units) {
        return headers >= Math.min(packets, allHeaders) && data >= Math.min(units, allData);
    }

    private void take(int packets, int units) {
        account();
        headers -= packets;
        data -= units;
    }

    private void account() {
        long passed = timeline.now() - since;
        takenHeaders += passed * (allHeaders - headers);
        takenData += passed * (allData - data);
        since = timeline.now();
    }

    private static int units(int bytes) {
        return (bytes + PcieLink.CREDIT_BYTES - 1) / PcieLink.CREDIT_BYTES;
    }

    /** Picoseconds for which all of them were taken, or parts of them for accordingly longer: of headers or data, what is more. */
    public long taken() {
        account();
        return Math.max(takenHeaders / allHeaders, takenData / allData);
    }
}
