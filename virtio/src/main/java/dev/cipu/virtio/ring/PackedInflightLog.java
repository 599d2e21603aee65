package dev.cipu.virtio.ring;

/**
 * A record of the chains of a packed queue that the device holds, kept where it outlives the process, so that a successor can
 * complete them exactly once. It keeps the descriptors too: used elements may overwrite them in the ring. Called by the
 * queue on the thread that owns it.
 */
public interface PackedInflightLog {
    /** One descriptor of a chain that is being taken, in order; {@link #taken} follows the last one. */
    void descriptor(long address, long rest);

    /** The chain whose descriptors were told since the last call now belongs to the device. */
    void taken(int id);

    /** The used element of a chain is about to be written; it becomes visible with the next publication. */
    void completing(int id);

    /** The used elements before {@code used} are about to become visible, see {@link PackedLayout} for positions. */
    void publishing(int used);

    /** They are visible to the driver. */
    void published();
}
