package dev.cipu.sim.link;

import dev.cipu.sim.event.Actor;
import dev.cipu.sim.event.IntFifo;
import dev.cipu.sim.event.Timeline;

/**
 * What the host's end takes in of writes before it has dealt with them: so many headers, so many units of data. Writes go packet by
 * packet, one write behind the other, as far as there are credits. Those of a packet come back a crossing after it is in memory, which
 * is known when it goes: only a write that waits makes an event of it.
 */
public final class PostedCredits implements Actor {
    private static final long NO_WRITE = -1;

    /** Sends what is left of a write. */
    interface Write {
        /**
         * Sends packets as long as there are credits.
         *
         * @return whether that was the last of them
         */
        boolean send(int transfer);
    }

    private final Timeline timeline;
    private final Write write;
    private final Runnable sent;
    private final int allHeaders;
    private final int allData;
    private final long returnTime;
    private final IntFifo waiting = new IntFifo();

    /** Writes that had waited and are gone; and how many of these there must be before the read that is next may go. */
    private long gone;

    private long readBehind = NO_WRITE;

    /** When each packet's credits come back, and how many units of data these are: a ring with room for all headers. */
    private final long[] returns;

    private final int[] units;
    private int oldest;
    private int away;
    private int data;
    private long takenData;
    private long takenHeaders;

    /**
     * With all credits.
     *
     * @param sent is told when writes that had waited have gone
     */
    PostedCredits(Timeline timeline, LinkShape shape, Write write, Runnable sent) {
        this.timeline = timeline;
        this.write = write;
        this.sent = sent;
        allHeaders = shape.postedHeaders();
        allData = shape.postedBytes() / PcieLink.CREDIT_BYTES;
        returnTime = shape.crossing();
        returns = new long[allHeaders];
        units = new int[allHeaders];
        data = allData;
    }

    /** Has a write sent behind all that came before. */
    void queue(int transfer) {
        if (waiting.isEmpty() && write.send(transfer)) {
            return;
        }
        if (waiting.isEmpty()) {
            wakeAtReturn();
        }
        waiting.add(transfer);
    }

    @Override
    public void fire(long unused) {
        while (!waiting.isEmpty() && write.send(waiting.first())) {
            waiting.removeFirst();
            gone++;
        }
        if (!waiting.isEmpty()) {
            wakeAtReturn();
        }
        sent.run();
    }

    /**
     * Whether the next read may go: it does not pass a write that was there before it, though it waits for credits
     * [PCIe Base 5.0 §2.4.1]. Whoever is told no is the next to ask.
     */
    boolean permitsRead() {
        if (readBehind == NO_WRITE) {
            if (waiting.isEmpty()) {
                return true;
            }
            readBehind = gone + waiting.size();
        }
        if (gone < readBehind) {
            return false;
        }
        readBehind = NO_WRITE;
        return true;
    }

    /** What a write waits for is away, for the largest packet there is needs no more than all credits. */
    private void wakeAtReturn() {
        timeline.at(returns[oldest], this, 0);
    }

    /** Whether a packet with so many bytes may go now; then {@link #took} has to say what becomes of it. */
    boolean covers(int bytes) {
        while (away > 0 && returns[oldest] <= timeline.now()) {
            data += units[oldest];
            oldest = oldest + 1 == allHeaders ? 0 : oldest + 1;
            away--;
        }
        return away < allHeaders && data >= units(bytes);
    }

    /**
     * A packet has gone.
     *
     * @param written when it is in memory, no earlier than those before
     */
    void took(int bytes, long written) {
        int place = oldest + away;
        place = place >= allHeaders ? place - allHeaders : place;
        int needed = units(bytes);
        long back = written + returnTime;
        returns[place] = back;
        units[place] = needed;
        away++;
        data -= needed;
        takenHeaders += back - timeline.now();
        takenData += (back - timeline.now()) * needed;
    }

    private static int units(int bytes) {
        return (bytes + PcieLink.CREDIT_BYTES - 1) / PcieLink.CREDIT_BYTES;
    }

    /**
     * Picoseconds for which all of them were taken, or parts of them for accordingly longer: of headers or data, what is more. It
     * counts until they come back, also where that is still to come.
     */
    public long taken() {
        return Math.max(takenHeaders / allHeaders, takenData / allData);
    }
}
