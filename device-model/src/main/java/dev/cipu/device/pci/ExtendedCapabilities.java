package dev.cipu.device.pci;

/** Extended capabilities that say something and do nothing. */
final class ExtendedCapabilities {
    private static final int ERRORS_ID = 0x0001;
    private static final int ERRORS_BYTES = 0x48;
    private static final int UNCORRECTABLE_STATUS = 0x04;
    private static final int UNCORRECTABLE_MASK = 0x08;
    private static final int SEVERITY = 0x0c;
    private static final int CORRECTABLE_STATUS = 0x10;
    private static final int CORRECTABLE_MASK = 0x14;

    /** Poisoned, timeout, abort, unexpected completion, overflow, malformed, ECRC, unsupported, and of the link. */
    private static final int UNCORRECTABLE = 0x001f_f030;

    /** Link, flow control, overflow and malformed packets are fatal unless the host says otherwise. */
    private static final int FATAL = 0x0006_2030;

    private static final int CORRECTABLE = 0x31c1;

    /** An advisory error is not reported unless the host says otherwise. */
    private static final int ADVISORY = 0x2000;

    private static final int SERIAL_ID = 0x0003;
    private static final int SERIAL_BYTES = 12;
    private static final int ROUTING_ID = 0x000e;
    private static final int ROUTING_BYTES = 8;

    private ExtendedCapabilities() {}

    /** Advanced error reporting: the card sees no errors; the host may mask them all the same. {@code [PCIe 5.0 §7.8.4]} */
    static void errors(ConfigSpace config, CapabilityChain chain) {
        int at = chain.addExtended(ERRORS_ID, 2, ERRORS_BYTES);
        config.u32(at + SEVERITY, FATAL);
        config.u32(at + CORRECTABLE_MASK, ADVISORY);
        config.cleared(at + UNCORRECTABLE_STATUS, Integer.BYTES, UNCORRECTABLE);
        config.cleared(at + CORRECTABLE_STATUS, Integer.BYTES, CORRECTABLE);
        for (int register : new int[] {UNCORRECTABLE_MASK, SEVERITY, CORRECTABLE_MASK}) {
            int bits = register == CORRECTABLE_MASK ? CORRECTABLE : UNCORRECTABLE;
            config.writable(at + register, Integer.BYTES, bits);
            config.sticky(at + register, Integer.BYTES, bits);
        }
    }

    /** The serial number of the card. {@code [PCIe 5.0 §7.9.3]} */
    static void serial(ConfigSpace config, CapabilityChain chain, long number) {
        config.u64(chain.addExtended(SERIAL_ID, 1, SERIAL_BYTES) + Integer.BYTES, number);
    }

    /** Alternative routing ids: the device may have more functions than eight; none is named as the next. {@code [PCIe 5.0 §7.8.7]} */
    static void routing(CapabilityChain chain) {
        chain.addExtended(ROUTING_ID, 1, ROUTING_BYTES);
    }
}
