package dev.cipu.device.virtio;

import dev.cipu.device.pci.InterruptPin;
import dev.cipu.device.pci.Msix;

/**
 * How the driver hears of used buffers and of changes: by the vectors that it has mapped, or by the pin and the ISR status.
 * {@code [virtio-1.4 §4.1.5.3, §4.1.5.4]} Any thread.
 */
final class Events {
    private static final int QUEUE = 1;
    private static final int CONFIG = 2;

    private final Msix messages;
    private final InterruptPin pin;

    /** What has happened since the driver looked. */
    private int isr;

    private volatile int configVector = CommonLayout.NO_VECTOR;

    Events(Msix messages, InterruptPin pin) {
        this.messages = messages;
        this.pin = pin;
    }

    /** The vector of a number that a driver writes: one that is not there is none. {@code [virtio-1.4 §4.1.5.1.2.1]} */
    int vector(int wanted) {
        return wanted < messages.count() ? wanted : CommonLayout.NO_VECTOR;
    }

    int configVector() {
        return configVector;
    }

    void configVector(int vector) {
        configVector = vector;
    }

    /** Buffers of a queue were used whose vector this is. */
    void used(int vector) {
        if (messages.isEnabled()) {
            send(vector);
        } else {
            happened(QUEUE);
        }
    }

    /** The device's configuration has changed, or its status. */
    void changed() {
        happened(CONFIG);
        if (messages.isEnabled()) {
            send(configVector);
        }
    }

    private void send(int vector) {
        if (vector != CommonLayout.NO_VECTOR) {
            messages.raise(vector);
        }
    }

    private synchronized void happened(int bit) {
        isr |= bit;
        pin.level(true);
    }

    /** The driver reads the ISR status, which clears it and releases the pin. {@code [virtio-1.4 §4.1.4.5]} */
    synchronized int take() {
        int then = isr;
        isr = 0;
        pin.level(false);
        return then;
    }

    void reset() {
        configVector = CommonLayout.NO_VECTOR;
        take();
    }
}
