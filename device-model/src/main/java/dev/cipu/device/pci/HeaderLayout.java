package dev.cipu.device.pci;

/**
 * The header of a function that is no bridge, type 0. {@code [PCI 3.0 §6.1, §6.2]}
 *
 * <pre>
 * 00 vendor:16 device:16     04 command:16 status:16    08 revision:8 class:24    0c line:8 latency:8 type:8 bist:8
 * 10 six BARs, 32 bits each
 * 28 cardbus:32              2c subsystem vendor:16 subsystem:16                  30 rom:32
 * 34 capabilities:8          3c interrupt line:8 interrupt pin:8 ...
 * </pre>
 */
public final class HeaderLayout {
    public static final int VENDOR = 0x00;
    public static final int DEVICE = 0x02;
    public static final int COMMAND = 0x04;
    public static final int STATUS = 0x06;
    public static final int REVISION = 0x08;
    public static final int CLASS = 0x09;
    public static final int LINE_SIZE = 0x0c;
    public static final int BARS = 0x10;
    public static final int SUBSYSTEM_VENDOR = 0x2c;
    public static final int SUBSYSTEM = 0x2e;
    public static final int CAPABILITIES = 0x34;
    public static final int INTERRUPT_LINE = 0x3c;
    public static final int INTERRUPT_PIN = 0x3d;

    public static final int COMMAND_MEMORY = 1 << 1;
    public static final int COMMAND_BUS_MASTER = 1 << 2;
    public static final int COMMAND_PARITY = 1 << 6;
    public static final int COMMAND_ERRORS = 1 << 8;
    public static final int COMMAND_NO_PIN = 1 << 10;

    public static final int STATUS_INTERRUPT = 1 << 3;
    public static final int STATUS_CAPABILITIES = 1 << 4;

    /** Errors that a function has seen, each cleared by writing a one. */
    public static final int STATUS_ERRORS = 0xf900;

    public static final int BAR_WIDE = 0x4;
    public static final int BAR_PREFETCHABLE = 0x8;

    private HeaderLayout() {}
}
