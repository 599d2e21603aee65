package dev.cipu.device.pci;

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

    /** From now on interrupts go there. */
    void connect(PciHost host);

    /** As after power-on: what a function-level reset, or a reset of the bus, leaves. When this returns, no DMA is under way. */
    void reset();
}
