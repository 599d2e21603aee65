package dev.cipu.virtio.ring;

import dev.cipu.virtio.memory.GuestMemory;
import dev.cipu.virtio.memory.HostMemory;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * One descriptor chain, resolved: a private list of parts in shared memory, the device-readable ones first. Whatever the
 * driver writes to its descriptors later, the list stays as it was when the chain was popped. A buffer that spans two
 * regions is two parts; an empty buffer is none.
 *
 * <p>Reused for every chain; grows to the longest one seen. Owner: the thread that owns the queue.
 */
public final class Chain {
    /** The specification's limit on the bytes of a chain. {@code [virtio-1.4 §2.7.5]} */
    static final long MAX_BYTES = 1L << 32;

    /**
     * Parts of a chain, after buffers over several regions were split: two for each link of two tables of
     * the largest size, a device limit that bounds its memory.
     */
    static final int MAX_PARTS = 1 << 17;

    /** Parts beyond which {@link #trim} gives memory back. */
    private static final int KEPT_PARTS = 2048;

    private static final int INITIAL_PARTS = 4;

    private GuestMemory memory = GuestMemory.EMPTY;
    private long[] address = new long[INITIAL_PARTS];
    private int[] length = new int[INITIAL_PARTS];
    private int head;
    private int parts;
    private int readableParts;
    private long readableBytes;
    private long writableBytes;

    /** The region that held the last buffer: nearly always the next one's too. */
    private long hintBase;

    private long hintSize = -1;
    private long hintHost;

    /** The chain's name, what {@link Virtqueue#push} wants back: its first descriptor or, in a packed queue, its buffer id. */
    public int head() {
        return head;
    }

    public int parts() {
        return parts;
    }

    /** Parts 0..readableParts-1 are device-readable, the others device-writable. */
    public int readableParts() {
        return readableParts;
    }

    public long readableBytes() {
        return readableBytes;
    }

    public long writableBytes() {
        return writableBytes;
    }

    /** Where a part begins in {@link HostMemory}. */
    public long address(int part) {
        return address[part];
    }

    /** Bytes of a part, unsigned 32-bit values above 2^31 are split, so always positive. */
    public int length(int part) {
        return length[part];
    }

    /**
     * Copies device-readable bytes out.
     *
     * @param from first byte, counted from the chain's first readable byte
     * @return bytes copied, less than {@code bytes} where the readable part ends
     */
    public int read(long from, MemorySegment dst, long dstOffset, int bytes) {
        if (readableParts > 0 && from + bytes <= length[0]) {
            MemorySegment.copy(HostMemory.ALL, address[0] + from, dst, dstOffset, bytes);
            return bytes;
        }
        return readParts(from, dst, dstOffset, bytes);
    }

    private int readParts(long from, MemorySegment dst, long dstOffset, int bytes) {
        int done = 0;
        long skip = from;
        for (int i = 0; i < readableParts && done < bytes; i++) {
            if (skip >= length[i]) {
                skip -= length[i];
                continue;
            }
            int n = (int) Math.min(bytes - done, length[i] - skip);
            MemorySegment.copy(HostMemory.ALL, address[i] + skip, dst, dstOffset + done, n);
            done += n;
            skip = 0;
        }
        return done;
    }

    /**
     * Copies bytes into the device-writable part.
     *
     * @param at first byte, counted from the chain's first writable byte
     * @return bytes copied, less than {@code bytes} where the writable part ends
     */
    public int write(long at, MemorySegment src, long srcOffset, int bytes) {
        int first = readableParts;
        if (first < parts && at + bytes <= length[first]) {
            MemorySegment.copy(src, srcOffset, HostMemory.ALL, address[first] + at, bytes);
            return bytes;
        }
        return writeParts(at, src, srcOffset, bytes);
    }

    private int writeParts(long at, MemorySegment src, long srcOffset, int bytes) {
        int done = 0;
        long skip = at;
        for (int i = readableParts; i < parts && done < bytes; i++) {
            if (skip >= length[i]) {
                skip -= length[i];
                continue;
            }
            int n = (int) Math.min(bytes - done, length[i] - skip);
            MemorySegment.copy(src, srcOffset + done, HostMemory.ALL, address[i] + skip, n);
            done += n;
            skip = 0;
        }
        return done;
    }

    /**
     * Copies the first device-writable bytes out: what the device has written there, unless the driver has changed it since.
     *
     * @return bytes copied, less than {@code bytes} where the writable part ends
     */
    public int readBack(MemorySegment dst, long dstOffset, int bytes) {
        int done = 0;
        for (int i = readableParts; i < parts && done < bytes; i++) {
            int n = Math.min(bytes - done, length[i]);
            MemorySegment.copy(HostMemory.ALL, address[i], dst, dstOffset + done, n);
            done += n;
        }
        return done;
    }

