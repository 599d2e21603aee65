package dev.cipu.virtio.driver;

import dev.cipu.virtio.memory.Le;
import dev.cipu.virtio.net.NetHeader;
import java.lang.foreign.MemorySegment;

/**
 * The driver's half of one queue pair of a network device. Each receive buffer and each transmit buffer is one
 * descriptor that holds header and frame. One thread owns it; nothing allocates after construction.
 */
public final class NetDriver {
    private final DriverQueue receiveq;
    private final DriverQueue transmitq;
    private final DriverMemory memory;
    private final int bufferBytes;
    private final int headerBytes;
    private final long receiveBuffers;
    private final long transmitBuffers;
    private final long transmitAt;
    private final int[] receiveSlotOfHead;
    private final int[] transmitSlotOfHead;
    private final int[] freeTransmit;
    private int free;
    private final long[] address = new long[1];
    private final int[] length = new int[1];
    private int receivedSlot = -1;
    private int receivedBytes;

    /**
     * @param memory holds the buffers: {@code bufferBytes} for each descriptor of both rings
     * @param bufferBytes header and largest frame
     */
    public NetDriver(DriverQueue receiveq, DriverQueue transmitq, DriverMemory memory, int bufferBytes) {
        this(receiveq, transmitq, memory, bufferBytes, NetHeader.BYTES);
    }

    /**
     * As the shorter form.
     *
     * @param headerBytes of the header before each frame, {@link NetHeader#HASH_BYTES} where hashes are reported
     */
    public NetDriver(
            DriverQueue receiveq, DriverQueue transmitq, DriverMemory memory, int bufferBytes, int headerBytes) {
        this.headerBytes = headerBytes;
        this.receiveq = receiveq;
        this.transmitq = transmitq;
        this.memory = memory;
        this.bufferBytes = bufferBytes;
        receiveBuffers = memory.allocate((long) receiveq.size() * bufferBytes, 64);
        transmitBuffers = memory.allocate((long) transmitq.size() * bufferBytes, 64);
        transmitAt = memory.offset(transmitBuffers);
        receiveSlotOfHead = new int[receiveq.size()];
        transmitSlotOfHead = new int[transmitq.size()];
        freeTransmit = new int[transmitq.size()];
        restart();
    }

    /** Starts over on rings that were restarted: every receive buffer is offered, every transmit buffer free. */
    public void restart() {
        free = freeTransmit.length;
        for (int i = 0; i < free; i++) {
            freeTransmit[i] = free - 1 - i;
        }
        receivedSlot = -1;
        for (int slot = 0; slot < receiveq.size(); slot++) {
            offer(slot);
        }
    }

    private void offer(int slot) {
        address[0] = receiveBuffers + (long) slot * bufferBytes;
        length[0] = bufferBytes;
        receiveSlotOfHead[receiveq.add(address, length, 0, 1)] = slot;
    }

    /** Shows the device the receive buffers offered so far; true if it wants a kick of the receiveq. */
    public boolean publishReceive() {
        return receiveq.publish();
    }

    /** Shows the device the frames sent so far; true if it wants a kick of the transmitq. */
    public boolean publishTransmit() {
        return transmitq.publish();
    }

    /** A free transmit buffer, or -1. It is taken by {@link #send} only. */
    public int transmitSlot() {
        return free == 0 ? -1 : freeTransmit[free - 1];
    }

    /** The memory in which all buffers lie. */
    public MemorySegment segment() {
        return memory.segment();
    }

    /** Where the frame of transmit buffer {@code slot} begins in {@link #segment}, behind its header. */
    public long frameOffset(int slot) {
        return transmitAt + (long) slot * bufferBytes + headerBytes;
    }

    /**
     * Sends the frame in the buffer that {@link #transmitSlot} named, its header zero.
     *
     * @param bytes of the frame
     * @return false if the ring is full
     */
    public boolean send(int bytes) {
        return send(bytes, 0, 0);
    }

    /** As {@link #send(int)} with the header's first long and last int, see {@link NetHeader}. */
    public boolean send(int bytes, long headerFirst, int headerLast) {
        int slot = freeTransmit[free - 1];
        long at = transmitAt + (long) slot * bufferBytes;
        memory.segment().set(Le.LONG_UNALIGNED, at, headerFirst);
        memory.segment().set(Le.INT_UNALIGNED, at + 8, headerLast);
        address[0] = transmitBuffers + (long) slot * bufferBytes;
        length[0] = headerBytes + bytes;
        int head = transmitq.add(address, length, 1, 1);
        if (head < 0) {
            return false;
        }
        free--;
        transmitSlotOfHead[head] = slot;
        return true;
    }

    /** Takes one sent buffer back; false if none is done. */
    public boolean reclaim() {
        int head = transmitq.poll();
        if (head < 0) {
            return false;
        }
        freeTransmit[free++] = transmitSlotOfHead[head];
        return true;
    }

    /**
     * Takes the next received buffer; it stays the caller's until {@link #recycle}.
     *
     * @return bytes of the buffer that were filled, header included, or -1 if none arrived
     */
    public int receive() {
        int head = receiveq.poll();
        if (head < 0) {
            return -1;
        }
        receivedSlot = receiveSlotOfHead[head];
        // unsigned: a device may claim anything
        receivedBytes = (int) Math.min(Integer.toUnsignedLong(receiveq.usedLength()), bufferBytes);
        return receivedBytes;
    }

    /** Where the received buffer begins in {@link #segment}: header, then frame. */
    public long receivedOffset() {
        return memory.offset(receiveBuffers) + (long) receivedSlot * bufferBytes;
    }

    /** Offers the received buffer again. */
    public void recycle() {
        offer(receivedSlot);
    }

    /** Frames sent and not yet taken back. */
    public int inFlight() {
        return freeTransmit.length - free;
    }

    public DriverQueue receiveq() {
        return receiveq;
    }

    public DriverQueue transmitq() {
        return transmitq;
    }
}
