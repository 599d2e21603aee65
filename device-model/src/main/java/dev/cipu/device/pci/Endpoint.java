package dev.cipu.device.pci;

/**
 * The registers that every function of the card has beside its device's: header, power management, PCI Express with function-level
 * reset, MSI-X, error reporting, serial number. Owner: the function's control thread.
 */
public final class Endpoint {
    private static final int POWER_VERSION = 3;
    private static final int NO_SOFT_RESET = 1 << 3;
    private static final int EXPRESS_VERSION = 2;

    /** Payloads up to 256 bytes, extended tags, role-based errors, function-level reset. */
    private static final long DEVICE_CAPABILITIES = 1 | 1 << 5 | 1 << 15 | 1 << 28;

    /** 512 bytes a read, extended tags, no relaxed ordering. */
    private static final int DEVICE_CONTROL_RESET = 0x2910;

    /** Errors by their bits: link protocol, and all that a packet can have wrong. {@code [PCI Express Base 4.0 §7.8.4]} */
    private static final int UNCORRECTABLE = 0x001f_f010;

    private static final int FATAL = 0x0006_2010;
    private static final int CORRECTABLE = 0x31c1;
    private static final int ADVISORY = 0x2000;

    private static final int SMALLEST_BAR = 16;

    private final ConfigSpace config;
    private final int express;
    private final int msix;

    /**
     * @param config an empty space, which gets the registers
     * @param identity what the function is
     * @param vectors entries of the MSI-X table
     * @param table where the table lies in {@code bar}; the pending bits follow it
     * @param serial of the card: the same for all of its functions
     */
    public Endpoint(
            ConfigSpace config,
            PciIdentity identity,
            PcieLink link,
            int vectors,
            RegionId bar,
            int table,
            long serial) {
        this.config = config;
        header(identity);
        int power = config.capability(ConfigLayout.POWER, ConfigLayout.POWER_BYTES);
        config.set(power + 2, 2, POWER_VERSION);
        config.set(power + 4, 2, NO_SOFT_RESET);
        config.writable(power + 4, 2, 3);
        express = express(link);
        msix = config.capability(ConfigLayout.MSIX, ConfigLayout.MSIX_BYTES);
        config.set(msix + ConfigLayout.MSIX_CONTROL, 2, vectors - 1);
        config.writable(msix + ConfigLayout.MSIX_CONTROL, 2, ConfigLayout.MSIX_ENABLE | ConfigLayout.MSIX_MASK_ALL);
        config.set(msix + 4, 4, table | bar.number());
        config.set(msix + 8, 4, (table + MsixTable.tableBytes(vectors)) | bar.number());
        errors();
        int number = config.extended(ConfigLayout.SERIAL, 1, ConfigLayout.SERIAL_BYTES);
        config.set(number + 4, 8, serial);
    }

    private void header(PciIdentity identity) {
        config.set(ConfigLayout.VENDOR, 2, identity.vendor());
        config.set(ConfigLayout.DEVICE, 2, identity.device());
        config.set(ConfigLayout.REVISION, 1, identity.revision());
        config.set(ConfigLayout.CLASS, 3, identity.classCode());
        config.set(ConfigLayout.SUBSYSTEM_VENDOR, 2, identity.subsystemVendor());
        config.set(ConfigLayout.SUBSYSTEM, 2, identity.subsystem());
        config.set(ConfigLayout.INTERRUPT_PIN, 1, 1);
        config.writable(
                ConfigLayout.COMMAND,
                2,
                ConfigLayout.COMMAND_MEMORY
                        | ConfigLayout.COMMAND_MASTER
                        | ConfigLayout.COMMAND_PARITY
                        | ConfigLayout.COMMAND_SERR
                        | ConfigLayout.COMMAND_NO_INTX);
        config.clearable(ConfigLayout.STATUS, 2, ConfigLayout.STATUS_ERRORS);
        config.writable(ConfigLayout.CACHE_LINE, 1, 0xff);
        config.writable(ConfigLayout.INTERRUPT_LINE, 1, 0xff);
    }

