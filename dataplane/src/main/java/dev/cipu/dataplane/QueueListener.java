package dev.cipu.dataplane;

import dev.cipu.virtio.ring.Violation;

/** Hears of the end of a queue, on the worker that served it. Must not block and must not throw. */
public interface QueueListener {
    /** For a queue whose end interests nobody. */
    QueueListener NONE = new QueueListener() {
        @Override
        public void queueBroken(Violation kind) {}

        @Override
        public void memoryFault() {}
    };

    /** The driver broke a rule of the ring; nothing is popped any more. */
    void queueBroken(Violation kind);

    /**
     * A chain lies where the translation is not known: the queue is left alone until its memory is replaced.
     *
     * @param address first guest address that is not translated
     * @param write whether the device wants to write there
     */
    default void translationMissed(long address, boolean write) {}

    /** A chain wants something done that its translation does not permit; {@link #queueBroken} follows. */
    default void accessDenied(long address, boolean write) {}

    /** Shared memory is gone although it is still mapped, as when a file was truncated; the queue is not touched again. */
    void memoryFault();
}
