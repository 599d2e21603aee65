package dev.cipu.shim.vfio.server;

import dev.cipu.device.pci.QueueHost;
import dev.cipu.device.pci.QueueSetup;
import dev.cipu.shim.card.CardFunction;
import dev.cipu.shim.posix.EventFd;
import dev.cipu.shim.session.PageLog;
import dev.cipu.shim.session.RingLog;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.memory.GuestMemory;
import dev.cipu.virtio.ring.Interrupt;
import dev.cipu.virtio.ring.PackedQueue;
import dev.cipu.virtio.ring.RingFormat;
import dev.cipu.virtio.ring.SplitQueue;
import dev.cipu.virtio.ring.Virtqueue;
import dev.cipu.virtio.ring.VirtqueueBuilder;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The queues that a driver sets up through the registers of a PCI function, run by the card. Made once for a function;
 * sessions come and go, each with memory of its own and with events for kicks of its own.
 *
 * <p>A queue whose ring loses the memory under itself stops, and goes on from where it was once that is back: a client that
 * changes its map of memory does so piece by piece.
 *
 * <p>Owner: the function's control thread. No mapping is closed before {@link #memory} without it has returned.
 */
public final class CardQueues implements QueueHost {
    private static final int LOW = 0xffff;
    private static final int[] NONE = {};

    private final CardFunction card;
    private final @Nullable Ring[] rings;
    private final @Nullable EventFd[] kicks;
    private GuestMemory memory = GuestMemory.EMPTY;
    private @Nullable PageLog log;
    private boolean polled;
    private boolean served = true;

    public CardQueues(CardFunction card) {
        this.card = card;
        rings = new Ring[card.device().queueCount()];
        kicks = new EventFd[rings.length];
    }

    /** A queue that its driver has started. */
    private static final class Ring {
        final QueueSetup setup;
        final FeatureSet features;
        final Interrupt interrupt;

        /** While a worker has it. */
        @Nullable
        Virtqueue queue;

        /** Where it stopped, and the heads that were taken and not answered then. */
        int position;

        int[] unanswered = NONE;
        boolean broken;

        Ring(QueueSetup setup, FeatureSet features, Interrupt interrupt) {
            this.setup = setup;
            this.features = features;
            this.interrupt = interrupt;
            position = format().start();
        }

        RingFormat format() {
            return RingFormat.of(features);
        }

        /** The three parts where the device may do with them what it must, null if they are not all there. */
        MemorySegment @Nullable [] in(GuestMemory memory) {
            RingFormat format = format();
            MemorySegment descriptors = part(
                    memory, setup.descriptors(), format.descriptorBytes(setup.size()), format == RingFormat.PACKED);
            MemorySegment driver = part(memory, setup.driver(), format.driverBytes(setup.size()), false);
            MemorySegment device = part(memory, setup.device(), format.deviceBytes(setup.size()), true);
            return descriptors == null || driver == null || device == null
                    ? null
                    : new MemorySegment[] {descriptors, driver, device};
        }

        private static @Nullable MemorySegment part(GuestMemory memory, long address, long bytes, boolean written) {
            int region = memory.regionOf(address);
            boolean allowed =
                    region >= 0 && memory.permits(region, false) && (!written || memory.permits(region, true));
            return allowed ? memory.guestRange(address, bytes) : null;
        }
    }

    @Override
    public boolean start(int index, QueueSetup setup, Interrupt interrupt) {
        stop(index);
        Ring ring = new Ring(setup, card.device().negotiated(), interrupt);
        if (!ring.format().isValidSize(setup.size())) {
            return false;
        }
        VirtqueueBuilder builder = builder(ring);
        if (builder == null) {
            return false;
        }
        try {
            hand(index, ring, builder.fresh(ring.position).build());
        } catch (IllegalArgumentException misaligned) {
            return false;
        }
        rings[index] = ring;
        return true;
    }

    /** What to build a queue with, null if its ring is not in memory. */
    private @Nullable VirtqueueBuilder builder(Ring ring) {
        MemorySegment[] parts = ring.in(memory);
        if (parts == null) {
            return null;
        }
        PageLog pages = log;
        return new VirtqueueBuilder()
                .size(ring.setup.size())
                .memory(memory)
                .features(ring.features)
                .rings(parts[0], parts[1], parts[2])
                .dirty(pages == null ? null : RingLog.whereItLies(pages, memory, parts[2].address()))
                .interrupt(ring.interrupt);
    }

    private void hand(int index, Ring ring, Virtqueue queue) {
        card.attach(
                index, queue, polled ? CardFunction.POLLED : event(index).fd().number());
        ring.queue = queue;
        card.enable(index, served);
    }

    @Override
    public void stop(int index) {
        Ring ring = rings[index];
        if (ring != null) {
            card.detach(index);
            ring.queue = null;
            rings[index] = null;
        }
    }

