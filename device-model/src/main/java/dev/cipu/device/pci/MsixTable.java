package dev.cipu.device.pci;

import java.util.Arrays;
import java.util.BitSet;

/**
 * The vectors of a function, and which of them wait because they are masked. {@code [PCI Express Base 4.0 §7.7.2]} Workers send,
 * the control thread changes: each method is atomic.
 *
 * <pre>
 * entry: 0 address:64   8 data:32   12 control:32, of which bit 0 masks
 * </pre>
 */
public final class MsixTable {
    static final int ENTRY_BYTES = 16;
    private static final int CONTROL = 12;

    /** The most that there can be. */
    public static final int LIMIT = 2048;

    private final int vectors;
    private final byte[] table;
    private final BitSet pending = new BitSet();

    /** What the host masks instead of the table, once it has said so. */
    private final BitSet hostMasks = new BitSet();

    private boolean hostDecides;
    private boolean enabled;
    private boolean allMasked;
    private PciHost host = PciHost.NONE;

    public MsixTable(int vectors) {
        if (vectors < 1 || vectors > LIMIT) {
            throw new IllegalArgumentException(vectors + " vectors");
        }
        this.vectors = vectors;
        table = new byte[tableBytes(vectors)];
        reset();
    }

    /** Bytes of a table; pending bits are best put behind it. */
    static int tableBytes(int vectors) {
        return vectors * ENTRY_BYTES;
    }

    /** Bytes of table and pending bits. */
    public int bytes() {
        return table.length + (vectors + 63) / 64 * 8;
    }

    public int vectors() {
        return vectors;
    }

    /** From now on messages go there, and only the table masks them. */
    public synchronized void connect(PciHost next) {
        host = next;
        hostDecides = false;
        hostMasks.clear();
    }

    /** The host masks a vector, see {@link PciFunction#mask}. */
    public synchronized void mask(int vector, boolean masked) {
        if (!hostDecides) {
            hostDecides = true;
            hostMasks.set(0, vectors);
        }
        hostMasks.set(vector, masked);
        sendPending(vector);
    }

    /** What the function's MSI-X control register says now. */
    public synchronized void control(boolean on, boolean masked) {
        enabled = on;
        allMasked = masked;
        for (int i = pending.nextSetBit(0); i >= 0; i = pending.nextSetBit(i + 1)) {
            sendPending(i);
        }
    }

    /** Whether interrupts are messages: by the register, or because the host asks for vectors. */
    public synchronized boolean isOn() {
        return enabled || (hostDecides && hostMasks.cardinality() < vectors);
    }

    /** Sends a vector, or remembers it while it is masked. */
    public synchronized void raise(int vector) {
        pending.set(vector);
        sendPending(vector);
    }

    private void sendPending(int vector) {
        if (pending.get(vector) && isOn() && !isMasked(vector)) {
            pending.clear(vector);
            host.interrupt(InterruptKind.MSIX, vector);
        }
    }

    private boolean isMasked(int vector) {
        if (hostDecides) {
            return hostMasks.get(vector);
        }
        return allMasked || (table[vector * ENTRY_BYTES + CONTROL] & 1) != 0;
    }

    /** Reads the table and the pending bits behind it; what is beyond reads as 0. */
    public synchronized void read(int offset, byte[] dst) {
        byte[] bits = pending.toByteArray();
        for (int i = 0; i < dst.length; i++) {
            int at = offset + i;
            int bit = at - table.length;
            dst[i] = at < table.length ? table[at] : bit < bits.length ? bits[bit] : 0;
        }
    }

    /** Writes the table, the reserved bits of control words excepted; pending bits are read-only. */
    public synchronized void write(int offset, byte[] src) {
        for (int i = 0; i < src.length && offset + i < table.length; i++) {
            int at = offset + i;
            int field = at % ENTRY_BYTES;
            if (field <= CONTROL) {
                // only the lowest bit of the control word can be written, and no address points between dwords
                int mask = field == CONTROL ? 1 : field == 0 ? 0xfc : 0xff;
                table[at] = (byte) (src[i] & mask);
            }
        }
        int first = offset / ENTRY_BYTES;
        for (int i = first; i < vectors && i * ENTRY_BYTES < offset + src.length; i++) {
            sendPending(i);
        }
    }

    /** As after power-on: off, each vector masked, nothing pending; what the host masks stays. */
    public synchronized void reset() {
        enabled = false;
        allMasked = false;
        pending.clear();
        Arrays.fill(table, (byte) 0);
        for (int i = 0; i < vectors; i++) {
            table[i * ENTRY_BYTES + CONTROL] = 1;
        }
    }
}
