package dev.cipu.shim.vfio.client;

import dev.cipu.device.pci.CapabilityChain;
import dev.cipu.shim.probe.LinkException;
import dev.cipu.shim.probe.LinkException.Kind;

/**
 * The registers by which a host switches the virtual functions of a function on and off that somebody else serves. {@code [SR-IOV 1.1
 * §3.3]} Owned by the client's thread.
 */
public final class SingleRootRegisters {
    private static final int ID = 0x0010;
    private static final int CONTROL = 0x08;
    private static final int TOTAL = 0x0e;
    private static final int NUMBER = 0x10;
    private static final int BARS = 0x24;

    /** Enabled, and their memory decoded. */
    private static final int ON = 0x9;

    private static final int ENABLE = 1;
    private static final int SPACE_BYTES = 4096;

    private final PciRegisters config;
    private final int at;

    private SingleRootRegisters(PciRegisters config, int at) {
        this.config = config;
        this.at = at;
    }

    /**
     * Finds them in a function's list of extended capabilities.
     *
     * @throws LinkException if the function can have no virtual ones
     */
    public static SingleRootRegisters of(PciRegisters config) {
        int at = CapabilityChain.FIRST_EXTENDED;
        for (int steps = 0; at >= CapabilityChain.FIRST_EXTENDED && steps < SPACE_BYTES / 4; steps++) {
            long head = config.get(at, 4);
            if ((head & 0xffff) == ID) {
                return new SingleRootRegisters(config, at);
            }
            at = (int) (head >>> 20) & ~3;
        }
        throw new LinkException(
                Kind.REFUSED, config.client().peer().socket() + " is a function that can have no virtual ones");
    }

    /** Where they begin in configuration space. */
    public int at() {
        return at;
    }

    /** How many there can be. */
    public int total() {
        return (int) config.get(at + TOTAL, 2);
    }

    /** How many there are, or will be once they are on. */
    public int number() {
        return (int) config.get(at + NUMBER, 2);
    }

    /** Chooses how many there will be; what cannot be is ignored. */
    public void number(int functions) {
        config.set(at + NUMBER, 2, functions);
    }

    public boolean isOn() {
        return (config.get(at + CONTROL, 2) & ENABLE) != 0;
    }

    /** Switches them on, or off: returns when they are there, or gone. */
    public void on(boolean on) {
        config.set(at + CONTROL, 2, on ? ON : 0);
    }

    /** The register of one of the regions that all of them have. */
    public long bar(int index) {
        return config.get(at + BARS + 4 * index, 4);
    }

    public void bar(int index, long value) {
        config.set(at + BARS + 4 * index, 4, value);
    }
}
