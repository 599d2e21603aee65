package dev.cipu.virtio.net;

/**
 * The addresses besides its own that a device receives frames for. Immutable: each command that sets the table makes a new one.
 * {@code [virtio-1.4 §5.1.6.5.2]}
 *
 * <p>An address is a long whose lowest byte is the first on the wire, as a little-endian load of a frame has it.
 */
public final class MacFilter {
    /** Lets no address pass. */
    public static final MacFilter EMPTY = new MacFilter(new long[0], 0);

    /** Set in each address that is in use, so that zeros are free places. */
    private static final long PRESENT = 1L << 48;

    private static final long SPREAD = 0x9E3779B97F4A7C15L;

    private final long[] slots;
    private final int shift;
    private final int count;

    /**
     * @param addresses of which the first {@code count} are taken; some may be equal
     */
    public MacFilter(long[] addresses, int count) {
        // half of the places stay free, so that a search ends soon
        int bits = 33 - Integer.numberOfLeadingZeros(count + 1);
        slots = new long[1 << bits];
        shift = 64 - bits;
        this.count = count;
        for (int i = 0; i < count; i++) {
            insert(addresses[i] | PRESENT);
        }
    }

    private void insert(long address) {
        int at = place(address);
        while (slots[at] != 0 && slots[at] != address) {
            at = (at + 1) & (slots.length - 1);
        }
        slots[at] = address;
    }

    private int place(long address) {
        return (int) ((address * SPREAD) >>> shift);
    }

    /** Whether frames for this address pass. */
    public boolean has(long address) {
        long wanted = address | PRESENT;
        int at = place(wanted);
        while (slots[at] != 0) {
            if (slots[at] == wanted) {
                return true;
            }
            at = (at + 1) & (slots.length - 1);
        }
        return false;
    }

    /** How many addresses it was made of. */
    public int count() {
        return count;
    }
}
