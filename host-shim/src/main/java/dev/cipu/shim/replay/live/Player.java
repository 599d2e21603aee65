package dev.cipu.shim.replay.live;

import dev.cipu.shim.replay.LeftOut;
import dev.cipu.shim.replay.Tape;
import dev.cipu.shim.vhost.frontend.FrontEnd;
import org.jspecify.annotations.Nullable;

/** The driver's half of a device that a trace is replayed into. One thread owns it. */
interface Player {
    /** Why the transaction at hand cannot be sent to this device, null if it can. */
    @Nullable
    LeftOut refuses(Tape tape);

    /** Whether there is room for the transaction at hand in its queue. */
    boolean hasRoom(Tape tape);

    /** Puts the transaction at hand into its queue; {@code now} is when, by {@link System#nanoTime}. */
    void send(Tape tape, long now);

    /** Shows the device what was sent. */
    void publish();

    /** Takes back what the device is done with; returns how much that was. */
    int reap();

    /** What the device has, and is not done with. */
    int underWay();

    /** Queues of the device that are used, or pairs. */
    int queues();

    /** Queues, or pairs, that were recorded. */
    int recordedQueues();

    FrontEnd frontEnd();
}