    private int express(PcieLink link) {
        int at = config.capability(ConfigLayout.EXPRESS, ConfigLayout.EXPRESS_BYTES);
        config.set(at + 2, 2, EXPRESS_VERSION);
        config.set(at + 4, 4, DEVICE_CAPABILITIES);
        config.set(at + ConfigLayout.DEVICE_CONTROL, 2, DEVICE_CONTROL_RESET);
        config.writable(at + ConfigLayout.DEVICE_CONTROL, 2, 0xffff & ~ConfigLayout.INITIATE_RESET);
        config.clearable(at + ConfigLayout.DEVICE_STATUS, 2, 0xf);
        config.set(at + ConfigLayout.LINK_CAPABILITIES, 4, link.speedAndWidth());
        config.writable(at + ConfigLayout.LINK_CONTROL, 2, 0x00c3);
        config.set(at + ConfigLayout.LINK_STATUS, 2, link.speedAndWidth());
        config.set(at + ConfigLayout.DEVICE_CAPABILITIES_2, 4, 1 << 4);
        config.writable(at + ConfigLayout.DEVICE_CONTROL_2, 2, 1 << 4);
        config.set(at + ConfigLayout.LINK_CAPABILITIES_2, 4, link.speeds());
        config.set(at + ConfigLayout.LINK_CONTROL_2, 2, link.generation());
        config.writable(at + ConfigLayout.LINK_CONTROL_2, 2, 0xf);
        return at;
    }

    /** Advanced error reporting; nothing here makes errors, so only masks and severities are there. */
    private void errors() {
        int at = config.extended(ConfigLayout.ERRORS, 2, ConfigLayout.ERRORS_BYTES);
        config.clearable(at + 0x04, 4, UNCORRECTABLE);
        config.writable(at + 0x08, 4, UNCORRECTABLE);
        config.set(at + 0x0c, 4, FATAL);
        config.writable(at + 0x0c, 4, UNCORRECTABLE);
        config.clearable(at + 0x10, 4, CORRECTABLE);
        config.set(at + 0x14, 4, ADVISORY);
        config.writable(at + 0x14, 4, CORRECTABLE);
    }

    /**
     * Gives the function a memory region.
     *
     * @param bytes a power of two
     * @param wide whether its address has 64 bits; it takes the next register too
     */
    public void bar(RegionId bar, long bytes, boolean wide) {
        if (Long.bitCount(bytes) != 1 || bytes < SMALLEST_BAR) {
            throw new IllegalArgumentException("a region of " + bytes + " bytes");
        }
        int at = ConfigLayout.BAR0 + 4 * bar.number();
        config.set(at, 4, wide ? ConfigLayout.BAR_64 | ConfigLayout.BAR_PREFETCHABLE : 0);
        config.writable(at, wide ? 8 : 4, -bytes);
    }

    /** Whether a write to these bytes asks for a function-level reset. */
    public boolean asksForReset(int offset, byte[] src) {
        int at = express + ConfigLayout.DEVICE_CONTROL + 1 - offset;
        return at >= 0 && at < src.length && (src[at] << 8 & ConfigLayout.INITIATE_RESET) != 0;
    }

    /** Whether the function may read and write the host's memory. */
    public boolean isMaster() {
        return (command() & ConfigLayout.COMMAND_MASTER) != 0;
    }

    public boolean mayAssertPin() {
        return (command() & ConfigLayout.COMMAND_NO_INTX) == 0;
    }

    private long command() {
        return config.get(ConfigLayout.COMMAND, 2);
    }

    public boolean msixEnabled() {
        return (msixControl() & ConfigLayout.MSIX_ENABLE) != 0;
    }

    public boolean msixMasked() {
        return (msixControl() & ConfigLayout.MSIX_MASK_ALL) != 0;
    }

    private long msixControl() {
        return config.get(msix + ConfigLayout.MSIX_CONTROL, 2);
    }

    /** What the Interrupt Status bit says. */
    public void pinStatus(boolean asserted) {
        long status = config.get(ConfigLayout.STATUS, 2) & ~ConfigLayout.STATUS_INTERRUPT;
        config.change(ConfigLayout.STATUS, 2, asserted ? status | ConfigLayout.STATUS_INTERRUPT : status);
    }
}
