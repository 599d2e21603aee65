package dev.cipu.dataplane.journal;

import dev.cipu.virtio.memory.HostMemory;
import dev.cipu.virtio.memory.Le;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * One record of a journal as it lies in a worker's ring and in the file, little-endian. What the fields mean for each kind is
 * told in docs/traces.md.
 *
 * <pre>
 *  0 bytes:32      4 kind:8    5 status:8   6 flags:16
 *  8 device:16    10 queue:16 12 id:16     14 0:16
 * 16 taken:64                 24 completed:64              (ns of the worker's clock)
 * 32 readable:32  36 writable:32  40 written:32  44 captured:32
 * 48 subject:64               56 detail:32  60 length:32
 * 64 captured bytes, then up to 7 of no meaning
 * </pre>
 *
 * <p>{@code bytes} is the record's own length, a multiple of 8. Lengths are unsigned; one of 4 GiB reads as one byte less.
 */
public final class RecordLayout {
    public static final int HEADER_BYTES = 64;

    /** Bytes captured at most, whatever was asked for: a transaction may have gigabytes. */
    public static final int MAX_CAPTURED = 1 << 17;

    /** Ends a ring before its memory does; never in a file. */
    public static final int PAD = 0;

    /** A chain of a transmitq: what the guest sent. */
    public static final int TRANSMIT = 1;

    /** A chain of a receiveq: what the guest got. */
    public static final int RECEIVE = 2;

    /** A command of a network device's control queue. */
    public static final int CONTROL = 3;

    /** A request of a block device. */
    public static final int BLOCK = 4;

    /** Transactions of a queue that had no room in the ring: {@code subject} of them, from {@code taken} to {@code completed}. */
    public static final int LOSS = 5;

    /** Of a network queue's chain: its frame passed. */
    public static final int PASSED = 0;

    /** Of a network queue's chain: there was no frame in it that the card could use, or it had no use as a buffer. */
    public static final int DROPPED = 1;

    /** Of a request without room for a status byte. */
    public static final int NO_STATUS = 0xff;

    /** Of a received frame that is spread over several chains: this is not the first of them. */
    public static final int CONTINUED = 1;

    static final long AT_BYTES = 0;
    static final long AT_KIND = 4;
    static final long AT_STATUS = 5;
    static final long AT_FLAGS = 6;
    static final long AT_DEVICE = 8;
    static final long AT_QUEUE = 10;
    static final long AT_ID = 12;
    static final long AT_TAKEN = 16;
    static final long AT_COMPLETED = 24;
    static final long AT_READABLE = 32;
    static final long AT_WRITABLE = 36;
    static final long AT_WRITTEN = 40;
    static final long AT_CAPTURED = 44;
    static final long AT_SUBJECT = 48;
    static final long AT_DETAIL = 56;
    static final long AT_LENGTH = 60;

    private static final long U32 = 0xffffffffL;
    private static final int U16 = 0xffff;

    private RecordLayout() {}

    /** Bytes of a record with so many captured ones. */
    public static int bytes(int captured) {
        return HEADER_BYTES + (captured + 7 & -8);
    }

    /** Writes a record that tells of {@code count} lost transactions, {@link #HEADER_BYTES} long. */
    public static void writeLoss(MemorySegment to, long at, int device, int queue, long count, long from, long until) {
        HostMemory.zero(to, at, HEADER_BYTES);
        to.set(Le.INT_UNALIGNED, at + AT_BYTES, HEADER_BYTES);
        to.set(ValueLayout.JAVA_BYTE, at + AT_KIND, (byte) LOSS);
        to.set(Le.SHORT_UNALIGNED, at + AT_DEVICE, (short) device);
        to.set(Le.SHORT_UNALIGNED, at + AT_QUEUE, (short) queue);
        to.set(Le.LONG_UNALIGNED, at + AT_TAKEN, from);
        to.set(Le.LONG_UNALIGNED, at + AT_COMPLETED, until);
        to.set(Le.LONG_UNALIGNED, at + AT_SUBJECT, count);
    }

    /** A length as a field has it. */
    static int u32(long length) {
        return (int) Math.min(length, U32);
    }

    public static int bytes(MemorySegment from, long at) {
        return from.get(Le.INT_UNALIGNED, at + AT_BYTES);
    }

    public static int kind(MemorySegment from, long at) {
        return Byte.toUnsignedInt(from.get(ValueLayout.JAVA_BYTE, at + AT_KIND));
    }

    public static int status(MemorySegment from, long at) {
        return Byte.toUnsignedInt(from.get(ValueLayout.JAVA_BYTE, at + AT_STATUS));
    }

    public static int flags(MemorySegment from, long at) {
        return from.get(Le.SHORT_UNALIGNED, at + AT_FLAGS) & U16;
    }

    public static int device(MemorySegment from, long at) {
        return from.get(Le.SHORT_UNALIGNED, at + AT_DEVICE) & U16;
    }

    public static int queue(MemorySegment from, long at) {
        return from.get(Le.SHORT_UNALIGNED, at + AT_QUEUE) & U16;
    }

    /** The chain's head, or its buffer id where the ring is packed. */
    public static int id(MemorySegment from, long at) {
        return from.get(Le.SHORT_UNALIGNED, at + AT_ID) & U16;
    }

    public static long taken(MemorySegment from, long at) {
        return from.get(Le.LONG_UNALIGNED, at + AT_TAKEN);
    }

    public static long completed(MemorySegment from, long at) {
        return from.get(Le.LONG_UNALIGNED, at + AT_COMPLETED);
    }

    public static long readable(MemorySegment from, long at) {
        return from.get(Le.INT_UNALIGNED, at + AT_READABLE) & U32;
    }

    public static long writable(MemorySegment from, long at) {
        return from.get(Le.INT_UNALIGNED, at + AT_WRITABLE) & U32;
    }

    /** What the driver was told of bytes written. */
    public static long written(MemorySegment from, long at) {
        return from.get(Le.INT_UNALIGNED, at + AT_WRITTEN) & U32;
    }

    public static int captured(MemorySegment from, long at) {
        return from.get(Le.INT_UNALIGNED, at + AT_CAPTURED);
    }

    public static long subject(MemorySegment from, long at) {
        return from.get(Le.LONG_UNALIGNED, at + AT_SUBJECT);
    }

    public static int detail(MemorySegment from, long at) {
        return from.get(Le.INT_UNALIGNED, at + AT_DETAIL);
    }

    /** Bytes of the frame, of the command or of the request's data, of which those captured are the first. */
    public static long length(MemorySegment from, long at) {
        return from.get(Le.INT_UNALIGNED, at + AT_LENGTH) & U32;
    }
}
