package dev.cipu.sim.link;

import dev.cipu.sim.event.Actor;
import dev.cipu.sim.event.Timeline;
import dev.cipu.sim.memory.Dma;
import dev.cipu.sim.memory.HostMemory;
import java.lang.foreign.MemorySegment;

/**
 * The link between card and host, packet by packet: reads that wait for tags, completions that share the way down with doorbells,
 * writes that wait for posted credits. Completions need none, for an endpoint must have room for what it asks for
 * [PCIe Base 5.0 §2.6.1.2].
 */
public final class PcieLink implements Dma {
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

    private final Transfers transfers = new Transfers();

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
        credits = new PostedCredits(timeline, shape, this::sendWrite, this::creditsCame);
        tags = new Tags(timeline, shape.tags(), this::ask, credits::permitsRead);
        tagAddress = new long[shape.tags()];
        tagTransfer = new int[shape.tags()];
        tagBytes = new int[shape.tags()];
    }

    @Override
    public MemorySegment local() {
        return local;
    }

    @Override
    public void read(long address, int bytes, long at, Actor done, long argument) {
        readBytes += bytes;
        tags.queue(transfers.begin(address, bytes, at, done, argument));
    }

    /**
     * Asks for the next piece of a transfer.
     *
     * @return whether that was the last
     */
    private boolean ask(int transfer, int tag) {
        long address = transfers.next(transfer);
        int bytes = Tlp.request(shape, address, transfers.unsent(transfer));
        tagAddress[tag] = address;
        tagTransfer[tag] = transfer;
        tagBytes[tag] = bytes;
        down.charge(shape.dllpBytes());
        // a read does not pass the writes before it [PCIe Base 5.0 §2.4.1]
        long begin = Math.max(up.send(Tlp.readRequest(shape)), lastWritten);
        timeline.at(begin + memory.accessTime(address, bytes), dataReady, tag);
        return transfers.send(transfer, bytes);
    }

    private void completeRequest(long tag) {
        int i = (int) tag;
        int transfer = tagTransfer[i];
        long address = tagAddress[i];
        int bytes = tagBytes[i];
        long place = transfers.place(transfer);
        if (place != NO_DATA) {
            memory.read(address, local, place + address - transfers.address(transfer), bytes);
        }
        int packets = Tlp.completionPackets(shape, address, bytes);
        up.charge(packets * shape.dllpBytes());
        down.send(Tlp.completions(shape, packets, bytes), atCard, tag);
    }

    private void completionAtCard(long tag) {
        int i = (int) tag;
        int transfer = tagTransfer[i];
        boolean last = transfers.arrive(transfer, tagBytes[i]);
        tags.release(i);
        if (last) {
            transfers.end(transfer);
        }
    }

    @Override
    public void write(long address, int bytes, long at, Actor arrived, long argument) {
        writtenBytes += bytes;
        credits.queue(transfers.begin(address, bytes, at, arrived, argument));
    }

    private void creditsCame() {
        tags.serve();
    }

    /** Sends packets of a write as far as there are credits for them. */
    private boolean sendWrite(int transfer) {
        boolean last = false;
        while (!last) {
            long address = transfers.next(transfer);
            int bytes = Tlp.writable(shape, address, transfers.unsent(transfer));
            if (!credits.covers(bytes)) {
                return false;
            }
            last = transfers.send(transfer, bytes);
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
        long place = transfers.place(transfer);
        if (place != NO_DATA) {
            memory.write(transfers.address(transfer), local, place, transfers.size(transfer));
        }
        transfers.end(transfer);
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
}
