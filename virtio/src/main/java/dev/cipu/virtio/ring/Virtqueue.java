package dev.cipu.virtio.ring;

import dev.cipu.virtio.memory.GuestMemory;

/**
 * The device's half of a virtqueue: chains come out, used elements go in. One thread owns a queue; every method but
 * {@link #isBroken} belongs to it. The memory it works on must stay mapped until that thread has let go of it.
 *
 * <p>A driver that breaks a rule breaks its queue and nothing else: {@link #pop} throws once, and from then on yields
 * nothing.
 */
public sealed interface Virtqueue permits SplitQueue, PackedQueue {
    /** Entries that an indirect table may have where the queue is smaller: a device limit. {@code [virtio-1.4 §2.7.4.1]} */
    int MAX_INDIRECT = 1024;

    /** Number of descriptors. */
    int size();

    /**
     * Takes the next available chain, validated whole. Nothing of it is read from the ring again.
     *
     * @return false if no chain is available or the queue is broken; {@code chain} is then undefined
     * @throws VirtqueueViolation if the driver broke a rule; the queue is broken from now on
     * @throws TranslationMiss if the chain lies in memory whose translation is not known; nothing has changed
     */
    boolean pop(Chain chain);

    /**
     * Takes available chains as long as they are of the simplest kind: one buffer, in one region, of the direction
     * wanted. The next chain, if it is of another kind or breaks a rule, is left to {@link #pop}.
     *
     * @param max how many at most, up to the capacity of {@code into}
     * @param writable whether the device writes the buffers, or reads them
     * @return how many were taken
     * @throws VirtqueueViolation as {@link #pop} does
     */
    int popSingles(SingleChains into, int max, boolean writable);

    /** Returns the first {@code count} chains of a burst to the driver, as {@link #push} does. */
    void pushSingles(SingleChains done, int count);

    /** Puts chains {@code from} to {@code count - 1} of the burst last popped back, as if they had not been popped. */
    void unpopSingles(SingleChains popped, int from, int count);

    /**
     * Puts the chain last popped back as if it had not been popped; several are put back last first. Not for a queue
     * that keeps an {@link InflightLog}.
     */
    void unpop(Chain chain);

    /**
     * Returns a chain to the driver. Not visible before {@link #publish}.
     *
     * @param head what the popped chain said
     * @param written bytes written into the chain's writable part, from its first byte on
     */
    void push(int head, int written);

    /**
     * Makes all pushed chains visible with one release, and raises the interrupt if the driver asked for it.
     *
     * @return whether the interrupt was raised
     */
    default boolean publish() {
        release();
        return call();
    }

    /** The first half of {@link #publish}: all pushed chains become visible. {@link #call} must follow soon. */
    void release();

    /**
     * As {@link #release}, but the {@code kept} chains pushed last stay invisible until a later release. A queue whose
     * chains are logged while in flight keeps none back.
     */
    void releaseAllBut(int kept);

    /**
     * The second half of {@link #publish}: raises the interrupt if the driver asked for it for any chain released since
     * the last call. It waits until the core's stores have reached the other cores, so a burst's worth of other work
     * between the halves makes it cheap.
     *
     * @return whether the interrupt was raised
     */
    boolean call();

    /** Asks the driver not to kick, as a polling device does. */
    void suppressKicks();

    /**
     * Asks the driver to kick.
     *
     * @return true if no chain is available even now, so that the caller may sleep without losing a kick
     */
    boolean awaitKicks();

    /** Whether the last look at the ring showed chains that are not popped yet; does not read the ring. */
    boolean hasSeen();

    /** Whether the driver broke the queue. May be called from any thread. */
    boolean isBroken();

    /** From now on descriptors are resolved through {@code memory}; the rings themselves stay where they are. */
    void replaceMemory(GuestMemory memory);

    /**
     * Where a successor has to go on. A split queue tells the available index of the next chain to pop, 0..65535; a packed one
     * the position of the next descriptor to pop in the lower half and that of the next one to use in the upper half.
     */
    int position();

    /**
     * After a stop in the middle of something, as by a fault: what was done becomes visible, and the driver may be owed a call. A
     * packed queue gives every chain that it has taken back, for used elements may have overwritten the descriptors that a
     * successor would have to read.
     *
     * @return the heads that a successor must take again, in this order: those taken and not answered
     */
    int[] abandon();
}
