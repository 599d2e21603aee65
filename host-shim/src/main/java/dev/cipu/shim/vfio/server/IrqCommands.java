package dev.cipu.shim.vfio.server;

import dev.cipu.device.pci.InterruptKind;
import dev.cipu.shim.posix.EventFd;
import dev.cipu.shim.posix.Fd;
import dev.cipu.shim.vfio.ErrorNumber;
import dev.cipu.shim.vfio.VfioLayout;
import dev.cipu.shim.vfio.VfioMessage;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Commands about interrupts. {@code [vfio-user "VFIO_USER_DEVICE_SET_IRQS"]} Owned by the session's thread. */
final class IrqCommands {
    /** As VFIO numbers them: a pin, MSI, MSI-X, and two that say that something is wrong, which no function sends. */
    static final int KINDS = 5;

    private static final int DATA = VfioLayout.SET_NONE | VfioLayout.SET_BOOL | VfioLayout.SET_EVENTFD;
    private static final int ACTION = VfioLayout.SET_MASK | VfioLayout.SET_UNMASK | VfioLayout.SET_TRIGGER;

    private final IrqLines lines;

    IrqCommands(IrqLines lines) {
        this.lines = lines;
    }

    /** The kind with VFIO's number; null for those that no function sends. */
    private static @Nullable InterruptKind kind(int index) {
        InterruptKind[] known = InterruptKind.values();
        if (index < 0 || index >= KINDS) {
            throw new Refusal("interrupts of kind " + Integer.toUnsignedString(index));
        }
        return index < known.length ? known[index] : null;
    }

    void info(VfioMessage message, VfioMessage reply) {
        InterruptKind kind = kind(message.u32(VfioLayout.INDEX));
        reply.answer(message, VfioLayout.IRQ_BYTES)
                .u32(VfioLayout.ARGSZ, VfioLayout.IRQ_BYTES)
                .u32(VfioLayout.ARG_FLAGS, kind == null ? 0 : flags(kind))
                .u32(VfioLayout.INDEX, message.u32(VfioLayout.INDEX))
                .u32(VfioLayout.IRQ_COUNT, kind == null ? 0 : lines.count(kind));
    }

    private static int flags(InterruptKind kind) {
        return VfioLayout.IRQ_EVENTFD
                | switch (kind) {
                    case INTX -> VfioLayout.IRQ_MASKABLE | VfioLayout.IRQ_AUTOMASKED;
                    case MSI -> VfioLayout.IRQ_NORESIZE;
                    case MSIX -> VfioLayout.IRQ_MASKABLE;
                };
    }

    void set(VfioMessage message) {
        int flags = message.u32(VfioLayout.ARG_FLAGS);
        int data = flags & DATA;
        int action = flags & ACTION;
        if (Integer.bitCount(data) != 1 || Integer.bitCount(action) != 1 || (flags & ~(DATA | ACTION)) != 0) {
            throw new Refusal("interrupts set with flags 0x" + Integer.toHexString(flags));
        }
        InterruptKind kind = kind(message.u32(VfioLayout.INDEX));
        long start = Integer.toUnsignedLong(message.u32(VfioLayout.SET_START));
        long count = Integer.toUnsignedLong(message.u32(VfioLayout.SET_COUNT));
        int all = kind == null ? 0 : lines.count(kind);
        if (start + count > all) {
            throw new Refusal("interrupts " + start + "+" + count + " of " + all);
        }
        if (kind == null || count == 0) {
            disable(kind, start, data | action, all);
            return;
        }
        boolean masks = action != VfioLayout.SET_TRIGGER;
        if (masks && (flags(kind) & VfioLayout.IRQ_MASKABLE) == 0) {
            throw new Refusal("interrupts of this kind cannot be masked");
        }
        int first = (int) start;
        int end = first + (int) count;
        if (data == VfioLayout.SET_EVENTFD) {
            setEvents(message, kind, action, first, end);
            return;
        }
        boolean[] chosen = chosen(message, data, (int) count);
        for (int i = first; i < end; i++) {
            if (!chosen[i - first]) {
                continue;
            }
            if (masks) {
                lines.mask(kind, i, action == VfioLayout.SET_MASK);
            } else {
                lines.trigger(kind, i);
            }
        }
    }

    /** Nobody is named, and so all of a kind are meant. */
    private void disable(@Nullable InterruptKind kind, long start, int flags, int all) {
        if (start != 0 || flags != (VfioLayout.SET_NONE | VfioLayout.SET_TRIGGER)) {
            throw new Refusal("no interrupts named");
        }
        for (int i = 0; i < all && kind != null; i++) {
            lines.disconnect(kind, i);
        }
    }

    private static boolean[] chosen(VfioMessage message, int data, int count) {
        if (data == VfioLayout.SET_BOOL && message.size() < VfioLayout.SET_DATA + count) {
            throw new Refusal("interrupts chosen by too few bytes");
        }
        boolean[] chosen = new boolean[count];
        for (int i = 0; i < count; i++) {
            chosen[i] = data == VfioLayout.SET_NONE || message.u8(VfioLayout.SET_DATA + i) != 0;
        }
        return chosen;
    }

    private void setEvents(VfioMessage message, InterruptKind kind, int action, int first, int end) {
        int came = message.descriptors().count();
        if (came != 0 && came != end - first) {
            throw new Refusal(came + " events for " + (end - first) + " interrupts");
        }
        if (action == VfioLayout.SET_TRIGGER) {
            // all are looked at before the first takes effect
            List<EventFd> events = adopt(message);
            for (int i = first; i < end; i++) {
                if (events.isEmpty()) {
                    lines.disconnect(kind, i);
                } else {
                    lines.connect(kind, i, events.get(i - first));
                }
            }
        } else if (action == VfioLayout.SET_UNMASK && kind == InterruptKind.INTX) {
            lines.unmaskBy(came == 0 ? null : adopt(message).getFirst());
        } else {
            throw new Refusal(ErrorNumber.NOT_SUPPORTED, "an event for a mask");
        }
    }

    private static List<EventFd> adopt(VfioMessage message) {
        List<EventFd> events = new ArrayList<>();
        try {
            while (message.descriptors().count() > 0) {
                Fd next = message.takeDescriptor();
                events.add(EventFd.adopt(next));
            }
            return events;
        } catch (IllegalArgumentException e) {
            events.forEach(EventFd::close);
            throw new Refusal("a descriptor that is no event");
        }
    }
}
