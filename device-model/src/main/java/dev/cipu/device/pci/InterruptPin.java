package dev.cipu.device.pci;

/**
 * An interrupt pin, level-triggered. Any thread may set the level; when it is high the pin is asserted, unless the host has
 * switched the pin off, masks it, or has the function send messages instead.
 */
public final class InterruptPin {
    private final boolean there;
    private final Msix messages;
    private PciHost bus = PciHost.NONE;
    private boolean level;
    private boolean off;
    private boolean masked;
    private boolean asserted;

    InterruptPin(boolean there, Msix messages) {
        this.there = there;
        this.messages = messages;
    }

    /** Whether the device has a reason to interrupt. Any thread. */
    public synchronized void level(boolean high) {
        level = high;
        settle();
    }

    /** What the Interrupt Status bit says: a reason, whether or not the host wants to hear of it. {@code [PCI 3.0 §6.2.3]} */
    synchronized boolean isPending() {
        return there && level && !messages.isEnabled();
    }

    /** The driver has switched the pin off, or on, or messages instead. */
    synchronized void switchedOff(boolean disabled) {
        off = disabled;
        settle();
    }

    synchronized void mask(boolean on) {
        masked = on;
        // a host that looks again wants to be told again
        asserted = false;
        settle();
    }

    synchronized void connect(PciHost host) {
        bus = host;
        masked = false;
        asserted = false;
        settle();
    }

    private void settle() {
        boolean now = isPending() && !off && !masked;
        boolean rises = now && !asserted;
        asserted = now;
        if (rises) {
            bus.interrupt(InterruptKind.INTX, 0);
        }
    }
}
