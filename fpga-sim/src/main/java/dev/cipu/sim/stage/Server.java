package dev.cipu.sim.stage;

import dev.cipu.sim.event.Actor;
import dev.cipu.sim.event.Timeline;
import java.util.Arrays;

/**
 * One or more equal servers with one line before them: an engine, a pipeline's slot, cores. Who comes first is served first, by
 * whichever is free soonest.
 */
public final class Server {
    private final Timeline timeline;
    private final String name;
    private final Timeline.Lane[] lanes;
    private final long[] freeAt;
    private long busy;
    private long served;

    public Server(Timeline timeline, String name, int servers) {
        if (servers < 1) {
            throw new IllegalArgumentException(name + ": " + servers + " servers");
        }
        this.timeline = timeline;
        this.name = name;
        freeAt = new long[servers];
        lanes = new Timeline.Lane[servers];
        Arrays.setAll(lanes, _ -> timeline.lane());
    }

    /** Serves for {@code time} picoseconds as soon as it can, then wakes {@code done}. */
    public void serve(long time, Actor done, long argument) {
        serve(timeline.now(), time, done, argument);
    }

    /**
     * Serves, from when it comes. Nothing may come here earlier than what was put in line before it: then it need not be woken to get in
     * line, and it makes no event.
     */
    public void serve(long coming, long time, Actor done, long argument) {
        int server = soonest();
        lanes[server].at(take(server, coming, time), done, argument);
    }

    /** Serves likewise, and wakes nobody; returns when it ends. */
    public long pass(long coming, long time) {
        return take(soonest(), coming, time);
    }

    private int soonest() {
        int soonest = 0;
        for (int i = 1; i < freeAt.length; i++) {
            if (freeAt[i] < freeAt[soonest]) {
                soonest = i;
            }
        }
        return soonest;
    }

    private long take(int server, long coming, long time) {
        long end = Math.max(freeAt[server], coming) + time;
        freeAt[server] = end;
        busy += time;
        served++;
        return end;
    }

    public String name() {
        return name;
    }

    public int servers() {
        return freeAt.length;
    }

    /** Picoseconds of service given or promised, of all servers together. */
    public long busy() {
        return busy;
    }

    public long served() {
        return served;
    }
}
