package dev.cipu.shim.load;

import dev.cipu.shim.vhost.frontend.FrontEnd;
import dev.cipu.shim.vhost.frontend.FrontEndQueue;

/** All queues of a load together. Owned by the load's thread. */
final class LoadQueues {
    private final FrontEndQueue[] queues;

    /**
     * @param frontEnd has started its queues
     * @param count how many, from the first on
     */
    LoadQueues(FrontEnd frontEnd, int count) {
        queues = new FrontEndQueue[count];
        for (int i = 0; i < count; i++) {
            queues[i] = frontEnd.queue(i);
        }
    }

    /** Asks the device not to call. */
    void suppressCalls() {
        for (FrontEndQueue queue : queues) {
            queue.ring().suppressCalls();
        }
    }

    /** Kicks sent so far. */
    long kicks() {
        long sum = 0;
        for (FrontEndQueue queue : queues) {
            sum += queue.kicks();
        }
        return sum;
    }

    /** Calls received so far. */
    long calls() {
        long sum = 0;
        for (FrontEndQueue queue : queues) {
            sum += queue.calls();
        }
        return sum;
    }
}
