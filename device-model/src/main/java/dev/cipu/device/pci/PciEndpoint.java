package dev.cipu.device.pci;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What all functions of the card have in common, whatever device is behind them: configuration space, interrupts, reset. A function
 * is made of this and of the registers of its device.
 *
 * <p>Owner: the function's control thread. {@link #messages} and {@link #pin} may be raised by any thread.
 */
public final class PciEndpoint {
    /** Where the MSI-X table is. */
    public static final int TABLE_BAR = 1;

    private static final int COMMAND_WRITABLE = HeaderLayout.COMMAND_MEMORY
            | HeaderLayout.COMMAND_BUS_MASTER
            | HeaderLayout.COMMAND_PARITY
            | HeaderLayout.COMMAND_ERRORS
            | HeaderLayout.COMMAND_NO_PIN;
    private static final int ALL_ONES = 0xffff;

    private final ConfigSpace config = new ConfigSpace();
    private final CapabilityChain chain = new CapabilityChain(config);
    private final Device device;
    private final FunctionKind kind;
    private final Msix messages;
    private final InterruptPin pin;
    private final PowerManagement power;
    private final PciExpress express;
    private final @Nullable SingleRoot root;

    /** The device behind the registers. */
    public interface Device {
        /** Whether the host lets the function access memory has maybe changed: {@link PciEndpoint#mayAccessMemory}. */
        void accessChanged();

        /** The host asks for a reset of this function, by a register; calls {@link PciEndpoint#reset}. */
        void functionReset();
    }

    public PciEndpoint(PciShape shape, Device device) {
        this.device = device;
        kind = shape.kind();
        power = new PowerManagement(config, chain, device::accessChanged);
        messages = new Msix(config, chain, shape.vectors(), TABLE_BAR);
        pin = new InterruptPin(kind.hasPin(), messages);
        express = new PciExpress(config, chain, kind, shape.link());
        header(shape);
        if (kind != FunctionKind.VIRTUAL) {
            ExtendedCapabilities.errors(config, chain);
            ExtendedCapabilities.serial(config, chain, shape.serial());
        }
        ExtendedCapabilities.routing(chain);
        VirtualFunctions virtual = shape.virtual();
        root = virtual == null ? null : new SingleRoot(config, chain, virtual);
    }

    private void header(PciShape shape) {
        PciIds ids = shape.ids();
        // [SR-IOV 1.1 §3.4.1.1, §3.4.1.2] a virtual function's ids are in the capability of its physical one
        config.u16(HeaderLayout.VENDOR, kind.hasHeader() ? ids.vendor() : ALL_ONES);
        config.u16(HeaderLayout.DEVICE, kind.hasHeader() ? ids.device() : ALL_ONES);
        config.u8(HeaderLayout.REVISION, ids.revision());
        config.u16(HeaderLayout.CLASS, ids.classCode());
        config.u8(HeaderLayout.CLASS + 2, ids.classCode() >> 16);
        config.u16(HeaderLayout.SUBSYSTEM_VENDOR, ids.subsystemVendor());
        config.u16(HeaderLayout.SUBSYSTEM, ids.subsystem());
        config.cleared(HeaderLayout.STATUS, Short.BYTES, HeaderLayout.STATUS_ERRORS);
        int command = kind.hasHeader() ? COMMAND_WRITABLE : HeaderLayout.COMMAND_BUS_MASTER;
        config.writable(
                HeaderLayout.COMMAND, Short.BYTES, kind.hasPin() ? command : command & ~HeaderLayout.COMMAND_NO_PIN);
        if (kind.hasHeader()) {
            config.writable(HeaderLayout.LINE_SIZE, Byte.BYTES, 0xff);
            config.writable(HeaderLayout.INTERRUPT_LINE, Byte.BYTES, 0xff);
            shape.bars().forEach(bar -> bar.define(config, HeaderLayout.BARS));
            tableBar(shape.vectors()).define(config, HeaderLayout.BARS);
        }
        config.u8(HeaderLayout.INTERRUPT_PIN, kind.hasPin() ? 1 : 0);
        config.beforeRead(HeaderLayout.STATUS, Byte.BYTES, this::showPin);
        config.afterWrite(HeaderLayout.COMMAND, Short.BYTES, () -> {
            switchPin();
            device.accessChanged();
        });
        messages.onControl(this::switchPin);
    }

    /** The BAR of a table with so many vectors. */
    public static Bar tableBar(int vectors) {
        return new Bar(TABLE_BAR, Msix.regionBytes(vectors), false, false);
    }

    private void showPin() {
        int others = config.u8(HeaderLayout.STATUS) & ~HeaderLayout.STATUS_INTERRUPT;
        config.u8(HeaderLayout.STATUS, others | (pin.isPending() ? HeaderLayout.STATUS_INTERRUPT : 0));
    }

    private void switchPin() {
        pin.switchedOff((config.u16(HeaderLayout.COMMAND) & HeaderLayout.COMMAND_NO_PIN) != 0);
    }

    /** For capabilities of the device; until {@link #seal}. */
    public CapabilityChain chain() {
        return chain;
    }

    public ConfigSpace config() {
        return config;
    }

    /** All capabilities are there. */
    public void seal() {
        config.seal();
    }

    public Msix messages() {
        return messages;
    }

    public InterruptPin pin() {
        return pin;
    }

    /** Whether the host lets the function read and write its memory: it is a bus master, and switched on. */
    public boolean mayAccessMemory() {
        return power.isOn() && (config.u16(HeaderLayout.COMMAND) & HeaderLayout.COMMAND_BUS_MASTER) != 0;
    }

    public int interrupts(InterruptKind kind) {
        return switch (kind) {
            case INTX -> this.kind.hasPin() ? 1 : 0;
            case MSI -> 0;
            case MSIX -> messages.count();
        };
    }

    public void connect(PciHost host) {
        messages.connect(host);
        pin.connect(host);
    }

    /** As {@link PciFunction#mask}; an interrupt that the function does not have is ignored. */
    public void mask(InterruptKind which, int vector, boolean masked) {
        if (vector < 0 || vector >= interrupts(which)) {
            return;
        }
        if (which == InterruptKind.MSIX) {
            messages.mask(vector, masked);
            // the pin is silent while messages are sent
            switchPin();
        } else {
            pin.mask(masked);
        }
    }

    /** Virtual functions that are on the bus now. */
    public List<PciFunction> virtualFunctions() {
        return root == null ? List.of() : root.functions();
    }

    /** Writes configuration space; what the host asks for is done when this returns. */
    public void writeConfig(int at, byte[] src) {
        config.write(at, src);
        if (express.takeReset()) {
            int payload = express.payload();
            device.functionReset();
            express.payload(payload);
        }
    }

    /** The registers as after power-on, but for what is sticky; virtual functions are gone. */
    public void reset() {
        if (root != null) {
            root.reset();
        }
        power.reset();
        messages.reset();
        pin.level(false);
        config.reset();
        switchPin();
    }
}
