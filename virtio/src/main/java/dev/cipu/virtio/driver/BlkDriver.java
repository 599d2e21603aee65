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

    private static final int SLOT_BYTES = BlkRequest.HEADER_BYTES + 16;

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
     * @param sector first sector, 512 bytes each
     * @param data guest address of the data
     * @param bytes of data, 0 for none
     * @return a token for {@link #poll}, or -1 if the ring is full
     */
    public int submit(int type, long sector, long data, int bytes) {
        if (free == 0) {
            return -1;
        }
        int token = freeTokens[free - 1];
        long at = slotsAt + (long) token * SLOT_BYTES;
        memory.segment().set(Le.LONG_UNALIGNED, at, type);
        memory.segment().set(Le.LONG_UNALIGNED, at + 8, sector);
        memory.segment().set(ValueLayout.JAVA_BYTE, at + BlkRequest.HEADER_BYTES, PENDING);
        long header = slots + (long) token * SLOT_BYTES;
        int parts = 0;
        addresses[parts] = header;
        lengths[parts++] = BlkRequest.HEADER_BYTES;
        if (bytes > 0) {
            addresses[parts] = data;
            lengths[parts++] = bytes;
        }
        addresses[parts] = header + BlkRequest.HEADER_BYTES;
        lengths[parts++] = 1;
        boolean deviceReadsData = type != BlkRequest.IN && type != BlkRequest.GET_ID;
        int head = ring.add(addresses, lengths, deviceReadsData ? parts - 1 : 1, parts);
        if (head < 0) {
            return -1;
        }
        free--;
        tokenOfHead[head] = token;
        return token;
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
        status = memory.segment()
                .get(ValueLayout.JAVA_BYTE, slotsAt + (long) token * SLOT_BYTES + BlkRequest.HEADER_BYTES);
        freeTokens[free++] = token;
        return token;
    }

    /** Status byte of the request last polled, see {@link BlkRequest}; a value of its own if the device wrote none. */
    public byte status() {
        return status;
    }

    public DriverQueue ring() {
        return ring;
    }
}
