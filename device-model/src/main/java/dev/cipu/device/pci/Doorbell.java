package dev.cipu.device.pci;

/**
 * A register that notifies one queue, whatever value is written.
 *
 * @param offset in its region, in bytes
 */
public record Doorbell(long offset, int queue) {}
