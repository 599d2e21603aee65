package dev.cipu.shim.card;

import dev.cipu.virtio.ring.Violation;

/** What a function reports to its transport. Called from workers and control threads; implementations never block. */
public interface FunctionListener {
    /** For a function that no transport drives. */
    FunctionListener NONE = new FunctionListener() {
        @Override
        public void queueBroken(int queue, Violation kind) {}

        @Override
        public void queueFaulted(int queue, boolean alone) {}

        @Override
        public void memoryFault() {}

        @Override
        public void configChanged() {}
    };

    /** The driver broke the rules of this queue; it yields no chains any more. */
    void queueBroken(int queue, Violation kind);

    /** A queue's next chain lies at an address that is not translated: it waits for {@link CardFunction#replaceMemory}. */
    default void translationMissed(int queue, long address, boolean write) {}

    /** A chain wants something done that its translation does not permit; {@link #queueBroken} follows. */
    default void accessDenied(int queue, long address, boolean write) {}

    /**
     * An access to guest memory faulted while this queue was served, which is over until the queue is attached again.
     * {@link #memoryFault} follows.
     *
     * @param alone whether no other function met a fault at the same time, so that this one's memory is the suspect
     */
    void queueFaulted(int queue, boolean alone);

    /** An access to somebody's guest memory faulted, maybe this function's: the file behind it may be truncated. */
    void memoryFault();

    /** The device's configuration space has changed. */
    void configChanged();
}
