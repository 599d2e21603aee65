package dev.cipu.device.virtio;

import dev.cipu.device.pci.QueueSetup;
import java.util.Arrays;

/** The registers of one queue, as its driver wrote them. Owner: the function's control thread. */
final class QueueRegisters {
    private final int largest;
    private final long[] address = new long[3];

    int size;

    /** The driver has enabled it, and the device has taken it over. */
    boolean enabled;

    boolean running;

    /**
     * @param largest the most descriptors that the device offers
     */
    QueueRegisters(int largest) {
        this.largest = largest;
        reset();
    }

    void reset() {
        size = largest;
        enabled = false;
        running = false;
        Arrays.fill(address, 0);
    }

    int largest() {
        return largest;
    }

    /** Half of an address: the lower one of {@code part / 2} if {@code part} is even. */
    long half(int part) {
        return address[part / 2] >>> (32 * (part & 1)) & 0xffff_ffffL;
    }

    void half(int part, long value) {
        int shift = 32 * (part & 1);
        address[part / 2] = (address[part / 2] & ~(0xffff_ffffL << shift)) | (value & 0xffff_ffffL) << shift;
    }

    QueueSetup setup() {
        return new QueueSetup(size, address[0], address[1], address[2]);
    }
}
