package dev.cipu.device.pci;

/**
 * Places capabilities in a configuration space, one behind the other, and links them: the old ones in its first 256 bytes, the
 * extended ones behind.
 */
public final class CapabilityChain {
    /** The id of a capability that its vendor defines. {@code [PCI 3.0 §6.8]} */
    public static final int VENDOR_SPECIFIC = 0x09;

    /** Of a capability: where the next one is. */
    private static final int NEXT = 1;

    public static final int FIRST = 0x40;
    public static final int FIRST_EXTENDED = 0x100;

    private final ConfigSpace config;
    private int link = HeaderLayout.CAPABILITIES;
    private int free = FIRST;
    private int last = -1;
    private int freeExtended = FIRST_EXTENDED;

    public CapabilityChain(ConfigSpace config) {
        this.config = config;
    }

    /**
     * Adds a capability.
     *
     * @param bytes with id and link
     * @return where it is
     */
    public int add(int id, int bytes) {
        int at = free;
        free = aligned(at + bytes);
        if (free > FIRST_EXTENDED) {
            throw new IllegalArgumentException(
                    "capabilities of " + (free - FIRST) + " bytes do not fit in " + (FIRST_EXTENDED - FIRST));
        }
        config.u8(link, at);
        config.u8(at, id);
        link = at + NEXT;
        config.u16(HeaderLayout.STATUS, config.u16(HeaderLayout.STATUS) | HeaderLayout.STATUS_CAPABILITIES);
        return at;
    }

    /** Adds an extended capability. {@code [PCIe 5.0 §7.6.3]} */
    public int addExtended(int id, int version, int bytes) {
        int at = freeExtended;
        freeExtended = aligned(at + bytes);
        if (last >= 0) {
            config.u16(last + 2, config.u16(last + 2) | at << 4);
        }
        config.u32(at, id | version << 16);
        last = at;
        return at;
    }

    private static int aligned(int at) {
        return (at + 3) & -4;
    }
}
