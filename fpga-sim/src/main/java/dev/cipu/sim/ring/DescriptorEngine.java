package dev.cipu.sim.ring;

import dev.cipu.sim.event.Actor;
import dev.cipu.sim.event.Timeline;
import dev.cipu.sim.memory.CardMemory;
import dev.cipu.sim.memory.Dma;
import dev.cipu.virtio.ring.RingFormat;

/**
 * The card's half of a virtqueue, access by access: each read of the host's memory that depends on another waits for it. It
 * shares nothing but the layouts with the rings that move real traffic, so the two can be held against each other. A driver that
 * breaks the rules ends its queue.
 */
public sealed interface DescriptorEngine permits SplitEngine, PackedEngine {
    /** An engine for a fresh queue. */
    static DescriptorEngine of(
            RingFormat format,
            RingPlace place,
            EngineShape shape,
            Timeline timeline,
            Dma dma,
            CardMemory card,
            ChainTaker taker) {
        return format == RingFormat.PACKED
                ? new PackedEngine(place, shape, timeline, dma, card, taker)
                : new SplitEngine(place, shape, timeline, dma, card, taker);
    }

    /** The driver says that there is something new. */
    void doorbell();

    /** There is room for so many more chains behind the engine. It reads none that there is no room for. */
    void allow(int chains);

    /** A chain is dealt with, {@code written} bytes of its buffers are written; its used element follows. */
    void complete(Chain chain, int written);

    /** Reads what the driver has to say about interrupts, then wakes {@code done}; {@link #wantsInterrupt} knows then. */
    void readSuppression(Actor done, long argument);

    /** Whether the driver wants to hear of the used elements since the last time that this was asked. */
    boolean wantsInterrupt();

    /** Whether the driver broke a rule, so that nothing is read any more. */
    boolean isBroken();

    /** Picoseconds in which it waited for what it reads of the ring; a turn that brings less than it could counts for less. */
    long busy();

    /** Reads of the ring, each of which waited for the one before. */
    long roundTrips();
}
