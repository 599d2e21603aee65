package dev.cipu.shim.assembly;

import dev.cipu.dataplane.net.GuestPort;
import dev.cipu.dataplane.net.Port;
import dev.cipu.shim.card.CardFunction;
import dev.cipu.virtio.memory.GuestMemory;
import dev.cipu.virtio.net.NetDevice;
import dev.cipu.virtio.ring.Virtqueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** A network device of the card: a port of a switch, served by that switch's worker. */
final class NetFunction extends CardFunction {
    private final NetDevice device;
    private final SwitchOnCore network;
    private final GuestPort port;
    private final Port inSwitch;
    private final @Nullable Attachment[] attachments;
    private final Runnable faultListener = this::tellOfMemoryFault;

    /** A queue on the worker: how it is woken. */
    private record Attachment(int kickFd, boolean kicks) {}

    /**
     * @param inSwitch the port as its switch has it: itself, or what stands in front of it
     */
    NetFunction(NetDevice device, SwitchOnCore network, GuestPort port, Port inSwitch) {
        this.device = device;
        this.network = network;
        this.port = port;
        this.inSwitch = inSwitch;
        attachments = new Attachment[device.queueCount()];
        network.core().onMemoryFault(faultListener);
    }

    private void tellOfMemoryFault() {
        listener().memoryFault();
    }

    /** Pulls the port out of its switch, for good; no transport may drive the device any more. */
    void unplug() {
        for (int i = 0; i < attachments.length; i++) {
            detach(i);
        }
        network.unplug(inSwitch);
        network.core().forgetMemoryFault(faultListener);
    }

    @Override
    public NetDevice device() {
        return device;
    }

    @Override
    public void attach(int queue, Virtqueue q, int kickFd) {
        if (attachments[queue] != null) {
            throw new IllegalStateException("queue " + queue + " is attached already");
        }
        CardCore core = network.core();
        Attachment attachment = new Attachment(kickFd, core.watch(kickFd));
        try {
            core.worker().call(() -> port.attach(queue, q, new QueueEvents(queue, core, this::listener)));
        } catch (RuntimeException | InternalError e) {
            // the port may have the queue although its ring's memory faulted
            core.worker().call(() -> port.detach(queue));
            core.unwatch(kickFd, attachment.kicks());
            throw e;
        }
        attachments[queue] = attachment;
    }

    @Override
    public void detach(int queue) {
        Attachment attachment = attachments[queue];
        if (attachment == null) {
            return;
        }
        CardCore core = network.core();
        core.worker().call(() -> {
            port.enable(queue, false);
            port.detach(queue);
        });
        attachments[queue] = null;
        core.unwatch(attachment.kickFd(), attachment.kicks());
    }

    /** Between two turns of the worker no frame is under way. */
    @Override
    public void replaceMemory(int queue, GuestMemory memory, boolean quiesce) {
        if (attachments[queue] != null) {
            network.core().worker().call(() -> port.replaceMemory(queue, memory));
        }
    }

    @Override
    public void enable(int queue, boolean on) {
        if (attachments[queue] != null) {
            network.core().worker().call(() -> port.enable(queue, on));
        }
    }

    @Override
    public boolean canAnnounce() {
        return true;
    }

    @Override
    public void announce(byte[] mac) {
        network.announce(mac);
    }

    /** The cable is plugged in, or pulled out: the driver hears of it. Any thread. */
    void link(boolean up) {
        device.linkUp(up);
        listener().configChanged();
    }

    /**
     * Asks the driver to tell the network where its guest is now. Any thread.
     *
     * @return false if this driver cannot be asked; {@link #announce} can do it in its place
     */
    boolean askToAnnounce() {
        AtomicBoolean asked = new AtomicBoolean();
        // where what was negotiated and whether commands are served are known
        network.core().worker().call(() -> asked.set(device.announce()));
        if (asked.get()) {
            listener().configChanged();
        }
        return asked.get();
    }
}
