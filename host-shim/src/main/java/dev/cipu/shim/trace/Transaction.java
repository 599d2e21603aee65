package dev.cipu.shim.trace;

import dev.cipu.dataplane.journal.RecordLayout;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One thing that passed a queue: a cursor that {@link TraceReader} moves, so that nothing is made for each. Times are nanoseconds of
 * the workers' clock, see {@link TraceHeader#wall}.
 */
public final class Transaction {
    /** What it is. */
    public enum Kind {
        /** A chain of a transmitq: what the guest sent. */
        TRANSMIT,
        /** A chain of a receiveq: what the guest got. */
        RECEIVE,
        /** A command of a network device's control queue. */
        CONTROL,
        /** A request of a block device. */
        BLOCK,
        /** Not one but {@link #lost} transactions that were not recorded. */
        LOSS;

        private static final Kind[] BY_NUMBER = values();

        static @Nullable Kind of(int number) {
            int index = number - RecordLayout.TRANSMIT;
            return index >= 0 && index < BY_NUMBER.length ? BY_NUMBER[index] : null;
        }
    }

    private MemorySegment record = MemorySegment.ofArray(new byte[RecordLayout.HEADER_BYTES]);
    private Kind kind = Kind.LOSS;
    private @Nullable TracedDevice device;

    /** Moves the cursor to a record that was checked. */
    void at(MemorySegment record, TracedDevice device) {
        this.record = record;
        this.device = device;
        kind = Objects.requireNonNull(Kind.of(RecordLayout.kind(record, 0)));
    }

    public Kind kind() {
        return kind;
    }

    public TracedDevice device() {
        return Objects.requireNonNull(device, "the reader is before its first transaction");
    }

    public int queue() {
        return RecordLayout.queue(record, 0);
    }

    /** The chain's head, or its buffer id where the ring is packed. */
    public int id() {
        return RecordLayout.id(record, 0);
    }

    /** When the card took the chain, or its burst, off the ring. */
    public long taken() {
        return RecordLayout.taken(record, 0);
    }

    /** When the card was done with it; its driver may have learned of it a little later. */
    public long completed() {
        return RecordLayout.completed(record, 0);
    }

    /** Device-readable bytes of the chain. */
    public long readable() {
        return RecordLayout.readable(record, 0);
    }

    /** Device-writable bytes of the chain. */
    public long writable() {
        return RecordLayout.writable(record, 0);
    }

    /** Bytes written, as the driver was told. */
    public long written() {
        return RecordLayout.written(record, 0);
    }

    /** The status of a request, the ack of a command, {@link RecordLayout#PASSED} or {@link RecordLayout#DROPPED} of a frame. */
    public int status() {
        return RecordLayout.status(record, 0);
    }

    /** Whether the chain brought a frame, or the first buffer of one. */
    public boolean hasFrame() {
        return (kind == Kind.TRANSMIT || kind == Kind.RECEIVE) && status() == RecordLayout.PASSED && !isContinued();
    }

    /** Whether the chain is not the first one of a received frame. */
    public boolean isContinued() {
        return (RecordLayout.flags(record, 0) & RecordLayout.CONTINUED) != 0;
    }

    /** Bytes of the frame, of the command, or of the request's data, however many of them were recorded. */
    public long length() {
        return RecordLayout.length(record, 0);
    }

    /** Of a frame: the first 8 bytes of its virtio-net header, see {@link dev.cipu.virtio.net.NetHeader}. */
    public long netHeader() {
        return RecordLayout.subject(record, 0);
    }

    /** Of a frame whose checksum is partial: where it is missing, counted from csum_start. */
    public int checksumOffset() {
        return RecordLayout.detail(record, 0);
    }

    /** Of a request: what it said as its sector. */
    public long sector() {
        return RecordLayout.subject(record, 0);
    }

    /** Of a request: its type, see {@link dev.cipu.virtio.blk.BlkRequest}; -1 if it said none. */
    public int operation() {
        return RecordLayout.detail(record, 0);
    }

    /** Of a command: its class. */
    public int commandClass() {
        return RecordLayout.detail(record, 0) >>> 8 & 0xff;
    }

    /** Of a command: its number within the class. */
    public int command() {
        return RecordLayout.detail(record, 0) & 0xff;
    }

    /** Of a loss: how many transactions of this queue were not recorded from {@link #taken} to {@link #completed}. */
    public long lost() {
        return RecordLayout.subject(record, 0);
    }

    /** How many of the first bytes were recorded. */
    public int captured() {
        return RecordLayout.captured(record, 0);
    }

    /** Those bytes; to be read before the cursor moves. */
    public MemorySegment bytes() {
        return record.asSlice(RecordLayout.HEADER_BYTES, captured());
    }

    /** Copies the first {@code count} of those bytes, without an object for where they are. */
    public void copyTo(MemorySegment memory, long at, int count) {
        if (count > captured()) {
            throw new IndexOutOfBoundsException(count + " of " + captured() + " bytes");
        }
        MemorySegment.copy(record, RecordLayout.HEADER_BYTES, memory, at, count);
    }
}
