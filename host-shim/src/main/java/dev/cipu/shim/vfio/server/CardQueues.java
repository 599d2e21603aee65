package dev.cipu.shim.vfio.server;

import dev.cipu.device.pci.QueueHost;
import dev.cipu.device.pci.QueueSetup;
import dev.cipu.shim.card.CardFunction;
import dev.cipu.shim.posix.EventFd;
import dev.cipu.shim.session.PageLog;
import dev.cipu.shim.session.RingLog;
import dev.cipu.virtio.memory.GuestMemory;
import dev.cipu.virtio.ring.Interrupt;
import dev.cipu.virtio.ring.RingFormat;
import dev.cipu.virtio.ring.Virtqueue;
import dev.cipu.virtio.ring.VirtqueueBuilder;
import dev.cipu.virtio.ring.VirtqueueViolation;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The queues that a driver sets up through the registers of a PCI function, run by the card. Made once for a function;
 * sessions come and go, each with memory of its own and with events for kicks of its own.
 *
 * <p>A queue whose ring loses the memory under itself stops, and goes on from where it was once that is back: a client that
 * changes its map of memory does so piece by piece.
 *
 * <p>A queue that lies in memory which the client has not shared is served through a {@link FarRing}; so is one that lies in shared
 * memory, from its first buffer on that does not.
 *
 * <p>Owner: the function's control thread. No mapping is closed before {@link #memory} without it has returned.
 */
public final class CardQueues implements QueueHost {
    private static final int LOW = 0xffff;
    private static final int[] NONE = {};

    /** Between two looks at far rings whose driver's kicks nobody sees. */
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    private final CardFunction card;
    private final @Nullable CardRing[] rings;
    private final @Nullable EventFd[] kicks;
    private GuestMemory memory = GuestMemory.EMPTY;
    private GuestMemory wide = GuestMemory.EMPTY;
    private @Nullable FarMemory far;
    private Runnable wake = () -> {};
    private @Nullable PageLog log;
    private boolean polled;
    private boolean served = true;

    /** Whether kicks may come where the session's thread does not see them. */
    private boolean silent;

    private long lookedAt;
    private int changes;

    public CardQueues(CardFunction card) {
        this.card = card;
        rings = new CardRing[card.device().queueCount()];
        kicks = new EventFd[rings.length];
    }

    @Override
    public boolean start(int index, QueueSetup setup, Interrupt interrupt) {
        stop(index);
        CardRing ring = new CardRing(setup, card.device().negotiated(), interrupt);
        if (!ring.format().isValidSize(setup.size())) {
            return false;
        }
        VirtqueueBuilder builder = builder(ring);
        if (builder == null) {
            return startFar(index, ring);
        }
        try {
            hand(index, ring, builder.fresh(ring.position).build());
        } catch (IllegalArgumentException misaligned) {
            return false;
        }
        rings[index] = ring;
        return true;
    }

    private boolean startFar(int index, CardRing ring) {
        QueueSetup setup = ring.setup;
        if (ring.in(wide) == null || !ring.format().isAligned(setup.descriptors(), setup.driver(), setup.device())) {
            return false;
        }
        ring.far = new FarRing(setup, ring.features, ring.position, true, ring.interrupt, wake);
        ring.position = RingFormat.SPLIT.start();
        rings[index] = ring;
        changes++;
        return true;
    }

    /**
     * A queue has met a buffer that is not in memory. Goes on with it as a far one if the buffer may be far.
     *
     * @return false if there is no such memory
     */
    boolean goFar(int index) {
        CardRing ring = rings[index];
        if (ring == null || ring.far != null || wide.count() == memory.count() || ring.in(wide) == null) {
            return false;
        }
        pause(index, ring);
        int at = ring.position & LOW;
        int position = ring.format() == RingFormat.PACKED ? at << 16 | at : at;
        ring.far = new FarRing(ring.setup, ring.features, position, false, ring.interrupt, wake);
        ring.position = RingFormat.SPLIT.start();
        changes++;
        return true;
    }

    /** From now on far memory is reached in this way. */
    void reach(FarMemory memory, Runnable waker) {
        far = memory;
        wake = waker;
    }

    /** A count of what has happened to queues and memory. */
    int changes() {
        return changes;
    }

    /** From now on kicks may come where only workers see them. */
    void silent() {
        silent = true;
    }

    /** How long {@link #serveFar} may wait, in nanoseconds. */
    long farPause() {
        long pause = Long.MAX_VALUE;
        for (CardRing ring : rings) {
            if (ring != null && ring.far != null && !ring.broken && served) {
                long own = ring.far.hasWork() ? 0 : silent ? LOOK_NANOS : Long.MAX_VALUE;
                pause = Math.min(pause, own);
            }
        }
        return pause;
    }

    /**
     * Moves what there is to be moved between far memory and the workers' queues. Commands of the client are done meanwhile.
     *
     * <p>The queues of a pair come to their worker one after the other, as they would from a driver that sets them up, and for a moment
     * it has one of them. Each keeps its own order, and nothing waits for the other. A frame for a guest whose receiveq is away
     * is dropped and counted as one without a buffer; what the guest has put into a transmitq that is away waits there.
     *
     * @param violated hears of a queue whose driver has broken the rules, or whose memory the client does not let us have
     */
    void serveFar(IntConsumer violated) {
        FarMemory reached = far;
        long now = System.nanoTime();
        boolean due = silent && now - lookedAt >= LOOK_NANOS;
        if (reached == null || !served) {
            return;
        }
        if (due) {
            lookedAt = now;
        }
        for (int i = 0; i < rings.length; i++) {
            CardRing ring = rings[i];
            FarRing between = ring == null ? null : ring.far;
            if (ring == null || between == null || ring.broken || !(due || between.hasWork())) {
                continue;
            }
            try {
                serve(i, ring, between, reached);
            } catch (FarMemory.Changed e) {
                between.look();
            } catch (FarMemory.Fault | VirtqueueViolation e) {
                violated.accept(i);
            }
        }
    }

