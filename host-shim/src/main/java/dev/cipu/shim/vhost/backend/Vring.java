package dev.cipu.shim.vhost.backend;

import dev.cipu.shim.card.CardFunction;
import dev.cipu.shim.posix.EventFd;
import dev.cipu.shim.posix.Fd;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.memory.GuestMemory;
import dev.cipu.virtio.memory.Le;
import dev.cipu.virtio.ring.SplitLayout;
import dev.cipu.virtio.ring.SplitQueue;
import dev.cipu.virtio.ring.SplitQueueBuilder;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * What the front-end has said about one ring, and the queue made of it while it runs. Owned by the session's thread.
 *
 * <p>A ring starts once it has a size, addresses that lie in the memory table, and a kick descriptor or the word that
 * there is none. The protocol waits for the first kick as well; we do not, as DPDK does not: a driver whose kicks we
 * suppress need never send one. [vhost-user "Ring states"]
 */
final class Vring implements AutoCloseable {
    private static final int MAX_INDEX = 0xffff;
    private static final int[] NONE = {};

    private final int index;
    private final CardFunction function;
    private final CallLine call = new CallLine();
    private @Nullable EventFd error;
    private @Nullable Fd kick;

    private int size;
    private int base;

    /** Whether {@link #base} is where this back-end stopped, rather than what a front-end believes. */
    private boolean ownBase;

    private long descriptors;
    private long used;
    private long avail;
    private boolean addressed;
    private boolean kickKnown;
    private boolean wanted;
    private boolean driverReady = true;
    private boolean failed;
    private @Nullable SplitQueue running;

    /** Heads that were taken and not answered when the ring was suspended. */
    private int[] unanswered = NONE;

    Vring(int index, CardFunction function) {
        this.index = index;
        this.function = function;
    }

    boolean isRunning() {
        return running != null;
    }

    /** True when everything is known that a ring needs, so that only its memory can keep it from running. */
    boolean isComplete() {
        return size != 0 && addressed && kickKnown && !failed;
    }

    void size(int descriptorCount) {
        refuseWhileRunning("size");
        if (!SplitLayout.isValidSize(descriptorCount)) {
            throw new RefusedException(name() + ": size " + Integer.toUnsignedString(descriptorCount));
        }
        size = descriptorCount;
    }

    void base(int lastAvail) {
        refuseWhileRunning("base");
        if (lastAvail < 0 || lastAvail > MAX_INDEX) {
            throw new RefusedException(name() + ": base " + Integer.toUnsignedString(lastAvail));
        }
        base = lastAvail;
        ownBase = false;
    }

    /** User addresses. A running ring may be told what it knows already. */
    void addresses(long descriptorTable, long usedRing, long availRing) {
        if (addressed && descriptorTable == descriptors && usedRing == used && availRing == avail) {
            return;
        }
        refuseWhileRunning("addresses");
        // [virtio-1.4 §2.7] alignment of the three parts
        if (descriptorTable % SplitLayout.DESCRIPTOR_ALIGN != 0
                || usedRing % SplitLayout.USED_ALIGN != 0
                || availRing % SplitLayout.AVAIL_ALIGN != 0) {
            throw new RefusedException(name() + ": misaligned addresses");
        }
        descriptors = descriptorTable;
        used = usedRing;
        avail = availRing;
        addressed = true;
        failed = false;
    }

    /** Consumes the descriptor. Null, or one that is no eventfd: the ring is polled. */
    void kick(@Nullable Fd event) {
        SplitQueue queue = running;
        if (queue != null) {
            function.detach(index);
        }
        closeKick();
        if (event != null && event.isEventFd()) {
            kick = event;
        } else if (event != null) {
            event.close();
        }
        kickKnown = true;
        failed = false;
        if (queue != null) {
            hand(queue);
        }
    }

    /** Consumes the descriptor; null: the front-end polls the used ring. */
    void call(@Nullable Fd event) {
        if (event == null) {
            call.disconnect();
        } else {
            call.connect(adopt(event));
        }
    }

    /** Consumes the descriptor; null: the front-end does not want to know. */
    void error(@Nullable Fd event) {
        EventFd next = event == null ? null : adopt(event);
        if (error != null) {
            error.close();
        }
        error = next;
    }

    private EventFd adopt(Fd event) {
        try {
            return EventFd.adopt(event);
        } catch (IllegalArgumentException e) {
            throw new RefusedException(name() + ": " + e.getMessage());
        }
    }

    /** Whether the front-end wants the ring processed; remembered until it runs. */
    void enable(boolean on) {
        wanted = on;
        if (running != null) {
            // The protocol has a disabled transmitq drained and dropped. We leave it alone, as DPDK does: frames that
            // the driver queued before it was ready are sent once it is.
            function.enable(index, on && driverReady);
        }
    }

