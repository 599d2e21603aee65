package dev.cipu.virtio.ring;

/** Hears which memory a queue's device has written, always after it was written. Called on the thread that owns the queue. */
public interface DirtyLog {
    /** Bytes from an address of {@link dev.cipu.virtio.memory.HostMemory} on: buffers, and descriptors of a packed ring. */
    void written(long address, long bytes);

    /** Bytes of the device's area, which may be logged under another address than its own. */
    void deviceAreaWritten(long offset, long bytes);

    /** A burst is told of completely. */
    void told();
}
