package dev.cipu.device.pci;

/**
 * A virtqueue as its driver set it up; the addresses are bus addresses. {@code [virtio-1.4 §4.1.4.3]}
 *
 * @param size descriptors; what the driver wrote, so maybe nothing that a ring can have
 */
public record QueueSetup(int size, long descriptors, long driver, long device) {}
