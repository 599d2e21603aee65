package dev.cipu.shim.vhost.frontend;

import dev.cipu.shim.posix.EventFd;
import dev.cipu.virtio.driver.DriverQueue;

/**
 * One ring of a front-end and the descriptors that notify about it. Owned by the thread that drives it; lives as long as
 * its {@link FrontEnd}, over every reconnection.
 */
public final class FrontEndQueue implements AutoCloseable {
    private final int index;
    private final DriverQueue ring;
    private final EventFd kick = EventFd.create();
    private final EventFd call = EventFd.create();
    private final EventFd error = EventFd.create();
    private long kicks;
    private long calls;

    FrontEndQueue(int index, DriverQueue ring) {
        this.index = index;
        this.ring = ring;
    }

    /** The queue's number in the device. */
    public int index() {
        return index;
    }

    public DriverQueue ring() {
        return ring;
    }

    /** Shows the device what was added, and kicks it if it wants to be. */
    public void publish() {
        if (ring.publish()) {
            kick();
        }
    }

    /** Kicks the device. */
    public void kick() {
        kick.signal();
        kicks++;
    }

    /** Kicks sent so far. */
    public long kicks() {
        return kicks;
    }

    /** Calls received so far, as the event counter tells: none is missed. */
    public long calls() {
        calls += call.drain();
        return calls;
    }

    /** Whether the back-end has reported an error of this ring since the last question. */
    public boolean takeError() {
        return error.drain() > 0;
    }

    EventFd kickFd() {
        return kick;
    }

    EventFd callFd() {
        return call;
    }

    EventFd errorFd() {
        return error;
    }

    @Override
    public void close() {
        kick.close();
        call.close();
        error.close();
    }
}
