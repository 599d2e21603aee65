package dev.cipu.sim.stage;

import dev.cipu.sim.event.Actor;
import dev.cipu.sim.event.IntFifo;
import dev.cipu.sim.event.Timeline;
import java.util.ArrayDeque;

/**
 * The way from a card's hardware to its cores and back. Packets cross it whole, or cut: then only the header goes, and the payload
 * waits in a buffer of the hardware until the header has come back. While that buffer is full, who comes waits in line with all of its
 * packet, and so holds up what is before it.
 */
public final class Slicer {
    /** What goes on behind it. */
    public interface Cores {
        /** A packet, or its header, gets to the cores at {@code time}, which is not in the past; none comes earlier than one before. */
        void arrive(int argument, long time);
    }

    private final Timeline timeline;
    private final int headerBytes;
    private final double bitsPerSecond;
    private final long bufferBytes;
    private final Server there;
    private final Server back;

    private final IntFifo waiting = new IntFifo();
    private final IntFifo waitingBytes = new IntFifo();
    private final ArrayDeque<Cores> waitingFor = new ArrayDeque<>();

    private long held;
    private long since;
    private double byteTime;
    private long crossed;

    /**
     * An empty buffer, and a way that nobody takes.
     *
     * @param headerBytes of each packet that go to the cores; 0 if packets go whole
     * @param bitsPerSecond of the way, in each direction
     * @param bufferBytes of payload that there is room for
     */
    public Slicer(Timeline timeline, int headerBytes, double bitsPerSecond, long bufferBytes) {
        if (headerBytes < 0 || !(bitsPerSecond > 0) || (headerBytes > 0 && bufferBytes < 1)) {
            throw new IllegalArgumentException("slices of " + headerBytes + " bytes on a way of " + bitsPerSecond
                    + " b/s, with room for " + bufferBytes + " bytes of payload");
        }
        this.timeline = timeline;
        this.headerBytes = headerBytes;
        this.bitsPerSecond = bitsPerSecond;
        this.bufferBytes = bufferBytes;
        there = new Server(timeline, "way to the cores", 1);
        back = new Server(timeline, "way from the cores", 1);
    }

    /** Lays the payload aside, as soon as there is room, and tells {@code cores} when the rest gets there. */
    public void enter(int bytes, Cores cores, int argument) {
        if (waiting.isEmpty() && hasRoom(bytes)) {
            go(bytes, cores, argument);
        } else {
            waiting.add(argument);
            waitingBytes.add(bytes);
            waitingFor.add(cores);
        }
    }

    /** Brings back what went to the cores, from {@code time} on; wakes {@code arrived} when it is there. */
    public void leave(int bytes, long time, Actor arrived, long argument) {
        back.serve(time, time(bytes), arrived, argument);
    }

    /** A packet that came back is whole: its payload has made room. */
    public void joined(int bytes) {
        hold(-payload(bytes));
        while (!waiting.isEmpty() && hasRoom(waitingBytes.first())) {
            go(waitingBytes.removeFirst(), waitingFor.remove(), waiting.removeFirst());
        }
    }

    private void go(int bytes, Cores cores, int argument) {
        hold(payload(bytes));
        crossed += crossing(bytes);
        cores.arrive(argument, there.pass(timeline.now(), time(bytes)));
    }

    /** What is larger than the buffer goes when that is empty: it would pass through in parts. */
    private boolean hasRoom(int bytes) {
        return held + payload(bytes) <= bufferBytes || held == 0;
    }

    private int crossing(int bytes) {
        return headerBytes == 0 ? bytes : Math.min(bytes, headerBytes);
    }

    private int payload(int bytes) {
        return bytes - crossing(bytes);
    }

    private long time(int bytes) {
        return Math.round(8e12 * crossing(bytes) / bitsPerSecond);
    }

    private void hold(int bytes) {
        byteTime += (double) (timeline.now() - since) * held;
        since = timeline.now();
        held += bytes;
    }

    public Server there() {
        return there;
    }

    public Server back() {
        return back;
    }

    /** Picoseconds for which all of the buffer was taken, or parts of it for accordingly longer. */
    public long taken() {
        hold(0);
        return headerBytes == 0 ? 0 : Math.round(byteTime / bufferBytes);
    }

    /** Bytes of payload that wait. */
    public long held() {
        return held;
    }

    /** Bytes that went to the cores. */
    public long crossed() {
        return crossed;
    }
}
