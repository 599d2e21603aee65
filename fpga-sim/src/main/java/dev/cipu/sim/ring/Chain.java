package dev.cipu.sim.ring;

import java.util.Arrays;

/**
 * A descriptor chain as an engine has read it: buffers in the chain's order, those that the device reads first. It belongs to
 * whoever took it until it is completed.
 */
public final class Chain {
    private static final int FIRST_BUFFERS = 4;

    private int id;
    private int slots;
    private int readable;
    private int count;
    private long readableBytes;
    private long writableBytes;
    private long[] addresses = new long[FIRST_BUFFERS];
    private int[] lengths = new int[FIRST_BUFFERS];

    Chain() {}

    void begin(int chainId) {
        id = chainId;
        slots = 0;
        readable = 0;
        count = 0;
        readableBytes = 0;
        writableBytes = 0;
    }

    void add(long address, int length, boolean writable) {
        if (count == addresses.length) {
            addresses = Arrays.copyOf(addresses, 2 * count);
            lengths = Arrays.copyOf(lengths, 2 * count);
        }
        addresses[count] = address;
        lengths[count] = length;
        count++;
        if (writable) {
            writableBytes += Integer.toUnsignedLong(length);
        } else {
            readable = count;
            readableBytes += Integer.toUnsignedLong(length);
        }
    }

    void rename(int chainId) {
        id = chainId;
    }

    void occupy(int ringSlots) {
        slots = ringSlots;
    }

    /** Head of a split chain, buffer id of a packed one. */
    public int id() {
        return id;
    }

    /** Descriptors of the ring that it takes. */
    int slots() {
        return slots;
    }

    public int count() {
        return count;
    }

    /** How many of the buffers the device reads; it writes the others. */
    public int readable() {
        return readable;
    }

    public long address(int index) {
        return addresses[index];
    }

    public int length(int index) {
        return lengths[index];
    }

    public long readableBytes() {
        return readableBytes;
    }

    public long writableBytes() {
        return writableBytes;
    }
}
