package dev.cipu.device.virtio;

import dev.cipu.device.pci.InterruptKind;
import dev.cipu.device.pci.MsixTable;
import dev.cipu.device.pci.PciHost;
import dev.cipu.virtio.ring.Interrupt;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.function.Consumer;

/**
 * How a function's events reach its host: a vector each where messages are on, else the pin and the ISR. {@code [virtio-1.4
 * §4.1.4.5]} {@code [virtio-1.4 §4.1.5.1]} Workers raise, the control thread changes.
 */
final class Interrupts {
    static final int NO_VECTOR = 0xffff;

    private static final int QUEUE_BIT = 1;
    private static final int CONFIG_BIT = 2;

    private final MsixTable msix;
    private final Consumer<Boolean> pinStatus;

    /** The vector of each queue; behind them that of configuration changes. */
    private final AtomicIntegerArray vector;

    private PciHost host = PciHost.NONE;
    private int isr;
    private boolean pinAllowed = true;
    private boolean pinMasked;

    /**
     * @param pinStatus told whether the function has a reason to assert its pin
     */
    Interrupts(MsixTable msix, int queues, Consumer<Boolean> pinStatus) {
        this.msix = msix;
        this.pinStatus = pinStatus;
        vector = new AtomicIntegerArray(queues + 1);
        unmap();
    }

    private void unmap() {
        for (int i = 0; i < vector.length(); i++) {
            vector.set(i, NO_VECTOR);
        }
    }

    /** The way back to the driver of a queue. */
    Interrupt of(int queue) {
        return () -> raise(queue, QUEUE_BIT);
    }

    /** The configuration has changed, or the status. */
    void raiseConfig() {
        raise(vector.length() - 1, CONFIG_BIT);
    }

    private void raise(int event, int bit) {
        if (msix.isOn()) {
            if (bit == CONFIG_BIT) {
                note(bit);
            }
            int to = vector.get(event);
            if (to != NO_VECTOR) {
                msix.raise(to);
            }
        } else {
            note(bit);
            assertPin();
        }
    }

    private synchronized void note(int bit) {
        isr |= bit;
        pinStatus.accept(!msix.isOn());
    }

    private synchronized void assertPin() {
        if (isr != 0 && pinAllowed && !pinMasked && !msix.isOn()) {
            host.interrupt(InterruptKind.INTX, 0);
        }
    }

    /** The ISR status, which this clears, and with it the pin. {@code [virtio-1.4 §4.1.4.5.1]} */
    synchronized int takeIsr() {
        int was = isr;
        isr = 0;
        pinStatus.accept(false);
        return was;
    }

    /** The vector of a queue, or of the configuration behind the last one. */
    int vector(int event) {
        return vector.get(event);
    }

    int configEvent() {
        return vector.length() - 1;
    }

    /** Maps an event; one to a vector that does not exist is mapped to none. {@code [virtio-1.4 §4.1.5.1.2]} */
    void map(int event, int to) {
        vector.set(event, to < msix.vectors() ? to : NO_VECTOR);
    }

    /** What the function's command register and its MSI-X control say now. */
    synchronized void control(boolean mayAssertPin, boolean on, boolean masked) {
        pinAllowed = mayAssertPin;
        msix.control(on, masked);
        assertPin();
    }

    synchronized void connect(PciHost next) {
        host = next;
        pinMasked = false;
        msix.connect(next);
    }

    void mask(InterruptKind kind, int which, boolean masked) {
        if (kind == InterruptKind.MSIX) {
            msix.mask(which, masked);
        } else {
            maskPin(masked);
        }
    }

    private synchronized void maskPin(boolean masked) {
        pinMasked = masked;
        assertPin();
    }

    /** A reset of the device: all events unmapped, none noted. {@code [virtio-1.4 §4.1.5.1.2.1]} */
    synchronized void resetDevice() {
        isr = 0;
        pinStatus.accept(false);
        unmap();
    }

    /** A reset of the function. */
    synchronized void reset() {
        resetDevice();
        pinAllowed = true;
        msix.reset();
    }
}
