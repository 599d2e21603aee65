package dev.cipu.device.pci;

import java.util.Arrays;

/**
 * The configuration space of a function: {@value #BYTES} bytes, of which software may write some bits, and clear others by writing
 * ones to them. Registers with effects are looked at by who owns the space, after each write. Registers are little-endian. Laid out by
 * one thread; then any may read and change it: a worker asserts the pin.
 */
public final class ConfigSpace {
    public static final int BYTES = 4096;

    private static final int POINTER = 0xff;
    private static final int NEXT_SHIFT = 20;
    private static final int VERSION_SHIFT = 16;

    private final byte[] value = new byte[BYTES];
    private final byte[] atReset = new byte[BYTES];
    private final byte[] writable = new byte[BYTES];
    private final byte[] clearable = new byte[BYTES];

    /** Where the next capability goes, and the pointer that is to name it. */
    private int next = ConfigLayout.HEADER_END;

    private int pointer = ConfigLayout.CAPABILITIES;
    private int nextExtended = ConfigLayout.EXTENDED;
    private int lastExtended;

    /**
     * Adds a capability behind those that there are.
     *
     * @param bytes all of it, with its id and the pointer to the next one
     * @return where it begins
     */
    public int capability(int id, int bytes) {
        int at = next;
        next = (at + bytes + 3) & -4;
        if (next > ConfigLayout.EXTENDED) {
            throw new IllegalStateException("no room for another capability");
        }
        set(pointer, 1, at);
        set(ConfigLayout.STATUS, 2, get(ConfigLayout.STATUS, 2) | ConfigLayout.STATUS_CAPABILITIES);
        set(at, 1, id);
        pointer = at + 1;
        return at;
    }

    /** Adds an extended capability, of {@code bytes} with its header; returns where it begins. */
    public int extended(int id, int version, int bytes) {
        int at = nextExtended;
        nextExtended = (at + bytes + 7) & -8;
        if (nextExtended > BYTES) {
            throw new IllegalStateException("no room for another extended capability");
        }
        set(at, 4, id | (long) version << VERSION_SHIFT);
        if (lastExtended != 0) {
            set(lastExtended, 4, get(lastExtended, 4) | (long) at << NEXT_SHIFT);
        }
        lastExtended = at;
        return at;
    }

    /** Gives a register its value, now and after each reset. */
    public void set(int at, int bytes, long register) {
        put(value, at, bytes, register);
        put(atReset, at, bytes, register);
    }

    /** Changes a register until the next reset, as hardware does. */
    public synchronized void change(int at, int bytes, long register) {
        put(value, at, bytes, register);
    }

    /** Which bits of a register software may write. */
    public void writable(int at, int bytes, long bits) {
        put(writable, at, bytes, bits);
    }

    /** Which bits of a register software clears by writing ones to them. */
    public void clearable(int at, int bytes, long bits) {
        put(clearable, at, bytes, bits);
    }

    private static void put(byte[] into, int at, int bytes, long register) {
        for (int i = 0; i < bytes; i++) {
            into[at + i] = (byte) (register >>> (8 * i));
        }
    }

    /** A register of up to 8 bytes. */
    public synchronized long get(int at, int bytes) {
        long register = 0;
        for (int i = 0; i < bytes; i++) {
            register |= (value[at + i] & 0xffL) << (8 * i);
        }
        return register;
    }

    /** Where a capability begins, or 0. */
    public int find(int id) {
        int at = (int) get(ConfigLayout.CAPABILITIES, 1);
        while (at != 0 && get(at, 1) != id) {
            at = (int) get(at + 1, 1) & POINTER;
        }
        return at;
    }

    public synchronized void read(int offset, byte[] dst) {
        System.arraycopy(value, offset, dst, 0, dst.length);
    }

    /** As software writes: read-only bits stay as they are. */
    public synchronized void write(int offset, byte[] src) {
        for (int i = 0; i < src.length; i++) {
            int at = offset + i;
            int kept = value[at] & ~writable[at] & ~(src[i] & clearable[at]);
            value[at] = (byte) (kept | (src[i] & writable[at]));
        }
    }

    /** As after power-on. */
    public synchronized void reset() {
        System.arraycopy(atReset, 0, value, 0, BYTES);
    }

    /** All of it, for who shows it. */
    public byte[] dump() {
        return Arrays.copyOf(value, BYTES);
    }
}
