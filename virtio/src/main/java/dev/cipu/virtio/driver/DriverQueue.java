package dev.cipu.virtio.driver;

import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.ring.RingFormat;
import java.lang.foreign.MemorySegment;

/**
 * The driver's half of a virtqueue: chains go in, used ones come out. It keeps the ring in one area of guest memory. One
 * thread owns it; no method but those that make one allocates.
 */
public sealed interface DriverQueue permits SplitDriver, PackedDriver {
    /**
     * Bytes of the area for a queue of this size.
     *
     * @param indirectEntries descriptors an indirect table can hold, 0 for no tables
     */
    static long bytes(RingFormat format, int size, int indirectEntries) {
        return format == RingFormat.PACKED
                ? PackedDriver.bytes(size, indirectEntries)
                : SplitDriver.bytes(size, indirectEntries);
    }

    /**
     * A fresh queue of the format that was negotiated; clears the area.
     *
     * @param area guest memory of at least {@link #bytes}, aligned to 16
     * @param areaAddress the guest address of its first byte, aligned to 16
     * @param negotiated what driver and device agreed on
     * @param indirectEntries longest chain to be put into an indirect table, 0 for none
     */
    static DriverQueue of(MemorySegment area, long areaAddress, int size, FeatureSet negotiated, int indirectEntries) {
        return RingFormat.of(negotiated) == RingFormat.PACKED
                ? new PackedDriver(area, areaAddress, size, negotiated, indirectEntries)
                : new SplitDriver(area, areaAddress, size, negotiated, indirectEntries);
    }

    /** Forgets every chain and starts over with an empty ring, as after a device reset. */
    void restart();

    RingFormat format();

    int size();

    /** Guest address of the descriptors. */
    long descriptorAddress();

    /** Guest address of the driver's area: available ring or driver event. */
    long driverAreaAddress();

    /** Guest address of the device's area: used ring or device event. */
    long deviceAreaAddress();

    /** Free descriptors. */
    int free();

    /**
     * Makes a chain available; the device sees it after {@link #publish}.
     *
     * @param addresses guest addresses of the buffers, device-readable ones first
     * @param lengths their bytes
     * @param readable how many of them the device reads; it writes the others
     * @param total how many buffers
     * @return the chain's name, 0..size-1, or -1 if too few descriptors are free
     */
    int add(long[] addresses, int[] lengths, int readable, int total);

    /**
     * Shows the device all added chains with one release.
     *
     * @return whether the device wants a kick for them
     */
    boolean publish();

    /**
     * Takes the next used chain back; its descriptors are free again.
     *
     * @return its name, or -1 if none is used
     * @throws IllegalStateException if the device names a chain that it does not hold
     */
    int poll();

    /** Bytes the device says it wrote into the chain last polled. */
    int usedLength();

    /** Asks the device not to call, as a polling driver does. */
    void suppressCalls();

    /**
     * Asks the device to call.
     *
     * @return true if nothing is used even now, so that the caller may sleep without losing a call
     */
    boolean awaitCalls();

    /**
     * What the data of a kick is besides the queue's number: how far the driver has got. {@code [virtio-1.4 §2.9]}
     *
     * @return 16 bits: the available index of a split queue, the position of the next descriptor of a packed one
     */
    int notificationData();

    /** Where a device goes on with this queue if nothing is in flight, as {@code Virtqueue.position} tells it. */
    int position();
}
