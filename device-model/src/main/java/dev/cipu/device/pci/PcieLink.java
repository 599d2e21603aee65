package dev.cipu.device.pci;

/**
 * The link that a function says it has. {@code [PCI Express Base 4.0 §7.5.3.6]}
 *
 * @param generation 1 to 5: 2.5, 5, 8, 16, 32 GT/s
 * @param lanes 1, 2, 4, 8 or 16
 */
public record PcieLink(int generation, int lanes) {
    /** What the card's documents name for its recent generations' network functions. */
    public static final PcieLink GEN3_X8 = new PcieLink(3, 8);

    public PcieLink {
        if (generation < 1 || generation > 5) {
            throw new IllegalArgumentException("PCIe generation " + generation + " is not in 1..5");
        }
        if (Integer.bitCount(lanes) != 1 || lanes > 16) {
            throw new IllegalArgumentException(lanes + " lanes are not 1, 2, 4, 8 or 16");
        }
    }

    /** Speed and width as the link capabilities and the link status have them. */
    int speedAndWidth() {
        return generation | lanes << 4;
    }

    /** All speeds up to its own, as link capabilities 2 has them. */
    int speeds() {
        return ((1 << generation) - 1) << 1;
    }
}
