package dev.cipu.sim.link;

import dev.cipu.sim.event.Actor;
import dev.cipu.sim.event.Timeline;
import dev.cipu.sim.memory.Dma;
import dev.cipu.sim.memory.HostMemory;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The link between card and host, packet by packet: reads that wait for tags, completions that share the way down with doorbells,
 * writes that wait for posted credits. Completions need none, for an endpoint must have room for what it asks for
 * [PCIe Base 5.0 §2.6.1.2].
 */
public final class PcieLink implements Dma {
    private static final int FIRST_TRANSFERS = 256;

    /** A credit for posted data. [PCIe Base 5.0 §2.6.1] */
    static final int CREDIT_BYTES = 16;

    private final Timeline timeline;
    private final LinkShape shape;
    private final HostMemory memory;
    private final MemorySegment local;
    private final Wire up;
    private final Wire down;
    private final Timeline.Lane landings;
    private final Tags tags;
    private final PostedCredits credits;

    private final Actor dataReady = this::completeRequest;
    private final Actor atCard = this::completionAtCard;
    private final Actor written = this::writeAtHost;

    /** What a transfer is, by its number. */
    private long[] addresses = new long[FIRST_TRANSFERS];

    private int[] sizes = new int[FIRST_TRANSFERS];
    private long[] places = new long[FIRST_TRANSFERS];

    /** Bytes of a read that have not been asked for, of a write that have not gone. */
    private int[] left = new int[FIRST_TRANSFERS];

    /** Bytes of a read that have not come. */
    private int[] missing = new int[FIRST_TRANSFERS];

    private @Nullable Actor[] whom = new Actor[FIRST_TRANSFERS];
    private long[] arguments = new long[FIRST_TRANSFERS];
    private int[] free = new int[FIRST_TRANSFERS];
    private int freeCount;

    /** Address, transfer and size of a request, by its tag. */
    private final long[] tagAddress;

    private final int[] tagTransfer;
    private final int[] tagBytes;

    /** When the last write so far is in the host's memory. */
    private long lastWritten;

    private long readBytes;
    private long writtenBytes;

    public PcieLink(Timeline timeline, LinkShape shape, HostMemory memory, MemorySegment local) {
        this.timeline = timeline;
        this.shape = shape;
        this.memory = memory;
        this.local = local;
        up = new Wire(timeline, shape);
        down = new Wire(timeline, shape);
        landings = timeline.lane();
        tags = new Tags(timeline, shape.tags(), this::ask);
        credits = new PostedCredits(timeline, shape, this::sendWrite);
        tagAddress = new long[shape.tags()];
        tagTransfer = new int[shape.tags()];
        tagBytes = new int[shape.tags()];
        addFree(0);
    }

    @Override
    public MemorySegment local() {
        return local;
    }

    @Override
    public void read(long address, int bytes, long at, Actor done, long argument) {
        int transfer = transfer(address, bytes, at, done, argument);
        left[transfer] = bytes;
        missing[transfer] = bytes;
        readBytes += bytes;
        tags.queue(transfer);
    }

    /**
     * Asks for the next piece of a transfer.
     *
     * @return whether that was the last
     */
    private boolean ask(int transfer, int tag) {
        long address = addresses[transfer] + sizes[transfer] - left[transfer];
        int bytes = Tlp.request(shape, address, left[transfer]);
        left[transfer] -= bytes;
        tagAddress[tag] = address;
        tagTransfer[tag] = transfer;
        tagBytes[tag] = bytes;
        down.charge(shape.dllpBytes());
        // a read does not pass the writes before it [PCIe Base 5.0 §2.4.1]
        long begin = Math.max(up.send(Tlp.readRequest(shape)), lastWritten);
        timeline.at(begin + memory.accessTime(address, bytes), dataReady, tag);
        return left[transfer] == 0;
    }

    private void completeRequest(long tag) {
        int i = (int) tag;
        int transfer = tagTransfer[i];
        if (places[transfer] != NO_DATA) {
            long place = places[transfer] + tagAddress[i] - addresses[transfer];
            memory.read(tagAddress[i], local, place, tagBytes[i]);
        }
        int packets = Tlp.completionPackets(shape, tagAddress[i], tagBytes[i]);
        up.charge(packets * shape.dllpBytes());
        down.send(Tlp.completions(shape, packets, tagBytes[i]), atCard, tag);
    }

