package dev.cipu.device.pci;

/** What a function asks of the host on whose bus it is. */
public interface PciHost {
    /** For a function that is on no bus. */
    PciHost NONE = (kind, vector) -> {};

    /**
     * Sends an interrupt; for INTX, says that the pin is asserted. Any thread; never blocks.
     *
     * @param vector below {@link PciFunction#interrupts} of the kind
     */
    void interrupt(InterruptKind kind, int vector);
}
