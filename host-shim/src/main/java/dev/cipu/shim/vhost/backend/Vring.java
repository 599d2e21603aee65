package dev.cipu.shim.vhost.backend;

import dev.cipu.shim.card.CardFunction;
import dev.cipu.shim.posix.EventFd;
import dev.cipu.shim.posix.Fd;
import dev.cipu.shim.session.EventLine;
import dev.cipu.shim.session.RingLog;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.memory.GuestMemory;
import dev.cipu.virtio.memory.Le;
import dev.cipu.virtio.ring.ChainRecord;
import dev.cipu.virtio.ring.PackedLayout;
import dev.cipu.virtio.ring.RingFormat;
import dev.cipu.virtio.ring.SplitLayout;
import dev.cipu.virtio.ring.TranslationMiss;
import dev.cipu.virtio.ring.Virtqueue;
import dev.cipu.virtio.ring.VirtqueueBuilder;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the front-end has said about one ring, and the queue made of it while it runs. Owned by the session's thread.
 *
 * <p>A ring starts once it has a size, addresses that lie in the memory table, and a kick descriptor or the word that
 * there is none. The protocol waits for the first kick as well; we do not, as DPDK does not: a driver whose kicks we
 * suppress need never send one. [vhost-user "Ring states"]
 */
final class Vring implements AutoCloseable {
    private static final int LOW = 0xffff;
    private static final int[] NONE = {};

    private final int index;
    private final CardFunction function;
    private final EventLine call = new EventLine();
    private @Nullable EventFd error;
    private @Nullable Fd kick;

    private int size;
    private int base;

    /**
     * As {@link #base}, but kept through resets: QEMU 7.2 writes the status 0 before it asks where a ring has stopped, and migrates
     * its guest with the answer.
     */
    private int lastBase;

    /** Whether {@link #base} is where this back-end stopped, rather than what a front-end believes. */
    private boolean ownBase;

    /** Whether the front-end stopped the ring, so that nothing is in flight. */
    private boolean stopped;

    private long descriptors;
    private long used;
    private long avail;

    /** Whether writes to {@link #used} are to be logged, and under which guest address. */
    private boolean usedLogged;

    private long usedLog;
    private boolean addressed;
    private boolean kickKnown;
    private boolean wanted;
    private boolean driverReady = true;
    private boolean failed;
    private @Nullable Virtqueue running;

    /** Where the parts of the running ring lie in this process. */
    private long[] lyingAt = {};

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

    /**
     * @param format of the ring as far as it is known; a ring of another size than it can have does not start
     */
    void size(int descriptorCount, @Nullable RingFormat format) {
        refuseWhileRunning("size");
        if (!PackedLayout.isValidSize(descriptorCount) || (format != null && !format.isValidSize(descriptorCount))) {
            throw new RefusedException(name() + ": size " + Integer.toUnsignedString(descriptorCount));
        }
        size = descriptorCount;
    }

    void base(int position, @Nullable RingFormat format) {
        refuseWhileRunning("base");
        if (format != RingFormat.PACKED && (position & ~LOW) != 0) {
            throw new RefusedException(name() + ": base " + Integer.toUnsignedString(position));
        }
        base = position;
        lastBase = position;
        ownBase = false;
    }

    /**
     * Whether and where writes to the used ring are logged. A running ring starts anew with it.
     *
     * @param address a guest address
     */
    void log(boolean on, long address) {
        if (on != usedLogged || address != usedLog) {
            usedLogged = on;
            usedLog = address;
            pause();
        }
    }

