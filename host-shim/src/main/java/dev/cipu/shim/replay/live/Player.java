package dev.cipu.shim.replay.live;

import dev.cipu.shim.replay.LeftOut;
import dev.cipu.shim.replay.Tape;
import org.jspecify.annotations.Nullable;

/** The driver's half of a device that a trace is replayed into. One thread owns it. */
abstract sealed class Player permits BlkPlayer, NetPlayer {
    private final LiveDevice device;
    private final Places places;
    private final Lane[] lanes;

    /** A queue of the device, or a pair, and what the driver knows of what is under way in it. */
    abstract static class Lane {
        private final LiveQueue sends;
        private boolean dirty;

        /**
         * @param sends what is sent goes through it
         */
        Lane(LiveQueue sends) {
            this.sends = sends;
        }

        /** Something was put into the queue. */
        final void put() {
            dirty = true;
        }

        private void publish() {
            if (dirty) {
                dirty = false;
                sends.publish();
            }
        }

        /** Takes back what the device is done with; returns how much that was. */
        abstract int reap();

        /** What the device has, and is not done with. */
        abstract int underWay();
    }

    /**
     * @param lanes as many as there are places
     */
    Player(LiveDevice device, Places places, Lane[] lanes) {
        this.device = device;
        this.places = places;
        this.lanes = lanes;
    }

    /** Why the transaction at hand cannot be sent to this device, null if it can. */
    abstract @Nullable LeftOut refuses(Tape tape);

    /** Whether there is room for the transaction at hand in its queue. */
    abstract boolean hasRoom(Tape tape);

    /** Puts the transaction at hand into its queue; {@code now} is when, by {@link System#nanoTime}. */
    abstract void send(Tape tape, long now);

    /** Shows the device what was sent. */
    final void publish() {
        for (Lane lane : lanes) {
            lane.publish();
        }
    }

    /** Takes back what the device is done with; returns how much that was. */
    final int reap() {
        int done = 0;
        for (Lane lane : lanes) {
            done += lane.reap();
        }
        return done;
    }

    /** What the device has, and is not done with. */
    final int underWay() {
        int sum = 0;
        for (Lane lane : lanes) {
            sum += lane.underWay();
        }
        return sum;
    }

    /** The place of the lane that has what a recorded queue, or pair, had. */
    final int place(int recorded) {
        return places.of(recorded);
    }

    /** Queues of the device that are used, or pairs. */
    final int queues() {
        return places.count();
    }

    /** Queues, or pairs, that were recorded. */
    final int recordedQueues() {
        return places.recorded();
    }

    /** What it drives. */
    final LiveDevice device() {
        return device;
    }
}