    private void serve(int index, CardRing ring, FarRing between, FarMemory reached) {
        reached.begin();
        if (ring.in(wide) == null) {
            between.rest();
            return;
        }
        if (ring.queue == null) {
            between.unpark(reached, wide);
            resume(index, ring);
        }
        if (between.serve(reached, wide)) {
            event(index).signal();
        }
    }

    /** The memory is about to change: no worker has a far queue until it has. */
    void park() {
        FarMemory reached = far;
        for (int i = 0; i < rings.length; i++) {
            CardRing ring = rings[i];
            if (ring != null && ring.far != null && reached != null) {
                pause(i, ring);
                ring.far.park(reached);
            }
        }
    }

    /** What to build a worker's queue with, null if its ring is not in memory. */
    private @Nullable VirtqueueBuilder builder(CardRing ring) {
        PageLog pages = log;
        FarRing between = ring.far;
        if (between != null) {
            return between.workers(wide).dirty(pages == null ? null : RingLog.whereItLies(pages, wide, 0));
        }
        MemorySegment[] parts = ring.in(memory);
        if (parts == null) {
            return null;
        }
        return new VirtqueueBuilder()
                .size(ring.setup.size())
                .memory(memory)
                .features(ring.features)
                .rings(parts[0], parts[1], parts[2])
                .dirty(pages == null ? null : RingLog.whereItLies(pages, memory, parts[2].address()))
                .interrupt(ring.interrupt);
    }

    private void hand(int index, CardRing ring, Virtqueue queue) {
        card.attach(
                index, queue, polled ? CardFunction.POLLED : event(index).fd().number());
        ring.queue = queue;
        card.enable(index, served);
    }

    @Override
    public void stop(int index) {
        CardRing ring = rings[index];
        if (ring != null) {
            card.detach(index);
            ring.queue = null;
            rings[index] = null;
            changes++;
            if (ring.far != null && far != null) {
                ring.far.close(far.pages());
            }
        }
    }

    @Override
    public void kick(int index) {
        CardRing ring = index >= 0 && index < rings.length ? rings[index] : null;
        if (ring != null && ring.far != null) {
            ring.far.look();
            return;
        }
        EventFd event = index >= 0 && index < kicks.length ? kicks[index] : null;
        if (event != null) {
            event.signal();
        }
    }

    @Override
    public void serve(boolean on) {
        served = on;
        // a function that may not reach memory does not begin to, and what is under way ends
        changes += on ? 0 : 1;
        for (int i = 0; i < rings.length; i++) {
            CardRing ring = rings[i];
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
        CardRing ring = rings[index];
        return ring != null && ring.queue != null;
    }

    /** Where pages that are written are marked, null for nowhere. */
    @Nullable
    PageLog log() {
        return log;
    }

    /**
     * From now on the driver's addresses are those of {@code next}. After {@link #park}.
     *
     * @param nextWide the same, and the card's own memory where the client's is far
     * @param quiesce whether nothing may be under way, when this returns, that was found in the memory before
     */
    void memory(GuestMemory next, GuestMemory nextWide, boolean quiesce) {
        GuestMemory before = memory;
        memory = next;
        wide = nextWide;
        changes++;
        for (int i = 0; i < rings.length; i++) {
            CardRing ring = rings[i];
            if (ring == null || ring.far != null) {
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

    private boolean liesAsBefore(CardRing ring, GuestMemory before) {
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
        silent = true;
        if (!polled) {
            polled = true;
            restartAll();
        }
    }

    private void restartAll() {
        for (int i = 0; i < rings.length; i++) {
            CardRing ring = rings[i];
            if (ring != null && ring.queue != null) {
                pause(i, ring);
                resume(i, ring);
            }
        }
    }

    private void pause(int index, CardRing ring) {
        Virtqueue queue = ring.queue;
        if (queue != null) {
            card.detach(index);
            ring.position = queue.position();
            ring.queue = null;
        }
    }

    private void resume(int index, CardRing ring) {
        VirtqueueBuilder builder = ring.queue != null || ring.broken ? null : builder(ring);
        if (builder == null) {
            return;
        }
        if (ring.workersFormat() == RingFormat.PACKED) {
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
        CardRing ring = rings[index];
        Virtqueue queue = ring == null ? null : ring.queue;
        if (ring == null || queue == null) {
            return;
        }
        pause(index, ring);
        ring.unanswered = queue.abandon();
        resume(index, ring);
        // the worker may have owed it
        ring.used().raise();
    }

    /** The driver has broken the rules of a queue: it stands still until it is set up anew. */
    void fail(int index) {
        CardRing ring = rings[index];
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
        wide = GuestMemory.EMPTY;
        far = null;
        wake = () -> {};
        log = null;
        polled = false;
        silent = false;
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
