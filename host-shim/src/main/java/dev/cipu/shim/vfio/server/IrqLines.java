package dev.cipu.shim.vfio.server;

import dev.cipu.device.pci.InterruptKind;
import dev.cipu.device.pci.PciFunction;
import dev.cipu.device.pci.PciHost;
import dev.cipu.shim.posix.EventFd;
import dev.cipu.shim.posix.Fd;
import dev.cipu.shim.session.EventLine;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A client's events for the interrupts of a function. An interrupt without an event is masked, so that it is pending rather
 * than lost. Workers send, the session's thread changes; closed once the function sends no more.
 */
final class IrqLines implements PciHost, AutoCloseable {
    private final PciFunction function;
    private final Map<InterruptKind, Lines> kinds = new EnumMap<>(InterruptKind.class);

    /** Whether the pin has interrupted and the client has not looked yet. {@code [vfio-user "VFIO_IRQ_INFO_AUTOMASKED"]} */
    private final AtomicBoolean pinTold = new AtomicBoolean();

    /** Signalled by the client's host when its guest has looked, in place of a command. */
    private @Nullable EventFd unmask;

    /** Those of one kind, and which of them the client masks besides. */
    private static final class Lines {
        final EventLine[] lines;
        final boolean[] masked;

        Lines(int count) {
            lines = new EventLine[count];
            masked = new boolean[count];
            for (int i = 0; i < count; i++) {
                lines[i] = new EventLine();
            }
        }
    }

    /** Connects the function; all its interrupts are masked. */
    IrqLines(PciFunction function) {
        this.function = function;
        for (InterruptKind kind : InterruptKind.values()) {
            kinds.put(kind, new Lines(function.interrupts(kind)));
        }
        function.connect(this);
        for (InterruptKind kind : InterruptKind.values()) {
            for (int i = 0; i < count(kind); i++) {
                apply(kind, i);
            }
        }
    }

    int count(InterruptKind kind) {
        return of(kind).lines.length;
    }

    private Lines of(InterruptKind kind) {
        Lines lines = kinds.get(kind);
        if (lines == null) {
            throw new IllegalStateException("no lines of kind " + kind);
        }
        return lines;
    }

    @Override
    public void interrupt(InterruptKind kind, int vector) {
        if (kind != InterruptKind.INTX || pinTold.compareAndSet(false, true)) {
            of(kind).lines[vector].raise();
        }
    }

    /** From now on an interrupt signals this event, which is consumed. */
    void connect(InterruptKind kind, int vector, EventFd event) {
        of(kind).lines[vector].connect(event);
        apply(kind, vector);
    }

    /** From now on an interrupt is pending. */
    void disconnect(InterruptKind kind, int vector) {
        // first, so that the function has nothing on its way to an event that is gone
        function.mask(kind, vector, true);
        of(kind).lines[vector].disconnect();
        if (kind == InterruptKind.INTX) {
            pinTold.set(false);
        }
    }

    void mask(InterruptKind kind, int vector, boolean masked) {
        of(kind).masked[vector] = masked;
        if (kind == InterruptKind.INTX && !masked) {
            pinTold.set(false);
        }
        apply(kind, vector);
    }

    private void apply(InterruptKind kind, int vector) {
        Lines lines = of(kind);
        function.mask(kind, vector, lines.masked[vector] || !lines.lines[vector].isConnected());
    }

    /** Signals the client's event whatever the function thinks: so clients test their lines. */
    void trigger(InterruptKind kind, int vector) {
        of(kind).lines[vector].raise();
    }

    /** Consumes the event by which the pin's mask is taken away; null: none. */
    void unmaskBy(@Nullable EventFd event) {
        if (unmask != null) {
            unmask.close();
        }
        unmask = event;
    }

    /** What the session has to wait for besides. */
    @Nullable
    Fd unmasking() {
        return unmask == null ? null : unmask.fd();
    }

    /** {@link #unmasking} was signalled. */
    void unmasked() {
        if (unmask != null && unmask.drain() != 0) {
            mask(InterruptKind.INTX, 0, false);
        }
    }

    @Override
    public void close() {
        function.connect(PciHost.NONE);
        unmaskBy(null);
        kinds.values().forEach(lines -> {
            for (EventLine line : lines.lines) {
                line.close();
            }
        });
    }
}
