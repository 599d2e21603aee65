package dev.cipu.device.pci;

import dev.cipu.virtio.ring.Interrupt;

/**
 * Who runs the virtqueues that a driver sets up through registers. All calls come from the function's control thread, and each
 * returns when it has taken effect.
 */
public interface QueueHost {
    /**
     * Starts a queue of a driver that has said DRIVER_OK; features are those that its device negotiated.
     *
     * @param interrupt the way back to the driver
     * @return false if it cannot run, for example because its addresses are not the host's memory
     */
    boolean start(int queue, QueueSetup setup, Interrupt interrupt);

    /** Stops a queue: no request is under way any more. A queue that does not run is ignored. */
    void stop(int queue);

    /** The driver notifies a queue, by a register. One that does not run is ignored. */
    void kick(int queue);

    /** While false, queues that run are not served: the driver has suspended the device. */
    void serve(boolean on);
}
