package dev.cipu.device.pci;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Interrupts by messages: the capability, the table of vectors and their pending bits. {@code [PCI 3.0 §6.8.2]}
 *
 * <pre>
 * 0 table: address:64 data:32 control:32 for each vector     then, at the next page, pending: a bit for each vector
 * </pre>
 *
 * Registers belong to the control thread; any thread may {@link #raise}. A vector is guarded by itself, so two queues that
 * interrupt by different vectors do not meet.
 */
public final class Msix {
    /** As many vectors as a table can have. */
    public static final int MOST = 2048;

    public static final int ID = 0x11;
    private static final int BYTES = 12;
    public static final int CONTROL = 2;
    public static final int TABLE = 4;
    private static final int PENDING = 8;
    public static final int ENABLE = 1 << 15;
    private static final int FUNCTION_MASK = 1 << 14;

    public static final int ENTRY_BYTES = 16;
    private static final int ENTRY_CONTROL = 12;
    private static final int PAGE = 4096;

    private final ConfigSpace config;
    private final int at;
    private final Vector[] vectors;
    private final AtomicInteger openByHost = new AtomicInteger();
    private volatile boolean enabled;
    private volatile boolean masked;
    private volatile PciHost bus = PciHost.NONE;

    /** What the host says of a vector, see {@link PciFunction#mask}. */
    private enum HostMask {
        NONE,
        OPEN,
        MASKED
    }

    private final class Vector {
        private final int index;
        private final byte[] message = new byte[ENTRY_CONTROL];
        private boolean maskBit = true;
        private HostMask host = HostMask.NONE;
        private boolean pending;

        Vector(int index) {
            this.index = index;
        }

        synchronized void raise() {
            pending = true;
            settle();
        }

        /** Sends what is pending if nothing is in its way. */
        synchronized void settle() {
            boolean open = host == HostMask.NONE ? enabled && !masked && !maskBit : host == HostMask.OPEN;
            if (pending && open) {
                pending = false;
                bus.interrupt(InterruptKind.MSIX, index);
            }
        }

        synchronized void host(HostMask next) {
            openByHost.addAndGet((next == HostMask.OPEN ? 1 : 0) - (host == HostMask.OPEN ? 1 : 0));
            host = next;
            settle();
        }

        synchronized void maskBit(boolean on) {
            maskBit = on;
            settle();
        }

        synchronized boolean isPending() {
            return pending;
        }

        synchronized void reset() {
            maskBit = true;
            pending = false;
            Arrays.fill(message, (byte) 0);
        }
    }

    /**
     * @param bar where table and pending bits are, at its beginning
     */
    Msix(ConfigSpace config, CapabilityChain chain, int count, int bar) {
        if (count < 1 || count > MOST) {
            throw new IllegalArgumentException(count + " vectors, not 1.." + MOST);
        }
        this.config = config;
        vectors = new Vector[count];
        for (int i = 0; i < count; i++) {
            vectors[i] = new Vector(i);
        }
        at = chain.add(ID, BYTES);
        config.u16(at + CONTROL, count - 1);
        config.writable(at + CONTROL, Short.BYTES, ENABLE | FUNCTION_MASK);
        config.u32(at + TABLE, bar);
        config.u32(at + PENDING, pendingAt(count) | bar);
    }

    private static int pendingAt(int count) {
        return (count * ENTRY_BYTES + PAGE - 1) & -PAGE;
    }

    /** Bytes of the region for table and pending bits. */
    static long regionBytes(int count) {
        return Bar.room(pendingAt(count) + PAGE);
    }

    public int count() {
        return vectors.length;
    }

    /** Whether events of the device go by messages now, and not by the pin. Any thread. */
    public boolean isEnabled() {
        // a host that has opened a vector speaks of it by calls, and may never write the bit
        return enabled || openByHost.get() > 0;
    }

    /** An event happens that the driver has mapped to this vector: sent now, or pending while that is masked. Any thread. */
    public void raise(int vector) {
        vectors[vector].raise();
    }

    /** Calls {@code changed} after a write that may have switched messages on or off. */
    void onControl(Runnable changed) {
        config.afterWrite(at + CONTROL, Short.BYTES, () -> {
            int control = config.u16(at + CONTROL);
            enabled = (control & ENABLE) != 0;
            masked = (control & FUNCTION_MASK) != 0;
            settle();
            changed.run();
        });
    }

    private void settle() {
        for (Vector vector : vectors) {
            vector.settle();
        }
    }

    void connect(PciHost host) {
        bus = host;
        for (Vector vector : vectors) {
            vector.host(HostMask.NONE);
        }
    }

    void mask(int vector, boolean on) {
        vectors[vector].host(on ? HostMask.MASKED : HostMask.OPEN);
    }

    /** As after power-on; what the host says by calls stays. */
    void reset() {
        enabled = false;
        masked = false;
        for (Vector vector : vectors) {
            vector.reset();
        }
    }

    /** Reads table and pending bits. */
    public void read(long offset, byte[] dst) {
        for (int i = 0; i < dst.length; i++) {
            dst[i] = registerByte((int) offset + i);
        }
    }

    private byte registerByte(int offset) {
        int pending = offset - pendingAt(vectors.length);
        if (pending >= 0) {
            int bits = 0;
            for (int i = 0; i < Byte.SIZE; i++) {
                int vector = pending * Byte.SIZE + i;
                bits |= vector < vectors.length && vectors[vector].isPending() ? 1 << i : 0;
            }
            return (byte) bits;
        }
        int entry = offset / ENTRY_BYTES;
        if (entry >= vectors.length) {
            return 0;
        }
        int field = offset % ENTRY_BYTES;
        if (field < ENTRY_CONTROL) {
            return vectors[entry].message[field];
        }
        return (byte) (field == ENTRY_CONTROL && vectors[entry].maskBit ? 1 : 0);
    }

    /** Writes the table, by aligned words of 32 or 64 bits; other widths change nothing. {@code [PCI 3.0 §6.8.2]} */
    public void write(long offset, byte[] src) {
        if ((src.length != Integer.BYTES && src.length != Long.BYTES) || offset % src.length != 0) {
            return;
        }
        for (int i = 0; i < src.length; i += Integer.BYTES) {
            int entry = (int) offset / ENTRY_BYTES;
            if (entry < vectors.length) {
                write(vectors[entry], ((int) offset + i) % ENTRY_BYTES, src, i);
            }
        }
    }

    private static void write(Vector vector, int field, byte[] src, int from) {
        if (field == ENTRY_CONTROL) {
            vector.maskBit((src[from] & 1) != 0);
            return;
        }
        System.arraycopy(src, from, vector.message, field, Integer.BYTES);
        if (field == 0) {
            // a message is a word of 32 bits
            vector.message[0] &= (byte) 0xfc;
        }
    }
}