    /** Whether the driver has finished its set-up. [virtio-1.4 §2.1.2] Not a buffer may be consumed before that. */
    void driverIsReady(boolean ready) {
        if (ready != driverReady) {
            driverReady = ready;
            enable(wanted);
        }
    }

    /**
     * Starts the ring if its addresses lie in {@code memory}; false if they do not, and the error event says so.
     *
     * @param inflight the ring's part of the inflight region, or null
     */
    boolean start(GuestMemory memory, FeatureSet features, @Nullable InflightRegion inflight) {
        MemorySegment descriptorTable = memory.userRange(descriptors, SplitLayout.descriptorBytes(size));
        MemorySegment usedRing = memory.userRange(used, SplitLayout.usedBytes(size));
        MemorySegment availRing = memory.userRange(avail, SplitLayout.availBytes(size));
        if (descriptorTable == null || usedRing == null || availRing == null) {
            signalError();
            return false;
        }
        try {
            // a region may be mapped at an odd address, and then even the used index cannot be read
            SplitQueueBuilder builder = new SplitQueueBuilder()
                    .size(size)
                    .memory(memory)
                    .rings(descriptorTable, availRing, usedRing)
                    .features(features)
                    .interrupt(call)
                    .lastAvail(ownBase ? base : usedIndex(usedRing));
            if (inflight == null) {
                builder.resubmit(unanswered);
            } else {
                resume(builder, inflight.queue(index, size), usedRing);
            }
            hand(builder.build());
            unanswered = NONE;
            return true;
        } catch (IllegalArgumentException | RefusedException e) {
            failed = true;
            signalError();
            throw new RefusedException(name() + ": " + e.getMessage());
        }
    }

    /** What was in flight counts as taken from the available ring, whatever base the front-end believes in. */
    private void resume(SplitQueueBuilder builder, InflightQueue record, MemorySegment usedRing) {
        int usedIndex = usedIndex(usedRing);
        int[] resubmit = record.recover(usedIndex);
        builder.inflight(record).resubmit(resubmit).lastAvail(SplitLayout.wrap(usedIndex + resubmit.length));
    }

    /**
     * Where a ring with a past goes on. DPDK's virtio-user names base 0 when a back-end reconnects, whatever the ring's index;
     * a stopped ring has nothing in flight, so the used index is the truth, and in all other cases equals the base.
     */
    private static int usedIndex(MemorySegment usedRing) {
        return Short.toUnsignedInt(usedRing.get(Le.SHORT, SplitLayout.INDEX));
    }

    private void hand(SplitQueue queue) {
        function.attach(index, queue, kick == null ? CardFunction.POLLED : kick.number());
        running = queue;
        function.enable(index, wanted && driverReady);
    }

    /** Lets the queue resolve descriptors through {@code memory}, which still has the ring where it was. */
    void replaceMemory(GuestMemory memory) {
        SplitQueue queue = running;
        if (queue != null) {
            function.detach(index);
            queue.replaceMemory(memory);
            hand(queue);
        }
    }

    /** Takes the ring back from its worker; it can start again from where it was. */
    void pause() {
        SplitQueue queue = running;
        if (queue != null) {
            function.detach(index);
            base = queue.lastAvail();
            ownBase = true;
            running = null;
        }
    }

    /**
     * As {@link #pause}, after a fault that left the worker in the middle of something although the memory is whole: what it had
     * done becomes visible, what it had taken is taken again by the ring's next start.
     */
    void suspend() {
        SplitQueue queue = running;
        pause();
        if (queue != null) {
            queue.release();
            unanswered = queue.unanswered();
            // the worker may have owed it
            call.raise();
        }
    }

    /** Stops the ring until the front-end sends a kick descriptor again. Returns the base for its next start. */
    int stop() {
        pause();
        unanswered = NONE;
        closeKick();
        kickKnown = false;
        return base;
    }

    /** The ring's driver or memory is bad: stopped until it is set up anew, and the front-end told. */
    void fail() {
        pause();
        failed = true;
        signalError();
    }

    /** As after connecting, except that events and whether the front-end polls are kept. */
    void reset() {
        stop();
        size = 0;
        base = 0;
        ownBase = false;
        addressed = false;
        failed = false;
        wanted = false;
    }

    /** Whether the ring runs and has a part in the region. */
    boolean lies(MemoryRegion region) {
        return running != null && (region.holdsUser(descriptors) || region.holdsUser(used) || region.holdsUser(avail));
    }

    private void signalError() {
        if (error != null) {
            error.signal();
        }
    }

    private void closeKick() {
        if (kick != null) {
            kick.close();
            kick = null;
        }
    }

    private void refuseWhileRunning(String what) {
        if (running != null) {
            throw new RefusedException(name() + ": new " + what + " while it runs");
        }
    }

    private String name() {
        return "queue " + index;
    }

    @Override
    public void close() {
        stop();
        call.close();
        error(null);
    }
}
