package dev.cipu.shim.card;

import dev.cipu.virtio.ring.Violation;

/** What a function reports to its transport. Called from workers and control threads; implementations never block. */
public interface FunctionListener {
    /** For a function that no transport drives. */
    FunctionListener NONE = new FunctionListener() {
        @Override
        public void queueBroken(int queue, Violation kind) {}

        @Override
        public void memoryFault() {}

        @Override
        public void configChanged() {}
    };

    /** The driver broke the rules of this queue; it yields no chains any more. */
    void queueBroken(int queue, Violation kind);

    /** An access to guest memory faulted: somebody may have truncated the file behind it. */
    void memoryFault();

    /** The device's configuration space has changed. */
    void configChanged();
}
