package dev.cipu.dataplane.blk;

import dev.cipu.virtio.blk.BlkDevice;
import dev.cipu.virtio.blk.BlkRequest;
import dev.cipu.virtio.ring.Chain;
import java.lang.foreign.MemorySegment;

/**
 * One request on its way through a store; preallocated and used again. Its data lies in guest memory, described by the
 * chain that the task owns: stores move it straight from and to there. Owner: the worker that polls the queue.
 */
public final class BlockTask {
    /** The one way back to whoever gave the task. */
    @FunctionalInterface
    public interface Completion {
        void completed(BlockTask task, byte status);
    }

    /** No {@link BlkRequest} has it. */
    static final int NO_TYPE = -1;

    private Completion completion;
    private final int slot;
    private final Chain chain = new Chain();
    private final long[] rangeOffset = new long[BlkDevice.MAX_RANGES];
    private final long[] rangeLength = new long[BlkDevice.MAX_RANGES];
    private final boolean[] rangeUnmap = new boolean[BlkDevice.MAX_RANGES];
    private int ranges;
    private int range;

    private BlockOp op = BlockOp.FLUSH;
    private long offset;
    private long length;
    private boolean durable;
    private boolean mayUnmap;

    /** Of a read: zeroes that follow what the store delivers. */
    private long zeroes;

    /** What the driver asked for, as it said it; {@link #NO_TYPE} where it did not say. */
    int type = NO_TYPE;

    long sector;

    /** When the chain was popped, by the worker's clock, if that is recorded. */
    long taken;

    /** What {@link ZoneRequests} keeps of a request while it is under way. */
    int zoneType;

    long zoneSector;
    long zoneLength;
    int zone;

    /** End of the zones of a request on several. */
    int zoneEnd;

    boolean holdsZone;

    BlockTask(int slot, Completion completion) {
        this.slot = slot;
        this.completion = completion;
    }

    /** The task's number among those of its channel, from 0. */
    public int slot() {
        return slot;
    }

    public BlockOp op() {
        return op;
    }

    /** First byte in the store. */
    public long offset() {
        return offset;
    }

    /** Bytes in the store, at most {@link BlockQueue#MAX_BYTES} for reads and writes. */
    public long length() {
        return length;
    }

    /** Whether a write must survive a power failure once it has completed. */
    public boolean durable() {
        return durable;
    }

    /** Whether zeroed blocks may be given back. */
    public boolean mayUnmap() {
        return mayUnmap;
    }

    /**
     * The guest memory of a read or a write: the data is in parts {@link #firstPart} up to but without {@link #endPart},
     * after {@link #skip} bytes of them and {@link #length} bytes long.
     */
    public Chain chain() {
        return chain;
    }

    public int firstPart() {
        return op == BlockOp.WRITE ? 0 : chain.readableParts();
    }

    public int endPart() {
        return op == BlockOp.WRITE ? chain.readableParts() : chain.parts();
    }

    /** Bytes of the parts before the data: the header of a write. */
    public int skip() {
        return op == BlockOp.WRITE ? BlkRequest.HEADER_BYTES : 0;
    }

    /** Copies data of a write out of guest memory, from byte {@code from} of the data on. */
    public void fetch(long from, MemorySegment dst, long dstOffset, int bytes) {
        chain.read(BlkRequest.HEADER_BYTES + from, dst, dstOffset, bytes);
    }

    /** Copies data of a read into guest memory, from byte {@code at} of the data on. */
    public void deliver(long at, MemorySegment src, long srcOffset, int bytes) {
        chain.write(at, src, srcOffset, bytes);
    }

    /** Delivers zeroes. */
    public void deliverZeroes(long at, int bytes) {
        chain.zero(at, bytes);
    }

    /**
     * Ends the task; called once by the channel.
     *
     * @param status {@link BlkRequest#OK}, or what went wrong
     */
    public void complete(byte status) {
        completion.completed(this, status);
    }

    /** What the driver asks for. */
    void asked(int type, long sector) {
        this.type = type;
        this.sector = sector;
    }

    /**
     * Has another one told when the task ends: a channel in front of a channel, which gives the way back what it took from it
     * before it ends the task itself.
     *
     * @return who would have been told
     */
    public Completion divert(Completion to) {
        Completion before = completion;
        completion = to;
        return before;
    }

    void transfer(BlockOp op, long offset, long length, boolean durable) {
        this.op = op;
        this.offset = offset;
        this.length = length;
        this.durable = durable;
        this.mayUnmap = false;
        zeroes = 0;
        ranges = 0;
        range = 0;
    }

    /** A read of which the store delivers {@code length} bytes only, zeroes being what follows. */
    void readAndZero(long offset, long length, long zeroes) {
        transfer(BlockOp.READ, offset, length, false);
        this.zeroes = zeroes;
    }

    /** The request is done: its reply lies in the first bytes of the chain's writable part. */
    void replied(long bytes) {
        readAndZero(0, 0, bytes);
    }

    /** A write goes elsewhere. */
    void redirect(long offset) {
        this.offset = offset;
    }

    /** Bytes that a read delivers. */
    long delivered() {
        return length + zeroes;
    }

    /** Erases some bytes as a step of a longer request, whose ranges stay. */
    void erase(BlockOp op, long offset, long length, boolean durable) {
        this.op = op;
        this.offset = offset;
        this.length = length;
        this.durable = durable;
        mayUnmap = true;
    }

    void flush() {
        transfer(BlockOp.FLUSH, 0, 0, true);
    }

    /** Begins a task of several ranges, added one by one. */
    void beginRanges(BlockOp op, boolean durable) {
        transfer(op, 0, 0, durable);
    }

    void addRange(long offset, long length, boolean unmap) {
        rangeOffset[ranges] = offset;
        rangeLength[ranges] = length;
        rangeUnmap[ranges] = unmap;
        ranges++;
    }

    int ranges() {
        return ranges;
    }

    long rangeOffset(int index) {
        return rangeOffset[index];
    }

    long rangeLength(int index) {
        return rangeLength[index];
    }

    /** Moves on to the next range; false if there is none. */
    boolean nextRange() {
        if (range == ranges) {
            return false;
        }
        offset = rangeOffset[range];
        length = rangeLength[range];
        mayUnmap = rangeUnmap[range];
        range++;
        return true;
    }
}
