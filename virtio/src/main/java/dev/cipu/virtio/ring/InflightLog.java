package dev.cipu.virtio.ring;

/**
 * A record of the chains that the device holds, kept where it outlives the process, so that a successor can complete
 * them exactly once. Called by the queue on the thread that owns it.
 */
public interface InflightLog {
    /** The chain at {@code head} now belongs to the device. */
    void taken(int head);

    /** The used element of {@code head} is about to be written; it becomes visible with the next publication. */
    void completing(int head);

    /** All elements up to {@code usedIndex}, 0..65535, are visible to the driver. */
    void published(int usedIndex);
}
