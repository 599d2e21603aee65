package dev.cipu.device.pci;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The configuration space of a function: registers whose every bit is read-only, writable, or cleared by writing a one, and what
 * happens when some of them are used. A register that nobody has defined reads as 0 and cannot be written, as
 * {@code [PCI 3.0 §6.1]} wants it.
 *
 * <p>Owner: the function's control thread.
 */
public final class ConfigSpace {
    /** Bytes of the space of a PCI Express function. */
    public static final int BYTES = 4096;

    private final byte[] values = new byte[BYTES];
    private final byte[] writable = new byte[BYTES];
    private final byte[] cleared = new byte[BYTES];
    private final byte[] sticky = new byte[BYTES];
    private byte[] powerOn = values.clone();
    private final List<Use> reads = new ArrayList<>();
    private final List<Use> writes = new ArrayList<>();

    private record Use(int at, int bytes, Runnable action) {
        boolean touches(int from, int count) {
            return from < at + bytes && at < from + count;
        }
    }

    public int u8(int at) {
        return (int) get(at, Byte.BYTES);
    }

    public int u16(int at) {
        return (int) get(at, Short.BYTES);
    }

    public int u32(int at) {
        return (int) get(at, Integer.BYTES);
    }

    public long u64(int at) {
        return get(at, Long.BYTES);
    }

    public void u8(int at, int value) {
        put(values, at, Byte.BYTES, value);
    }

    public void u16(int at, int value) {
        put(values, at, Short.BYTES, value);
    }

    public void u32(int at, int value) {
        put(values, at, Integer.BYTES, value);
    }

    public void u64(int at, long value) {
        put(values, at, Long.BYTES, value);
    }

    private long get(int at, int bytes) {
        long value = 0;
        for (int i = bytes - 1; i >= 0; i--) {
            value = value << 8 | (values[at + i] & 0xff);
        }
        return value;
    }

    private static void put(byte[] to, int at, int bytes, long value) {
        for (int i = 0; i < bytes; i++) {
            to[at + i] = (byte) (value >>> (8 * i));
        }
    }

    /** The host may change these bits of a register of up to 8 bytes, and no others. */
    public void writable(int at, int bytes, long mask) {
        put(writable, at, bytes, mask);
    }

    /** The host clears these bits of a register by writing ones. */
    public void cleared(int at, int bytes, long mask) {
        put(cleared, at, bytes, mask);
    }

    /** These bits of a register keep their values when the function is reset. {@code [PCIe 5.0 §7.4]} */
    public void sticky(int at, int bytes, long mask) {
        put(sticky, at, bytes, mask);
    }

    /** Done before a read of any of these bytes, so that it finds what is there now. */
    public void beforeRead(int at, int bytes, Runnable action) {
        reads.add(new Use(at, bytes, action));
    }

    /** Done after a write of any of these bytes, in the order in which these actions were named. */
    public void afterWrite(int at, int bytes, Runnable action) {
        writes.add(new Use(at, bytes, action));
    }

    /** What is in the registers now is what they hold after power-on. */
    public void seal() {
        powerOn = values.clone();
    }

    /** As after power-on, but for what is sticky. */
    public void reset() {
        for (int i = 0; i < BYTES; i++) {
            values[i] = merge(powerOn[i], values[i], sticky[i]);
        }
    }

    /** Reads registers, of any width. */
    public void read(int at, byte[] dst) {
        for (Use use : reads) {
            if (use.touches(at, dst.length)) {
                use.action.run();
            }
        }
        System.arraycopy(values, at, dst, 0, dst.length);
    }

    /** Writes registers, of any width, byte by byte as byte enables do. */
    public void write(int at, byte[] src) {
        for (int i = 0; i < src.length; i++) {
            int to = at + i;
            values[to] = (byte) (merge(values[to], src[i], writable[to]) & ~(src[i] & cleared[to]));
        }
        for (Use use : writes) {
            if (use.touches(at, src.length)) {
                use.action.run();
            }
        }
    }

    private static byte merge(byte old, byte fresh, byte mask) {
        return (byte) ((old & ~mask) | (fresh & mask));
    }

    /** The registers as they are; nothing happens for it. */
    public byte[] image() {
        return Arrays.copyOf(values, BYTES);
    }
}
