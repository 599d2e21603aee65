package dev.cipu.shim.card;

import dev.cipu.virtio.VirtioDevice;
import dev.cipu.virtio.memory.GuestMemory;
import dev.cipu.virtio.ring.Virtqueue;

/**
 * One device of the card, as whoever presents it to a host drives it: a vhost-user session or an embedded guest. The
 * function does not know which.
 *
 * <p>Owner: the control thread of that transport, one at a time. Queues are served by the card's workers; every method
 * that changes a queue returns only after the worker has taken note.
 */
public abstract class CardFunction {
    /** {@code kickFd} of a queue that must be polled: its driver will never kick. */
    public static final int POLLED = -1;

    private volatile FunctionListener listener = FunctionListener.NONE;

    /** The device: features, status and configuration. */
    public abstract VirtioDevice device();

    /**
     * Hands over a queue. It is not served before {@link #enable}.
     *
     * @param queue index of the queue, 0 <= queue < {@code device().queueCount()}
     * @param q the ring; from now until {@link #detach} returns its owner is a worker
     * @param kickFd an eventfd to wait for when idle, the caller's and open until {@link #detach} returned; or {@link
     *     #POLLED}
     */
    public abstract void attach(int queue, Virtqueue q, int kickFd);

    /**
     * Takes a queue back. When this returns, no request is under way any more and nothing touches the queue, its memory
     * or its kick descriptor. A queue that is not attached is ignored.
     */
    public abstract void detach(int queue);

    /**
     * From now on the chains of an attached queue are found in {@code memory}, other translations of an IOMMU; a queue that
     * waited for one goes on. The ring itself stays where it is.
     *
     * @param quiesce whether no request may be under way, when this returns, whose chain was found in the memory before
     */
    public void replaceMemory(int queue, GuestMemory memory, boolean quiesce) {
        throw new IllegalStateException("this function is behind no IOMMU");
    }

    /** Whether an attached queue is served; when this returns after {@code false} it is not. */
    public abstract void enable(int queue, boolean on);

    /** From now on events go to {@code transport}; it never blocks. A new one finds the device as it is at this moment. */
    public final void listen(FunctionListener transport) {
        if (!transport.equals(FunctionListener.NONE)) {
            refresh();
        }
        listener = transport;
    }

    /**
     * Looks whether what stands behind the device has changed without its doing, and tells the driver if so. Any thread, while the
     * function is one of the card.
     */
    public void refresh() {}

    /** Who hears of this function's events; asked by workers. */
    protected final FunctionListener listener() {
        return listener;
    }

    /** Whether {@link #announce} does something. */
    public boolean canAnnounce() {
        return false;
    }

    /** The guest with this MAC address has moved here: tells the network, so that switches learn the new place. */
    public void announce(byte[] mac) {
        throw new IllegalStateException("not a network function");
    }
}
