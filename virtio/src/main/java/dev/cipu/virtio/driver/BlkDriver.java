package dev.cipu.virtio.driver;

import dev.cipu.virtio.blk.BlkRequest;
import dev.cipu.virtio.memory.Le;
import java.lang.foreign.ValueLayout;

/**
 * The driver's half of one block request queue: headers and status bytes for as many requests as the ring has
 * descriptors; the data buffers are the caller's. One thread owns it; nothing allocates after construction.
 */
public final class BlkDriver {
    /** A status that no device writes: the request is not complete. */
    private static final byte PENDING = (byte) 0xff;

    /** Of a slot: the header, an append's sector, the status, padding. */
    private static final int SLOT_BYTES = 32;

    private static final int APPEND_AT = BlkRequest.HEADER_BYTES;
    private static final int STATUS_AT = APPEND_AT + BlkRequest.APPEND_SECTOR_BYTES;

    private final DriverQueue ring;
    private final DriverMemory memory;
    private final long slots;
    private final long slotsAt;
    private final int[] tokenOfHead;
    private final int[] freeTokens;
    private int free;
    private final long[] addresses = new long[3];
    private final int[] lengths = new int[3];
    private byte status;
    private long appendSector;

    /**
     * @param ring the request queue
     * @param memory where headers and status bytes are kept, 32 bytes for each descriptor of the ring
     */
    public BlkDriver(DriverQueue ring, DriverMemory memory) {
        this.ring = ring;
        this.memory = memory;
        int size = ring.size();
        slots = memory.allocate((long) size * SLOT_BYTES, 64);
        slotsAt = memory.offset(slots);
        tokenOfHead = new int[size];
        freeTokens = new int[size];
        restart();
    }

    /** Forgets every request; the ring must have been restarted too. */
    public void restart() {
        free = freeTokens.length;
        for (int i = 0; i < free; i++) {
            freeTokens[i] = free - 1 - i;
        }
    }

    /** Requests in flight. */
    public int inFlight() {
        return freeTokens.length - free;
    }

    /**
     * Submits a request; the device sees it after {@link #publish}.
     *
     * @param type see {@link BlkRequest}
     * @param sector first sector, 512 bytes each; of a zone for what concerns one
     * @param data guest address of the data; for a discard and its like, of ranges made with {@link #range}; for a report,
     *     of the buffer that {@link dev.cipu.virtio.blk.BlkZone} reads
     * @param bytes of data, 0 for none
     * @return a token for {@link #poll}, or -1 if the ring is full
     */
    public int submit(int type, long sector, long data, int bytes) {
        if (free == 0) {
            return -1;
        }
        int token = freeTokens[free - 1];
        long at = slotsAt + (long) token * SLOT_BYTES;
        memory.segment().set(Le.LONG_UNALIGNED, at, type & 0xffffffffL);
        memory.segment().set(Le.LONG_UNALIGNED, at + 8, sector);
        memory.segment().set(ValueLayout.JAVA_BYTE, at + STATUS_AT, PENDING);
        long header = slots + (long) token * SLOT_BYTES;
        int parts = 0;
        addresses[parts] = header;
        lengths[parts++] = BlkRequest.HEADER_BYTES;
        if (bytes > 0) {
            addresses[parts] = data;
            lengths[parts++] = bytes;
        }
        boolean append = type == BlkRequest.ZONE_APPEND;
        addresses[parts] = header + (append ? APPEND_AT : STATUS_AT);
        lengths[parts++] = append ? BlkRequest.APPEND_SECTOR_BYTES + 1 : 1;
        int head = ring.add(addresses, lengths, BlkRequest.sendsData(type) ? parts - 1 : 1, parts);
        if (head < 0) {
            return -1;
        }
        free--;
        tokenOfHead[head] = token;
        return token;
    }

    /**
     * Writes a range of a discard, a write-zeroes or a secure erase.
     *
     * @param data guest address of the request's data
     * @param index which range of it, from 0
     * @param flags {@link BlkRequest#SEGMENT_UNMAP} or 0
     * @return bytes of data up to and with this range
     */
    public int range(long data, int index, long sector, int sectors, int flags) {
        long at = memory.offset(data) + (long) index * BlkRequest.SEGMENT_BYTES;
        memory.segment().set(Le.LONG_UNALIGNED, at, sector);
        memory.segment().set(Le.INT_UNALIGNED, at + 8, sectors);
        memory.segment().set(Le.INT_UNALIGNED, at + 12, flags);
        return (index + 1) * BlkRequest.SEGMENT_BYTES;
    }

    /** Shows the device all submitted requests; true if it wants a kick. */
    public boolean publish() {
        return ring.publish();
    }

    /**
     * Takes the next completed request.
     *
     * @return its token, or -1 if none is complete; {@link #status} then tells how it went
     */
    public int poll() {
        int head = ring.poll();
        if (head < 0) {
            return -1;
        }
        int token = tokenOfHead[head];
        long at = slotsAt + (long) token * SLOT_BYTES;
        status = memory.segment().get(ValueLayout.JAVA_BYTE, at + STATUS_AT);
        appendSector = memory.segment().get(Le.LONG_UNALIGNED, at + APPEND_AT);
        freeTokens[free++] = token;
        return token;
    }

    /** Status byte of the request last polled, see {@link BlkRequest}; a value of its own if the device wrote none. */
    public byte status() {
        return status;
    }

    /** Where the append last polled went, if its status is {@link BlkRequest#OK}. */
    public long appendSector() {
        return appendSector;
    }

    public DriverQueue ring() {
        return ring;
    }
}
