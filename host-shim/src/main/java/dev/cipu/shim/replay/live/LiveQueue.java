package dev.cipu.shim.replay.live;

import dev.cipu.virtio.driver.DriverQueue;

/**
 * A ring of a device that is replayed into.
 *
 * @param kick tells the device to look
 */
record LiveQueue(DriverQueue ring, Runnable kick) {
    /** Shows the device what was added, and kicks it if it wants to be. */
    void publish() {
        if (ring.publish()) {
            kick.run();
        }
    }
}
