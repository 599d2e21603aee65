package dev.cipu.device.pci;

/**
 * The link of a card to its host.
 *
 * @param generation 1..6: 2.5, 5, 8, 16, 32, 64 GT/s
 * @param lanes a power of two, 1..16
 */
public record PciLink(int generation, int lanes) {
    /** 16 lanes at 16 GT/s. */
    public static final PciLink USUAL = new PciLink(4, 16);

    public PciLink {
        if (generation < 1 || generation > 6) {
            throw new IllegalArgumentException("PCI Express generation " + generation + " is not in 1..6");
        }
        if (lanes < 1 || lanes > 16 || Integer.bitCount(lanes) != 1) {
            throw new IllegalArgumentException(lanes + " lanes, not 1, 2, 4, 8 or 16");
        }
    }
}
