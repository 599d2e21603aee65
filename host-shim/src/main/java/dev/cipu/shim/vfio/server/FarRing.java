package dev.cipu.shim.vfio.server;

import dev.cipu.device.pci.QueueSetup;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.driver.DriverQueue;
import dev.cipu.virtio.memory.GuestMemory;
import dev.cipu.virtio.ring.Chain;
import dev.cipu.virtio.ring.Interrupt;
import dev.cipu.virtio.ring.RingFormat;
import dev.cipu.virtio.ring.Violation;
import dev.cipu.virtio.ring.Virtqueue;
import dev.cipu.virtio.ring.VirtqueueBuilder;
import dev.cipu.virtio.ring.VirtqueueViolation;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * A queue of a driver whose ring or buffers are far, served all the same. A worker cannot wait for a message for each of its
 * accesses, so it gets another queue, a split ring in the card's own memory, and this stands between the two: the device's half of
 * the driver's ring over a {@link FarMirror} of it, and the driver's half of the worker's.
 *
 * <pre>
 *   driver's ring  --messages-->  mirror  --pop-->  chain  --add-->  worker's ring  -->  worker
 *   far buffers    --messages-->  the card's pages behind the same addresses       <--  reads and writes
 * </pre>
 *
 * <p>A chain is judged once, by the same code as any other, when it is popped from the mirror. What of it the device reads is then
 * fetched, what the device writes is brought back before the driver sees the chain used. Owned by the session's thread. Everything
 * here can be broken off at any message and begun again, see {@link FarMemory.Changed}: a chain is in one place at a time,
 * {@link #staged}, then with the worker, then {@link #done}.
 */
final class FarRing {
    /** Descriptors of the worker's ring at least: a chain has to fit that comes from an indirect table of the largest size. */
    private static final int LEAST_SLOTS = 2 * Virtqueue.MAX_INDIRECT;

    private static final int MOST_SLOTS = 32768;

    /** Pages of the card's that a queue may hold, 64 MiB. */
    private static final long MOST_PAGES = 16384;

    /** Looks at a ring in a row, so that a driver that is never done keeps no neighbour waiting. */
    private static final int MOST_LOOKS = 16;

    private static final int RING_ALIGN = 64;

    private final FarMirror mirror;
    private final Interrupt done;
    private final Arena arena = Arena.ofShared();
    private final FeatureSet workersFeatures;
    private final MemorySegment area;
    private final DriverQueue driver;
    private final Chain chain = new Chain();
    private final Held[] under;
    private final Deque<Held> returned = new ArrayDeque<>();
    private @Nullable Held staged;
    private long pages;
    private boolean wanted = true;
    private volatile boolean calling;

    /** A chain that the driver has made available and does not have back. */
    private static final class Held {
        final int head;
        final long[] addresses;
        final int[] lengths;
        final int readable;
        int written;

        /** What the device has written, once the memory that it was written to may go. */
        byte @Nullable [][] kept;

        Held(Chain from, GuestMemory memory) {
            head = from.head();
            int parts = from.parts();
            readable = from.readableParts();
            addresses = new long[parts];
            lengths = new int[parts];
            for (int i = 0; i < parts; i++) {
                addresses[i] = guestAddress(memory, from.address(i));
                lengths[i] = from.length(i);
            }
        }

        private static long guestAddress(GuestMemory memory, long host) {
            for (int i = 0; i < memory.count(); i++) {
                long offset = host - memory.host(i);
                if (offset >= 0 && offset < memory.size(i)) {
                    return memory.base(i) + offset;
                }
            }
            throw new IllegalStateException("a chain lies outside the memory it was found in");
        }

        long pages() {
            long sum = 0;
            for (int i = 0; i < addresses.length; i++) {
                sum += FarPages.count(addresses[i], lengths[i]);
            }
            return sum;
        }
    }

    /**
     * @param position where the driver's ring goes on, as {@link Virtqueue#position} tells it
     * @param fresh whether its driver has just set it up
     * @param toDriver how the driver is interrupted
     * @param wake wakes the session's thread, from any thread
     */
    FarRing(QueueSetup setup, FeatureSet features, int position, boolean fresh, Interrupt toDriver, Runnable wake) {
        mirror = new FarMirror(setup, features, position, fresh, toDriver);
        done = () -> {
            calling = true;
            wake.run();
        };
        // a plain ring that always calls: what the driver wishes is between it and the mirror
        workersFeatures = features.without(RingFeature.RING_PACKED)
                .without(RingFeature.EVENT_IDX)
                .without(RingFeature.INDIRECT_DESC)
                .without(RingFeature.IN_ORDER);
        int slots = Math.clamp(2L * Integer.highestOneBit(setup.size()), LEAST_SLOTS, MOST_SLOTS);
        area = arena.allocate(DriverQueue.bytes(RingFormat.SPLIT, slots, 0), RING_ALIGN);
        driver = DriverQueue.of(area, 0, slots, workersFeatures, 0);
        under = new Held[slots];
    }

    /** What the worker's queue is made of; where it goes on is the caller's to say. */
    VirtqueueBuilder workers(GuestMemory memory) {
        return new VirtqueueBuilder()
                .size(driver.size())
                .memory(memory)
                .features(workersFeatures)
                .rings(
                        area.asSlice(driver.descriptorAddress()),
                        area.asSlice(driver.driverAreaAddress()),
                        area.asSlice(driver.deviceAreaAddress()))
                .interrupt(done);
    }

    /** Called when the worker has used chains. */
    Interrupt done() {
        return done;
    }

    /** The driver may have made chains available. */
    void look() {
        wanted = true;
    }

    /** The ring is not in memory: there is nothing to do before it is. */
    void rest() {
        wanted = false;
        calling = false;
    }

    boolean hasWork() {
        return wanted || calling;
    }

    /** Moves what there is to be moved; returns whether the worker has to be kicked. */
    boolean serve(FarMemory memory, GuestMemory wide) {
        wanted = false;
        calling = false;
        try {
            return move(memory, wide);
        } catch (FarMemory.Changed e) {
            wanted = true;
            throw e;
        }
    }

    private boolean move(FarMemory memory, GuestMemory wide) {
        mirror.load(memory, wide);
        giveBack(memory);
        boolean kick = false;
        for (int i = 0; i < MOST_LOOKS; i++) {
            boolean full = take(memory, wide);
            kick |= driver.publish();
            if (full) {
                // there is room again when the worker has used something
                return kick;
            }
            if (!mirror.look(memory, wide) && !mirror.awaitKicks(memory)) {
                return kick;
            }
        }
        wanted = true;
        return kick;
    }

    /** Gives the driver what the worker has used. */
    private void giveBack(FarMemory memory) {
        collect();
        mirror.show(memory);
        if (returned.isEmpty()) {
            return;
        }
        Held next = returned.peek();
        while (next != null) {
            bring(memory, next);
            mirror.push(next.head, next.written);
            returned.remove();
            free(memory, next);
            next = returned.peek();
        }
        mirror.show(memory);
    }

    private void collect() {
        for (int name = driver.poll(); name >= 0; name = driver.poll()) {
            Held held = under[name];
            if (held == null) {
                throw new IllegalStateException("chain " + name + " is used and was not given");
            }
            under[name] = null;
            held.written = driver.usedLength();
            returned.add(held);
        }
    }

    /** Writes to far memory what the device has written to the card's. */
    private static void bring(FarMemory memory, Held held) {
        byte[][] kept = held.kept;
        for (int i = held.readable; i < held.addresses.length; i++) {
            long address = held.addresses[i];
            if (kept != null) {
                memory.write(address, MemorySegment.ofArray(kept[i - held.readable]));
            } else if (memory.isFar(address)) {
                memory.write(address, memory.own(address, held.lengths[i]));
            }
        }
    }

    private void free(FarMemory memory, Held held) {
        for (int i = 0; i < held.addresses.length; i++) {
            memory.pages().release(held.addresses[i], held.lengths[i]);
        }
        pages -= held.pages();
    }

    /** Gives the worker what the mirror shows; returns whether there is more than the worker has room for. */
    private boolean take(FarMemory memory, GuestMemory wide) {
        while (staged != null || mirror.pop(chain)) {
            Held held = staged;
            if (held == null) {
                held = new Held(chain, wide);
                if (!fits(held)) {
                    mirror.unpop(chain);
                    return true;
                }
                for (int i = 0; i < held.addresses.length; i++) {
                    memory.pages().take(held.addresses[i], held.lengths[i]);
                }
                pages += held.pages();
                staged = held;
            }
            fetch(memory, held);
            give(held);
            staged = null;
        }
        return false;
    }

    /**
     * Whether there is room for a chain now.
     *
     * @throws VirtqueueViolation if there never will be
     */
    private boolean fits(Held held) {
        boolean fits = held.addresses.length <= driver.free() && held.pages() <= MOST_PAGES - pages;
        if (!fits && pages == 0 && driver.free() == driver.size()) {
            throw new VirtqueueViolation(Violation.CHAIN_TOO_BIG);
        }
        return fits;
    }

    private static void fetch(FarMemory memory, Held held) {
        for (int i = 0; i < held.readable; i++) {
            if (memory.isFar(held.addresses[i])) {
                memory.read(held.addresses[i], memory.own(held.addresses[i], held.lengths[i]));
            }
        }
    }

    private void give(Held held) {
        int parts = held.addresses.length;
        // a chain of empty buffers is a chain, too
        int name = parts == 0
                ? driver.add(new long[1], new int[1], 1, 1)
                : driver.add(held.addresses, held.lengths, held.readable, parts);
        if (name < 0) {
            throw new IllegalStateException("no room for a chain of " + parts + " parts");
        }
        under[name] = held;
    }

    /**
     * The memory is about to change and the worker has let go of its queue: what it has written is taken along.
     *
     * @param memory as it has been so far
     */
    void park(FarMemory memory) {
        collect();
        for (Held held : returned) {
            if (held.kept == null) {
                byte[][] kept = new byte[held.addresses.length - held.readable][];
                for (int i = 0; i < kept.length; i++) {
                    kept[i] = memory.own(held.addresses[held.readable + i], held.lengths[held.readable + i])
                            .toArray(ValueLayout.JAVA_BYTE);
                }
                held.kept = kept;
            }
        }
        wanted = true;
    }

    /** The memory is another one: what the worker has not looked at yet is fetched anew. */
    void unpark(FarMemory memory, GuestMemory wide) {
        mirror.move(wide);
        for (Held held : under) {
            if (held != null) {
                fetch(memory, held);
            }
        }
    }

    /** The queue is gone, and its worker has let go of it. */
    void close(FarPages from) {
        collect();
        for (Held held : under) {
            if (held != null) {
                returned.add(held);
            }
        }
        if (staged != null) {
            returned.add(staged);
        }
        for (Held held : returned) {
            for (int i = 0; i < held.addresses.length; i++) {
                from.release(held.addresses[i], held.lengths[i]);
            }
        }
        mirror.close(from);
        arena.close();
    }
}