    /** Fills device-writable bytes with zeroes; returns how many. */
    public int zero(long at, int bytes) {
        int done = 0;
        long skip = at;
        for (int i = readableParts; i < parts && done < bytes; i++) {
            if (skip >= length[i]) {
                skip -= length[i];
                continue;
            }
            int n = (int) Math.min(bytes - done, length[i] - skip);
            HostMemory.zero(HostMemory.ALL, address[i] + skip, n);
            done += n;
            skip = 0;
        }
        return done;
    }

    /**
     * The common case at once: a chain of one buffer, in the region of the last one.
     *
     * @param bytes unsigned 32-bit
     * @return false if the buffer has to be resolved by {@link #begin} and {@link #append}
     */
    boolean single(GuestMemory memory, int head, long guestAddress, long bytes, boolean writable) {
        long at = guestAddress - hintBase;
        // a wrapped or negative distance fails the first comparison
        if (at < 0 || at > hintSize - bytes || bytes == 0 || bytes > Integer.MAX_VALUE || memory != this.memory) {
            return false;
        }
        this.head = head;
        address[0] = hintHost + at;
        length[0] = (int) bytes;
        parts = 1;
        readableParts = writable ? 0 : 1;
        readableBytes = writable ? 0 : bytes;
        writableBytes = writable ? bytes : 0;
        return true;
    }

    /** The name of a chain that is known only at its end. */
    void rename(int head) {
        this.head = head;
    }

    /** Begins a new chain at {@code head}. */
    void begin(GuestMemory memory, int head) {
        if (memory != this.memory) {
            this.memory = memory;
            hintSize = -1;
        }
        this.head = head;
        parts = 0;
        readableParts = 0;
        readableBytes = 0;
        writableBytes = 0;
    }

    /**
     * Appends a descriptor's buffer.
     *
     * @param bytes unsigned 32-bit
     */
    void append(long guestAddress, long bytes, boolean writable) {
        long at = guestAddress - hintBase;
        if (at >= 0 && at <= hintSize - bytes && bytes > 0 && bytes <= Integer.MAX_VALUE) {
            part(hintHost + at, (int) bytes, writable);
        } else {
            appendAcross(guestAddress, bytes, writable);
        }
    }

    private void appendAcross(long guestAddress, long bytes, boolean writable) {
        long from = guestAddress;
        long left = bytes;
        while (left > 0) {
            int index = memory.regionOf(from);
            if (index < 0) {
                throw unmapped(memory, from, writable);
            }
            if (!memory.permits(index, writable)) {
                throw VirtqueueViolation.denied(from, writable);
            }
            long at = from - memory.base(index);
            long n = Math.min(Math.min(left, memory.size(index) - at), Integer.MAX_VALUE);
            hintBase = memory.base(index);
            // what may not be both read and written is looked up each time, so that the hint needs no question
            hintSize = memory.isFree(index) ? memory.size(index) : -1;
            hintHost = memory.host(index);
            part(hintHost + at, (int) n, writable);
            left -= n;
            from += n;
            if (left > 0 && from == 0) {
                throw new VirtqueueViolation(Violation.ADDRESS_UNMAPPED);
            }
        }
    }

    /** What to throw where no region is: translations may still come. */
    static RuntimeException unmapped(GuestMemory memory, long guestAddress, boolean write) {
        return memory.isTranslated()
                ? new TranslationMiss(guestAddress, write)
                : new VirtqueueViolation(Violation.ADDRESS_UNMAPPED);
    }

    private void part(long hostAddress, int bytes, boolean writable) {
        int i = parts;
        if (i == address.length) {
            if (i >= MAX_PARTS) {
                throw new VirtqueueViolation(Violation.CHAIN_TOO_LONG);
            }
            grow();
        }
        address[i] = hostAddress;
        length[i] = bytes;
        parts = i + 1;
        if (writable) {
            writableBytes += bytes;
        } else {
            readableParts = i + 1;
            readableBytes += bytes;
        }
        if (readableBytes + writableBytes > MAX_BYTES) {
            throw new VirtqueueViolation(Violation.CHAIN_TOO_BIG);
        }
    }

    /** Gives back the memory of an unusually long chain; what the chain held is gone. */
    public void trim() {
        if (address.length > KEPT_PARTS) {
            parts = 0;
            address = new long[INITIAL_PARTS];
            length = new int[INITIAL_PARTS];
        }
    }

    private void grow() {
        int room = address.length * 2;
        address = Arrays.copyOf(address, room);
        length = Arrays.copyOf(length, room);
    }
}
