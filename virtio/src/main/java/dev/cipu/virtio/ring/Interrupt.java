package dev.cipu.virtio.ring;

/** The way back to the driver: a call eventfd, an MSI-X message, a method of an embedded guest. */
@FunctionalInterface
public interface Interrupt {
    /** For a queue whose driver wants no notification ever. */
    Interrupt NONE = () -> {};

    /** Tells the driver that used buffers wait. Never blocks; runs on the thread that owns the queue. */
    void raise();
}
