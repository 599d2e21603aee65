package dev.cipu.dataplane.net;

import dev.cipu.virtio.ring.Chain;
import dev.cipu.virtio.ring.Virtqueue;

/**
 * Looks whether the next buffers of a receiveq are translated, before frames come that cannot wait for it: a frame that finds no
 * buffer is lost. Owner: the thread that owns the port.
 */
final class LookAhead {
    private static final int CHAINS = 64;

    private final Chain[] chains = new Chain[CHAINS];

    LookAhead() {
        for (int i = 0; i < CHAINS; i++) {
            chains[i] = new Chain();
        }
    }

    /**
     * Changes nothing.
     *
     * @throws dev.cipu.virtio.ring.TranslationMiss for the first buffer that is not translated
     * @throws dev.cipu.virtio.ring.VirtqueueViolation as {@link Virtqueue#pop} does
     */
    void look(Virtqueue queue) {
        int n = 0;
        try {
            while (n < CHAINS && queue.pop(chains[n])) {
                n++;
            }
        } finally {
            while (n > 0) {
                queue.unpop(chains[--n]);
            }
        }
    }
}
