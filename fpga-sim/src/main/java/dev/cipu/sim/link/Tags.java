package dev.cipu.sim.link;

import dev.cipu.sim.event.IntFifo;
import dev.cipu.sim.event.Timeline;

/** The numbers of unanswered requests. Who wants to read waits in line until one is free. */
public final class Tags {
    /** Sends one request under a tag. */
    interface Request {
        /** True if the transfer has nothing more to ask for. */
        boolean send(int transfer, int tag);
    }

    private final Timeline timeline;
    private final Request request;
    private final int[] free;
    private int freeCount;
    private final IntFifo waiting = new IntFifo();
    private long since;
    private long taken;

    Tags(Timeline timeline, int count, Request request) {
        this.timeline = timeline;
        this.request = request;
        free = new int[count];
        for (int tag = count - 1; tag >= 0; tag--) {
            free[freeCount++] = tag;
        }
    }

    void queue(int transfer) {
        waiting.add(transfer);
        serve();
    }

    void release(int tag) {
        account();
        free[freeCount++] = tag;
        serve();
    }

    private void serve() {
        while (freeCount > 0 && !waiting.isEmpty()) {
            account();
            if (request.send(waiting.first(), free[--freeCount])) {
                waiting.removeFirst();
            }
        }
    }

    /** Adds up how long how many were taken. */
    private void account() {
        taken += (timeline.now() - since) * (free.length - freeCount);
        since = timeline.now();
    }

    public int count() {
        return free.length;
    }

    /** Picoseconds for which tags were taken, all of them together. */
    public long taken() {
        account();
        return taken;
    }
}