    @Override
    public void kick(int index) {
        EventFd event = index >= 0 && index < kicks.length ? kicks[index] : null;
        if (event != null) {
            event.signal();
        }
    }

    @Override
    public void serve(boolean on) {
        served = on;
        for (int i = 0; i < rings.length; i++) {
            Ring ring = rings[i];
            if (ring != null && ring.queue != null) {
                card.enable(i, on);
            }
        }
    }

    /** The event by which a queue is kicked; it lasts as long as the session. */
    EventFd event(int index) {
        EventFd event = kicks[index];
        if (event == null) {
            event = EventFd.create();
            kicks[index] = event;
        }
        return event;
    }

    int count() {
        return rings.length;
    }

    /** Whether a worker has the queue. */
    boolean isRunning(int index) {
        Ring ring = rings[index];
        return ring != null && ring.queue != null;
    }

    /**
     * From now on the driver's addresses are those of {@code next}.
     *
     * @param quiesce whether nothing may be under way, when this returns, that was found in the memory before
     */
    void memory(GuestMemory next, boolean quiesce) {
        GuestMemory before = memory;
        memory = next;
        for (int i = 0; i < rings.length; i++) {
            Ring ring = rings[i];
            if (ring == null) {
                continue;
            }
            if (ring.queue != null) {
                if (log == null && liesAsBefore(ring, before)) {
                    card.replaceMemory(i, next, quiesce);
                } else {
                    // a log knows which page is where
                    pause(i, ring);
                }
            }
            resume(i, ring);
        }
    }

    private boolean liesAsBefore(Ring ring, GuestMemory before) {
        MemorySegment[] then = ring.in(before);
        MemorySegment[] now = ring.in(memory);
        if (then == null || now == null) {
            return false;
        }
        for (int i = 0; i < now.length; i++) {
            if (then[i].address() != now[i].address()) {
                return false;
            }
        }
        return true;
    }

    /** Where pages that devices write are marked from now on, null for nowhere. */
    void log(@Nullable PageLog pages) {
        log = pages;
        restartAll();
    }

    /** From now on kicks may stay away: the client writes where nobody sees it. */
    void poll() {
        if (!polled) {
            polled = true;
            restartAll();
        }
    }

    private void restartAll() {
        for (int i = 0; i < rings.length; i++) {
            Ring ring = rings[i];
            if (ring != null && ring.queue != null) {
                pause(i, ring);
                resume(i, ring);
            }
        }
    }

    private void pause(int index, Ring ring) {
        Virtqueue queue = ring.queue;
        if (queue != null) {
            card.detach(index);
            ring.position = queue.position();
            ring.queue = null;
        }
    }

    private void resume(int index, Ring ring) {
        VirtqueueBuilder builder = ring.queue != null || ring.broken ? null : builder(ring);
        if (builder == null) {
            return;
        }
        if (ring.format() == RingFormat.PACKED) {
            // a queue that stopped has nothing in flight, so one of its two positions says both
            int at = ring.position & LOW;
            builder.position(at << 16 | at);
        } else {
            builder.position(ring.position).resubmit(ring.unanswered);
        }
        hand(index, ring, builder.build());
        ring.unanswered = NONE;
    }

    /**
     * After a fault that left the worker in the middle of something although the memory is whole: what it had done becomes
     * visible, what it had taken is taken again.
     */
    void restart(int index) {
        Ring ring = rings[index];
        Virtqueue queue = ring == null ? null : ring.queue;
        if (ring == null || queue == null) {
            return;
        }
        pause(index, ring);
        switch (queue) {
            case SplitQueue split -> {
                split.release();
                ring.unanswered = split.unanswered();
            }
            case PackedQueue packed -> packed.giveBack();
        }
        resume(index, ring);
        // the worker may have owed it
        ring.interrupt.raise();
    }

    /** The driver has broken the rules of a queue: it stands still until it is set up anew. */
    void fail(int index) {
        Ring ring = rings[index];
        if (ring != null) {
            pause(index, ring);
            ring.broken = true;
        }
    }

    /**
     * The session ends: no queue runs, none has memory, and the events are closed. Should a worker not let go of a queue, the
     * others are taken back all the same; then this throws, and the memory must stay mapped.
     */
    void release() {
        RuntimeException held = null;
        for (int i = 0; i < rings.length; i++) {
            try {
                stop(i);
            } catch (RuntimeException e) {
                if (held == null) {
                    held = e;
                } else {
                    held.addSuppressed(e);
                }
            }
        }
        if (held != null) {
            throw held;
        }
        memory = GuestMemory.EMPTY;
        log = null;
        polled = false;
        served = true;
        for (int i = 0; i < kicks.length; i++) {
            EventFd event = kicks[i];
            if (event != null) {
                event.close();
                kicks[i] = null;
            }
        }
    }
}