    /** User addresses, or I/O virtual ones. A running ring may be told what it knows already. */
    void addresses(long descriptorTable, long usedRing, long availRing) {
        if (addressed && descriptorTable == descriptors && usedRing == used && availRing == avail) {
            return;
        }
        refuseWhileRunning("addresses");
        // [virtio-1.4 §2.7] alignment of the three parts
        if (!RingFormat.SPLIT.isAligned(descriptorTable, availRing, usedRing)) {
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
        Virtqueue queue = running;
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
            // a call that went to its predecessor unseen is not lost
            call.raise();
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

    /** A part of a ring, and whether the device writes to it. */
    private record Part(long address, long bytes, boolean write) {
        @Nullable
        MemorySegment in(GuestMemory memory) {
            if (!memory.isTranslated()) {
                return memory.userRange(address, bytes);
            }
            int region = memory.regionOf(address);
            return region >= 0 && memory.permits(region, write) ? memory.guestRange(address, bytes) : null;
        }
    }

    private Part[] parts(RingFormat format) {
        return new Part[] {
            new Part(descriptors, format.descriptorBytes(size), format == RingFormat.PACKED),
            new Part(avail, format.driverBytes(size), false),
            new Part(used, format.deviceBytes(size), true)
        };
    }

    /** Where the ring lies beyond what is translated, null if all of it is. */
    @Nullable
    TranslationMiss firstMissing(GuestMemory translated, RingFormat format) {
        for (Part part : parts(format)) {
            long at = part.address;
            while (Long.compareUnsigned(at - part.address, part.bytes) < 0) {
                int region = translated.regionOf(at);
                if (region < 0) {
                    return new TranslationMiss(at, part.write);
                }
                at = translated.base(region) + translated.size(region);
            }
        }
        return null;
    }

    /** Whether the running ring lies in this process where these translations have it. */
    boolean liesIn(GuestMemory translated, RingFormat format) {
        Part[] parts = parts(format);
        for (int i = 0; i < parts.length; i++) {
            MemorySegment found = parts[i].in(translated);
            if (found == null || found.address() != lyingAt[i]) {
                return false;
            }
        }
        return true;
    }

    /**
     * Starts the ring if its addresses lie in {@code memory}; false if they do not, and the error event says so.
     *
     * @param table the memory table, which {@code memory} is too unless it is translated
     * @param inflight the ring's part of the inflight region, or null
     * @param log where what the device writes is logged, or null
     */
    boolean start(
            GuestMemory memory,
            GuestMemory table,
            FeatureSet features,
            @Nullable InflightRegion inflight,
            @Nullable LogRegion log,
            @Nullable EventFd logged) {
        RingFormat format = RingFormat.of(features);
        Part[] parts = parts(format);
        MemorySegment descriptorTable = parts[0].in(memory);
        MemorySegment driverArea = parts[1].in(memory);
        MemorySegment deviceArea = parts[2].in(memory);
        if (descriptorTable == null || deviceArea == null || driverArea == null) {
            signalError();
            return false;
        }
        try {
            // a region may be mapped at an odd address, and then even the used index cannot be read
            VirtqueueBuilder builder = new VirtqueueBuilder()
                    .size(size)
                    .memory(memory)
                    .rings(descriptorTable, driverArea, deviceArea)
                    .features(features)
                    .dirty(log == null ? null : ringLog(log, logged, table, memory.isTranslated(), deviceArea))
                    .interrupt(call);
            if (stopped && !ownBase && features.has(RingFeature.RING_RESET)) {
                beginAnew(builder, format, inflight);
            } else if (format == RingFormat.PACKED) {
                goOnPacked(builder, inflight, descriptorTable);
            } else {
                goOnSplit(builder, inflight, deviceArea);
            }
            lyingAt = new long[] {descriptorTable.address(), driverArea.address(), deviceArea.address()};
            hand(builder.build());
            unanswered = NONE;
            stopped = false;
            return true;
        } catch (IllegalArgumentException | RefusedException e) {
            failed = true;
            signalError();
            throw new RefusedException(name() + ": " + e.getMessage());
        }
    }

    /** The driver has reset the queue: all of its state is what the front-end says. {@code [virtio-1.4 §2.6.1]} */
    private void beginAnew(VirtqueueBuilder builder, RingFormat format, @Nullable InflightRegion inflight) {
        if (format == RingFormat.PACKED) {
            int at = base & LOW;
            builder.position(at << 16 | at);
            if (inflight != null) {
                PackedInflightQueue record = inflight.packed(index, size);
                record.setUp(at);
                builder.inflight(record);
            }
        } else {
            builder.fresh(base);
            if (inflight != null) {
                InflightQueue record = inflight.split(index, size);
                record.setUp(base);
                builder.inflight(record);
            }
        }
    }

    private RingLog ringLog(
            LogRegion log, @Nullable EventFd logged, GuestMemory table, boolean translated, MemorySegment deviceArea) {
        if (!usedLogged) {
            return new RingLog(log, logged, table, RingLog.Area.NOT, 0);
        }
        return translated
                ? new RingLog(log, logged, table, RingLog.Area.WHERE_IT_IS, deviceArea.address())
                : new RingLog(log, logged, table, RingLog.Area.AT_ADDRESS, usedLog);
    }

    private void goOnSplit(VirtqueueBuilder builder, @Nullable InflightRegion inflight, MemorySegment usedRing) {
        int usedIndex = usedIndex(usedRing);
        if (inflight == null) {
            builder.position(ownBase ? base : usedIndex).resubmit(unanswered);
            return;
        }
        InflightQueue record = inflight.split(index, size);
        int[] resubmit = record.recover(usedIndex);
        // what was in flight counts as taken from the available ring, whatever base the front-end believes in
        builder.inflight(record).resubmit(resubmit).position(SplitLayout.wrap(usedIndex + resubmit.length));
    }

    /** A stopped ring has nothing in flight, so one position says all; DPDK leaves the upper half of the word zero. */
    private void goOnPacked(VirtqueueBuilder builder, @Nullable InflightRegion inflight, MemorySegment ring) {
        int at = base & LOW;
        if (inflight == null) {
            builder.position(at << 16 | at);
            return;
        }
        PackedInflightQueue record = inflight.packed(index, size);
        List<ChainRecord> chains = record.recover(ring, at);
        int slots = chains.stream().mapToInt(ChainRecord::slots).sum();
        // what was in flight counts as taken from the ring, whatever base the front-end believes in
        int next = PackedLayout.advance(record.used(), slots, size);
        builder.inflight(record).resubmit(chains).position(record.used() << 16 | next);
    }

    /**
     * Where a ring with a past goes on. DPDK's virtio-user names base 0 when a back-end reconnects, whatever the ring's index;
     * a stopped ring has nothing in flight, so the used index is the truth, and in all other cases equals the base.
     */
    private static int usedIndex(MemorySegment usedRing) {
        return Short.toUnsignedInt(usedRing.get(Le.SHORT, SplitLayout.INDEX));
    }

    private void hand(Virtqueue queue) {
        function.attach(index, queue, kick == null ? CardFunction.POLLED : kick.number());
        running = queue;
        function.enable(index, wanted && driverReady);
    }

    /** Lets the queue resolve descriptors through {@code memory}, which still has the ring where it was. */
    void replaceMemory(GuestMemory memory) {
        Virtqueue queue = running;
        if (queue != null) {
            function.detach(index);
            queue.replaceMemory(memory);
            hand(queue);
        }
    }

    /**
     * Lets the ring go on with other translations.
     *
     * @param quiesce whether nothing may be under way any more that was found through those before
     */
    void translate(GuestMemory memory, boolean quiesce) {
        if (running != null) {
            function.replaceMemory(index, memory, quiesce);
        }
    }

    /** Takes the ring back from its worker; it can start again from where it was. */
    void pause() {
        Virtqueue queue = running;
        if (queue != null) {
            function.detach(index);
            base = queue.position();
            lastBase = base;
            ownBase = true;
            running = null;
        }
    }

    /**
     * As {@link #pause}, after a fault that left the worker in the middle of something although the memory is whole: what it had
     * done becomes visible, what it had taken is taken again by the ring's next start.
     */
    void suspend() {
        Virtqueue queue = running;
        pause();
        if (queue != null) {
            unanswered = queue.abandon();
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
        stopped = true;
        return lastBase;
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
        stopped = false;
        size = 0;
        base = 0;
        ownBase = false;
        addressed = false;
        usedLogged = false;
        usedLog = 0;
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
