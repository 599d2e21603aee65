package dev.cipu.device.pci;

import java.util.List;

/**
 * One PCI function of the card, as whoever carries its bus to a host drives it: a vfio-user session, a simulated link, a test.
 * The function does not know which.
 *
 * <p>Owner: the control thread of that transport, one at a time. Offsets and lengths are in bytes; registers are little-endian.
 */
public interface PciFunction {
    /** What the function has at a region. */
    Region region(RegionId id);

    /**
     * Reads registers.
     *
     * @param offset with {@code dst.length} inside the region, which is the caller's to check
     */
    void read(RegionId region, long offset, byte[] dst);

    /** Writes registers; {@code offset} as for {@link #read}. What is read-only stays as it is. */
    void write(RegionId region, long offset, byte[] src);

    /** How many interrupts of a kind the function can send; 0 if it has none of that kind. */
    int interrupts(InterruptKind kind);

    /** From now on interrupts go there, and only the function's own registers mask them. */
    void connect(PciHost host);

    /**
     * The host masks an interrupt or lets it through again. From the first such call on that is what counts, and no longer
     * what the function's own MSI-X table says of the vector: a hypervisor keeps a table for its guest, and the function
     * never sees that one. Outlasts a reset, ends with {@link #connect}.
     *
     * <p>When this returns, no interrupt that is masked is on its way to the host. What happens meanwhile is pending, as
     * the pending bits say, and is sent when the mask is taken away; the pin is asserted again if it still has a reason.
     */
    void mask(InterruptKind kind, int vector, boolean masked);

    /**
     * Registers of a region by which the driver notifies queues, for a host that carries such writes by an event and not by
     * {@link #write}. None by default.
     */
    default List<Doorbell> doorbells(RegionId region) {
        return List.of();
    }

    /** As after power-on: what a function-level reset, or a reset of the bus, leaves. When this returns, no DMA is under way. */
    void reset();
}
