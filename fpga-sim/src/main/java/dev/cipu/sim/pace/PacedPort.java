package dev.cipu.sim.pace;

import dev.cipu.dataplane.net.Burst;
import dev.cipu.dataplane.net.PacketPool;
import dev.cipu.dataplane.net.Port;
import java.util.function.LongSupplier;

/**
 * Stands between a port and its switch and holds frames back, each way, until a model says that they arrive. What a guest sends is
 * taken as long as there is room for it, so that a guest faster than the model waits for buffers; what it is sent beyond that room
 * is dropped and counted, as a card's queue does. Frames stay in the slots of the switch's pool, which has to have {@link #FRAMES} more
 * of the usual and {@link #LARGE_FRAMES} more large ones each way. Nothing is allocated per frame.
 *
 * <p>Owner: the switch's worker. It lives as long as the port is in its switch.
 */
public final class PacedPort implements Port, AutoCloseable {
    /** Frames held back each way, at most. */
    public static final int FRAMES = HeldFrames.CAPACITY;

    /** Large ones among them, after which no more are begun. */
    public static final int LARGE_FRAMES = 16;

    private final Port port;
    private final PacketPool pool;
    private final LongSupplier clock;
    private final PacedWay in;
    private final PacedWay out;

    /** Slots in both are this port's, if a fault in shared memory left them there. */
    private final Burst taken = new Burst();

    private final Burst leaving = new Burst();

    /**
     * @param pool of the switch
     * @param clock of the worker, in nanoseconds
     * @param fromGuest counts frames on their way into the switch
     * @param toGuest counts frames on their way out of it
     */
    public PacedPort(
            Port port, PacketPool pool, PortTiming timing, LongSupplier clock, PaceLog fromGuest, PaceLog toGuest) {
        this.port = port;
        this.pool = pool;
        this.clock = clock;
        in = new PacedWay(pool, timing.fromGuest(), fromGuest);
        out = new PacedWay(pool, timing.toGuest(), toGuest);
    }

    @Override
    public int receive(Burst burst) {
        release(taken);
        release(leaving);
        if (!out.isEmpty()) {
            deliver();
        }
        if (in.hasRoomForBurst() && port.receive(taken) > 0) {
            long now = clock.getAsLong();
            for (int i = 0; i < taken.count(); i++) {
                in.hold(taken.slot(i), taken.length(i), taken.offload(i), now);
            }
            taken.clear();
        }
        if (in.isEmpty()) {
            return 0;
        }
        long now = clock.getAsLong();
        int frames = in.leave(burst, now);
        in.arrived(now);
        return frames;
    }

    /** Gives the guest what is due, a burst at most. */
    private void deliver() {
        if (out.leave(leaving, clock.getAsLong()) > 0) {
            port.transmit(leaving);
            release(leaving);
            out.arrived(clock.getAsLong());
        }
    }

    private void release(Burst burst) {
        for (int i = 0; i < burst.count(); i++) {
            pool.release(burst.slot(i));
        }
        burst.clear();
    }

    @Override
    public void transmit(Burst burst) {
        long now = clock.getAsLong();
        int dropped = 0;
        for (int i = 0; i < burst.count(); i++) {
            int slot = burst.slot(i);
            if (out.hasRoomFor(slot)) {
                pool.retain(slot);
                out.hold(slot, burst.length(i), burst.offload(i), now);
            } else {
                dropped++;
            }
        }
        if (dropped > 0) {
            out.dropped(dropped);
        }
    }

    @Override
    public void settle() {
        port.settle();
    }

    @Override
    public boolean learns() {
        return port.learns();
    }

    @Override
    public void memoryFault() {
        port.memoryFault();
    }

    @Override
    public boolean arm() {
        return port.arm();
    }

    @Override
    public void disarm() {
        port.disarm();
    }

    @Override
    public long dueIn() {
        if (in.isEmpty() && out.isEmpty()) {
            return Long.MAX_VALUE;
        }
        long now = clock.getAsLong();
        return Math.min(in.dueIn(now), out.dueIn(now));
    }

    /** Gives back what it holds; the switch does not have it any more. */
    @Override
    public void close() {
        in.clear();
        out.clear();
        release(taken);
        release(leaving);
    }
}
