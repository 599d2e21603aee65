package dev.cipu.dataplane.net;

import dev.cipu.dataplane.CounterGroup;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.memory.HostMemory;
import dev.cipu.virtio.memory.Le;
import dev.cipu.virtio.net.NetHeader;
import dev.cipu.virtio.ring.Chain;
import dev.cipu.virtio.ring.SingleChains;
import dev.cipu.virtio.ring.Virtqueue;
import java.lang.foreign.ValueLayout;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Takes the frames that a guest sends out of one of its transmitqs. A frame is copied once into a slot of the pool and
 * judged on that copy. Owner: the thread that owns the port.
 *
 * <p>A guest that sends bursts gets its last completions late: with the next burst, or when it has sent nothing for
 * {@link #LAG_NANOS}. A driver that always finds most of its ring completed puts off collecting them until the ring is
 * full, then frees a thousand buffers at once, and so goes round through all of its memory; one that is kept a little
 * short collects as many as it needs and uses the same warm buffers again (docs/adr/0010).
 */
final class FromGuest {
    private static final int ETHERNET_MIN = 14;

    /**
     * Work on large frames that one turn takes in, so that a guest which sends them keeps its neighbours waiting no longer
     * than others do: segments, or this many bytes of a frame that has fewer.
     */
    static final int TURN_WORK = 1024;

    private static final int BYTES_OF_WORK = 2048;

    /** Frames of one descriptor in a turn from which a guest counts as one that sends bursts. */
    static final int BURST = 16;

    /** Completions kept back at most, and the part of a small ring that is. */
    static final int LAG = 128;

    static final int LAG_PART = 4;

    /** How long completions may be kept back after the last burst. */
    static final long LAG_NANOS = 10_000;

    private final PacketPool pool;
    private final CounterGroup counters;
    private final Chain chain = new Chain();
    private final LongSupplier nanoTime;
    private final SingleChains singles = new SingleChains(Burst.CAPACITY);

    /** Makes the loads of {@link #plainUpTo} needed. */
    @SuppressWarnings("UnusedVariable")
    private int touched;

    private int headerBytes = NetHeader.BYTES;
    private final OffloadCheck check = new OffloadCheck();
    private int maxFrame;

    /** What large frames of this turn have made for the card to do, see {@link #TURN_WORK}. */
    private int work;

    /** Of the frames that this turn has appended to the burst. */
    private long bytes;

    /** Whether completions are kept back, and since when the guest is known to be silent. */
    private boolean keeps;

    private boolean silent;
    private long silentSince;

    private @Nullable TransmitqJournal journal;

    /**
     * @param counters a group with {@link GuestPort#COUNTERS}
     * @param nanoTime the clock by which completions are kept back
     */
    FromGuest(PacketPool pool, CounterGroup counters, LongSupplier nanoTime) {
        this.pool = pool;
        this.counters = counters;
        this.nanoTime = nanoTime;
    }

    /**
     * @param features what device and driver agreed on
     * @param maxFrame bytes of the largest frame that is not to be cut into segments
     */
    void negotiated(FeatureSet features, int maxFrame) {
        this.maxFrame = maxFrame;
        check.negotiated(features, maxFrame);
    }

    /** From now on what is taken is recorded. */
    void journal(TransmitqJournal journal) {
        this.journal = journal;
    }

    /** Bytes of the header before each frame. */
    void headerBytes(int bytes) {
        headerBytes = bytes;
    }

    /**
     * Appends what the guest has sent through {@code queue} to the burst, as far as there is room, and releases it but for
     * what is kept back.
     *
     * @return chains taken, also those whose frames were dropped
     */
    int take(Virtqueue queue, Burst burst) {
        work = 0;
        bytes = 0;
        int n = queue.popSingles(singles, Math.min(burst.room(), pool.available()), false);
        int chains = n;
        if (n > 0) {
            chains = journal == null ? takeSingles(n, burst) : takeSinglesRecorded(journal, n, burst);
            queue.pushSingles(singles, chains);
            if (chains < n) {
                queue.unpopSingles(singles, chains, n);
            }
        }
        // bounded by chains, too: dropped ones take no room
        while (chains < Burst.CAPACITY
                && burst.room() > 0
                && queue.hasSeen()
                && hasSlots()
                && work < TURN_WORK
                && queue.pop(chain)) {
            if (journal == null) {
                takeChain(burst);
            } else {
                takeChainRecorded(journal, burst, chains == 0);
            }
            queue.push(chain.head(), 0);
            chains++;
        }
        if (chains > 0) {
            int kept = n < BURST ? 0 : Math.min(LAG, queue.size() / LAG_PART);
            queue.releaseAllBut(kept);
            keeps = kept > 0;
            silent = false;
            if (journal != null) {
                journal.release();
            }
        }
        return chains;
    }

    /** Bytes of the frames that {@link #take} has appended last, also if it ended with an exception. */
    long bytes() {
        return bytes;
    }

    /** Releases what was kept back once the guest has been silent for long enough; whether something still is. */
    boolean keepsBack(Virtqueue queue) {
        if (keeps) {
            long now = nanoTime.getAsLong();
            if (!silent) {
                silent = true;
                silentSince = now;
            } else if (now - silentSince >= LAG_NANOS) {
                queue.release();
                keeps = false;
            }
        }
        return keeps;
    }

    /** Whether there is a slot for the next frame, however large it turns out to be. */
    private boolean hasSlots() {
        return pool.available() > 0 && (pool.availableLarge() > 0 || !takesLarge());
    }

    private boolean takesLarge() {
        return check.takesLarge() && pool.capacityLarge() > 0;
    }

    private int takeSinglesRecorded(TransmitqJournal into, int count, Burst burst) {
        into.popped();
        int before = burst.count;
        int done = takeSingles(count, burst);
        into.took(singles, done, burst, before, pool);
        return done;
    }

    private void takeChainRecorded(TransmitqJournal into, Burst burst, boolean first) {
        if (first) {
            into.popped();
        }
        int before = burst.count;
        takeChain(burst);
        into.took(chain, burst, before, pool);
    }

    /**
     * Takes the frames of single chains; returns how many chains are done with. A method that idle turns do not enter, and short
     * loops in methods of their own: the compiler sees how hot they are, and keeps all that they need in registers.
     */
    private int takeSingles(int count, Burst burst) {
        int done = 0;
        while (done < count && work < TURN_WORK) {
            int plain = plainUpTo(done, count);
            copyPlain(done, plain, burst);
            done = plain;
            if (done < count) {
                int before = burst.count;
                if (!takeOther(singles.address(done), singles.length(done) - headerBytes, burst)) {
                    break;
                }
                if (journal != null && burst.count == before) {
                    journal.dropped(done);
                }
                done++;
            }
        }
        return done;
    }

    /**
     * Up to which chain there are frames of usual size that ask for nothing. The lines of their headers and their last lines are
     * asked for on the way: the loop that copies is too long to look far ahead.
     */
    private int plainUpTo(int from, int to) {
        long[] address = singles.addresses();
        long[] element = singles.elements();
        int longest = maxFrame;
        int header = headerBytes;
        int sum = 0;
        int i = from;
        while (i < to) {
            int chain = (int) element[i];
            int length = chain - header;
            if (length < ETHERNET_MIN || length > longest) {
                break;
            }
            long at = address[i];
            // a frame that asks for something is judged by the card's copy of its header
            if ((HostMemory.ALL.get(Le.LONG_UNALIGNED, at) & NetHeader.ASKS) != 0) {
                break;
            }
            sum += HostMemory.ALL.get(ValueLayout.JAVA_BYTE, at + chain - 1);
            i++;
        }
        touched = sum;
        return i;
    }

    /** Takes frames that were judged. */
    private void copyPlain(int from, int to, Burst burst) {
        long[] address = singles.addresses();
        long[] element = singles.elements();
        int[] free = pool.free();
        int top = pool.available() - 1 + from;
        long framesAt = pool.frameOffset(0);
        long slotBytes = pool.slotBytes();
        int header = headerBytes;
        for (int i = from; i < to; i++) {
            HostMemory.copy(address[i] + header, framesAt + free[top - i] * slotBytes, (int) element[i] - header);
        }
        bytes += burst.append(free, top - from, element, from, to, header);
        pool.take(to - from);
    }

    /** Takes a frame that is too small or large, or asks for something; false if it must wait for a slot. */
    private boolean takeOther(long from, int length, Burst burst) {
        if (length >= ETHERNET_MIN && length <= maxFrame) {
            int slot = pool.next();
            long frame = pool.frameOffset(slot);
            HostMemory.copy(from, frame - headerBytes, headerBytes + length);
            if (judge(slot, length, burst)) {
                pool.take(1);
            }
            return true;
        }
        if (!isLarge(length)) {
            counters.add(GuestPort.TX_BAD, 1);
            return true;
        }
        int slot = pool.nextLarge();
        if (slot < 0) {
            return false;
        }
        HostMemory.copy(from, pool.frameOffset(slot) - headerBytes, headerBytes + length);
        judgeLarge(slot, length, burst);
        return true;
    }

    /** Whether a frame of this length can be one to be cut. */
    private boolean isLarge(long length) {
        return length > maxFrame && length <= PacketPool.LARGEST_FRAME && takesLarge();
    }

    /** Judges a frame in the next large slot, with its header before it: it is in the burst then, or dropped. */
    private void judgeLarge(int slot, int length, Burst burst) {
        if (NetHeader.gsoType(headerOf(slot)) == NetHeader.GSO_NONE) {
            counters.add(GuestPort.TX_BAD, 1);
        } else if (judge(slot, length, burst)) {
            pool.takeLarge();
        }
    }

    private long headerOf(int slot) {
        return HostMemory.ALL.get(Le.LONG_UNALIGNED, pool.frameOffset(slot) - headerBytes);
    }

    private void takeChain(Burst burst) {
        long frame = chain.readableBytes() - headerBytes;
        if (isLarge(frame)) {
            int slot = pool.nextLarge();
            int length = (int) frame;
            chain.read(0, HostMemory.ALL, pool.frameOffset(slot) - headerBytes, headerBytes + length);
            judgeLarge(slot, length, burst);
            return;
        }
        if (frame < ETHERNET_MIN || frame > maxFrame) {
            counters.add(GuestPort.TX_BAD, 1);
            return;
        }
        int slot = pool.next();
        int length = (int) frame;
        // the header ends where the frame begins, so one copy brings both
        chain.read(0, HostMemory.ALL, pool.frameOffset(slot) - headerBytes, headerBytes + length);
        if (judge(slot, length, burst)) {
            pool.take(1);
        }
    }

    /**
     * Judges a frame by the header before it, both in a slot; it is in the burst then, or not and counted. Counts the work that large
     * frames make, too.
     */
    private boolean judge(int slot, int length, Burst burst) {
        long frame = pool.frameOffset(slot);
        long offload = check.judge(
                headerOf(slot), HostMemory.ALL.get(Le.INT_UNALIGNED, frame - headerBytes + 8), frame, length);
        if (offload == OffloadCheck.REFUSED) {
            counters.add(GuestPort.TX_OFFLOAD, 1);
            return false;
        }
        if (Offload.isLarge(offload)) {
            work += Math.max(length / Offload.gsoSize(offload), length / BYTES_OF_WORK);
        }
        burst.add(slot, length, offload);
        bytes += length;
        return true;
    }
}
