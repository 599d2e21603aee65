package dev.cipu.device.pci;

import java.util.List;

/**
 * An address space of a function.
 *
 * @param bytes its size, 0 if the function has none there
 * @param doorbells parts that a host may map and write without a message: nobody reads what is there, for the queues behind it
 *     are polled. Each begins at a page and is whole pages long
 */
public record Region(long bytes, boolean readable, boolean writable, List<Range> doorbells) {
    /** What is not there. */
    public static final Region NONE = new Region(0, false, false, List.of());

    /** Part of a region, in bytes. */
    public record Range(long offset, long bytes) {}
}
