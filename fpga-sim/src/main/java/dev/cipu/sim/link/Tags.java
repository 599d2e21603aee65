package dev.cipu.sim.link;

import dev.cipu.sim.event.IntFifo;
import dev.cipu.sim.event.Timeline;

/** The numbers of unanswered requests. Who wants to read waits in line until one is free, and the writes before have gone. */
public final class Tags {
    /** Sends one request under a tag. */
    interface Request {
        /** True if the transfer has nothing more to ask for. */
        boolean send(int transfer, int tag);
    }

    /** What a request may not pass. */
    interface Order {
        /** Whether the next request may go. */
        boolean permits();
    }

    private final Timeline timeline;
    private final Request request;
    private final Order order;
    private final int[] free;
    private int freeCount;
    private final IntFifo waiting = new IntFifo();
    private long since;
    private long taken;

    Tags(Timeline timeline, int count, Request request, Order order) {
        this.timeline = timeline;
        this.request = request;
        this.order = order;
        free = new int[count];
        for (int tag = count - 1; tag >= 0; tag--) {
            free[freeCount++] = tag;
        }
    }

    /** Has a transfer asked for behind all that came before. */
    void queue(int transfer) {
        if (waiting.isEmpty() && send(transfer)) {
            return;
        }
        waiting.add(transfer);
    }

    void release(int tag) {
        account();
        free[freeCount++] = tag;
        serve();
    }

    /** Has those asked that wait, as far as they may. */
    void serve() {
        while (freeCount > 0 && !waiting.isEmpty() && send(waiting.first())) {
            waiting.removeFirst();
        }
    }

    /** Asks for as much of a transfer as there are tags for; returns whether that was all. */
    private boolean send(int transfer) {
        while (freeCount > 0 && order.permits()) {
            account();
            if (request.send(transfer, free[--freeCount])) {
                return true;
            }
        }
        return false;
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