    private void completionAtCard(long tag) {
        int i = (int) tag;
        int transfer = tagTransfer[i];
        missing[transfer] -= tagBytes[i];
        tags.release(i);
        if (missing[transfer] == 0) {
            finish(transfer);
        }
    }

    @Override
    public void write(long address, int bytes, long at, Actor arrived, long argument) {
        int transfer = transfer(address, bytes, at, arrived, argument);
        left[transfer] = bytes;
        writtenBytes += bytes;
        credits.queue(transfer);
    }

    /** Sends packets of a write as far as there are credits for them. */
    private boolean sendWrite(int transfer) {
        while (left[transfer] > 0) {
            long address = addresses[transfer] + sizes[transfer] - left[transfer];
            int bytes = Tlp.writable(shape, address, left[transfer]);
            if (!credits.covers(bytes)) {
                return false;
            }
            left[transfer] -= bytes;
            down.charge(shape.dllpBytes());
            long arrival = up.send(Tlp.write(shape, bytes));
            // nor does a write pass another, though its translation may take longer
            lastWritten = Math.max(lastWritten, arrival + memory.writeTime(address, bytes));
            credits.took(bytes, lastWritten);
        }
        landings.at(lastWritten, written, transfer);
        return true;
    }

    private void writeAtHost(long argument) {
        int transfer = (int) argument;
        if (places[transfer] != NO_DATA) {
            memory.write(addresses[transfer], local, places[transfer], sizes[transfer]);
        }
        finish(transfer);
    }

    /**
     * A register write of the host: a doorbell.
     *
     * @return when it arrives
     */
    public long register(Actor arrived, long argument) {
        up.charge(shape.dllpBytes());
        return down.send(Tlp.write(shape, 4), arrived, argument);
    }

    /** A message-signaled interrupt: a write of four bytes that no translation of memory delays. */
    public void interrupt(Actor arrived, long argument) {
        down.charge(shape.dllpBytes());
        up.send(Tlp.write(shape, 4), arrived, argument);
    }

    /** Picoseconds in which the way to the host was taken. */
    public long busyUp() {
        return up.busy();
    }

    /** Picoseconds in which the way to the card was taken. */
    public long busyDown() {
        return down.busy();
    }

    /** Bytes on the wire to the host, with all that packets need. */
    public long wireBytesUp() {
        return up.bytes();
    }

    /** Bytes on the wire to the card. */
    public long wireBytesDown() {
        return down.bytes();
    }

    /** Bytes that were asked of the host's memory. */
    public long readBytes() {
        return readBytes;
    }

    /** Bytes that were written to the host's memory. */
    public long writtenBytes() {
        return writtenBytes;
    }

    public Tags tags() {
        return tags;
    }

    public PostedCredits credits() {
        return credits;
    }

    private int transfer(long address, int bytes, long at, Actor whomToWake, long argument) {
        if (bytes < 1) {
            throw new IllegalArgumentException("a transfer of " + bytes + " bytes");
        }
        if (freeCount == 0) {
            grow();
        }
        int transfer = free[--freeCount];
        addresses[transfer] = address;
        sizes[transfer] = bytes;
        places[transfer] = at;
        whom[transfer] = whomToWake;
        arguments[transfer] = argument;
        return transfer;
    }

    private void finish(int transfer) {
        Actor actor = whom[transfer];
        if (actor == null) {
            throw new IllegalStateException("transfer " + transfer + " ends twice");
        }
        whom[transfer] = null;
        free[freeCount++] = transfer;
        actor.fire(arguments[transfer]);
    }

    private void grow() {
        int count = addresses.length;
        addresses = Arrays.copyOf(addresses, 2 * count);
        sizes = Arrays.copyOf(sizes, 2 * count);
        places = Arrays.copyOf(places, 2 * count);
        left = Arrays.copyOf(left, 2 * count);
        missing = Arrays.copyOf(missing, 2 * count);
        whom = Arrays.copyOf(whom, 2 * count);
        arguments = Arrays.copyOf(arguments, 2 * count);
        free = Arrays.copyOf(free, 2 * count);
        addFree(count);
    }

    private void addFree(int first) {
        for (int i = addresses.length - 1; i >= first; i--) {
            free[freeCount++] = i;
        }
    }
}
