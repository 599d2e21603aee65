package dev.cipu.device.pci;

/**
 * Where the registers of a type-0 header and of the capabilities lie, and their bits. {@code [PCI Local Bus 3.0 §6.1]} {@code [PCI
 * Express Base 4.0 §7.5]}
 */
final class ConfigLayout {
    static final int VENDOR = 0x00;
    static final int DEVICE = 0x02;
    static final int COMMAND = 0x04;
    static final int STATUS = 0x06;
    static final int REVISION = 0x08;
    static final int CLASS = 0x09;
    static final int CACHE_LINE = 0x0c;
    static final int BAR0 = 0x10;
    static final int SUBSYSTEM_VENDOR = 0x2c;
    static final int SUBSYSTEM = 0x2e;
    static final int CAPABILITIES = 0x34;
    static final int INTERRUPT_LINE = 0x3c;
    static final int INTERRUPT_PIN = 0x3d;
    static final int HEADER_END = 0x40;
    static final int EXTENDED = 0x100;

    static final int COMMAND_MEMORY = 1 << 1;
    static final int COMMAND_MASTER = 1 << 2;
    static final int COMMAND_PARITY = 1 << 6;
    static final int COMMAND_SERR = 1 << 8;
    static final int COMMAND_NO_INTX = 1 << 10;

    static final int STATUS_INTERRUPT = 1 << 3;
    static final int STATUS_CAPABILITIES = 1 << 4;
    static final int STATUS_ERRORS = 0xf900;

    static final int BAR_64 = 0x4;
    static final int BAR_PREFETCHABLE = 0x8;

    static final int POWER = 0x01;
    static final int POWER_BYTES = 8;
    static final int VENDOR_SPECIFIC = 0x09;
    static final int EXPRESS = 0x10;
    static final int EXPRESS_BYTES = 0x3c;
    static final int MSIX = 0x11;
    static final int MSIX_BYTES = 12;

    static final int ERRORS = 0x0001;
    static final int ERRORS_BYTES = 0x48;
    static final int SERIAL = 0x0003;
    static final int SERIAL_BYTES = 12;

    /** In the express capability. */
    static final int DEVICE_CONTROL = 0x08;

    static final int DEVICE_STATUS = 0x0a;
    static final int LINK_CAPABILITIES = 0x0c;
    static final int LINK_CONTROL = 0x10;
    static final int LINK_STATUS = 0x12;
    static final int DEVICE_CAPABILITIES_2 = 0x24;
    static final int DEVICE_CONTROL_2 = 0x28;
    static final int LINK_CAPABILITIES_2 = 0x2c;
    static final int LINK_CONTROL_2 = 0x30;

    /** Initiate Function Level Reset, in the device control register. */
    static final int INITIATE_RESET = 1 << 15;

    /** In the MSI-X capability. */
    static final int MSIX_CONTROL = 2;

    static final int MSIX_MASK_ALL = 1 << 14;
    static final int MSIX_ENABLE = 1 << 15;

    private ConfigLayout() {}
}
