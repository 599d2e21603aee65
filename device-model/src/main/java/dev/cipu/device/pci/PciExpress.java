package dev.cipu.device.pci;

/** The PCI Express capability of an endpoint that can be reset alone. {@code [PCIe 5.0 §7.5.3]} */
public final class PciExpress {
    public static final int ID = 0x10;

    /** An endpoint has no slot, so its registers end here. */
    private static final int BYTES = 0x34;

    private static final int FLAGS = 0x02;
    public static final int DEVICE_CAPABILITIES = 0x04;
    public static final int DEVICE_CONTROL = 0x08;
    private static final int DEVICE_STATUS = 0x0a;
    private static final int LINK_CAPABILITIES = 0x0c;
    private static final int LINK_CONTROL = 0x10;
    private static final int LINK_STATUS = 0x12;
    private static final int DEVICE_CAPABILITIES_2 = 0x24;
    private static final int DEVICE_CONTROL_2 = 0x28;
    private static final int LINK_CAPABILITIES_2 = 0x2c;
    private static final int LINK_CONTROL_2 = 0x30;

    private static final int VERSION_2 = 2;

    /** Payloads of 512 bytes, and errors told by their roles. */
    private static final int DEVICE_ABLE = 2 | 1 << 15;

    public static final int RESETTABLE = 1 << 28;

    /** Error reports, relaxed ordering, sizes of payloads and of reads. */
    private static final int DEVICE_WRITABLE = 0x78ff;

    /** Relaxed ordering, no snoop, reads of 512 bytes. */
    private static final int DEVICE_DEFAULT = 0x2810;

    private static final int PAYLOAD = 0xe0;
    public static final int INITIATE_RESET = 0x80;
    private static final int ERRORS = 0xf;
    private static final int LINK_WRITABLE = 0xc3;
    private static final int OPTIONALITY = 1 << 22;
    private static final int SLOT_CLOCK = 1 << 12;
    private static final int TIMEOUT_CAN_BE_OFF = 0x10;
    private static final int SPEED = 0xf;

    private final ConfigSpace config;
    private final int at;
    private boolean initiated;

    PciExpress(ConfigSpace config, CapabilityChain chain, FunctionKind kind, PciLink link) {
        this.config = config;
        at = chain.add(ID, BYTES);
        config.u16(at + FLAGS, VERSION_2);
        config.u32(at + DEVICE_CAPABILITIES, DEVICE_ABLE | RESETTABLE);
        config.cleared(at + DEVICE_STATUS, Short.BYTES, ERRORS);
        int width = link.generation() | link.lanes() << 4;
        config.u32(at + LINK_CAPABILITIES, width | OPTIONALITY);
        config.u32(at + DEVICE_CAPABILITIES_2, TIMEOUT_CAN_BE_OFF);
        config.u32(at + LINK_CAPABILITIES_2, ((1 << link.generation()) - 1) << 1);
        if (kind.hasHeader()) {
            // [SR-IOV 1.1 §3.5.4] of a virtual function these belong to its physical one
            config.u16(at + DEVICE_CONTROL, DEVICE_DEFAULT);
            config.writable(at + DEVICE_CONTROL, Short.BYTES, DEVICE_WRITABLE);
            config.writable(at + LINK_CONTROL, Short.BYTES, LINK_WRITABLE);
            config.u16(at + LINK_STATUS, width | SLOT_CLOCK);
            config.writable(at + DEVICE_CONTROL_2, Short.BYTES, TIMEOUT_CAN_BE_OFF);
            config.u16(at + LINK_CONTROL_2, link.generation());
            config.writable(at + LINK_CONTROL_2, Short.BYTES, SPEED);
            config.sticky(at + LINK_CONTROL_2, Short.BYTES, SPEED);
        }
        // the bit that starts a reset reads as 0 after a write, for the reset has cleared it
        config.writable(
                at + DEVICE_CONTROL + 1, Byte.BYTES, INITIATE_RESET | (kind.hasHeader() ? DEVICE_WRITABLE >> 8 : 0));
        config.afterWrite(at + DEVICE_CONTROL + 1, Byte.BYTES, this::controlled);
    }

    private void controlled() {
        initiated |= (config.u8(at + DEVICE_CONTROL + 1) & INITIATE_RESET) != 0;
    }

    /** Whether the host has asked for a function-level reset since this was asked last. */
    boolean takeReset() {
        boolean was = initiated;
        initiated = false;
        return was;
    }

    /** What a reset of the function alone does not touch. {@code [PCIe 5.0 §6.6.2]} */
    int payload() {
        return config.u16(at + DEVICE_CONTROL) & PAYLOAD;
    }

    void payload(int bits) {
        config.u16(at + DEVICE_CONTROL, (config.u16(at + DEVICE_CONTROL) & ~PAYLOAD) | bits);
    }
}
