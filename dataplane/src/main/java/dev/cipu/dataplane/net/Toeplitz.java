package dev.cipu.dataplane.net;

import dev.cipu.virtio.memory.HostMemory;
import dev.cipu.virtio.net.NetHash;
import java.lang.foreign.ValueLayout;

/**
 * The Toeplitz hash under one key: for each bit of the input that is set, the 32 bits of the key from there on are added without
 * carry. {@code [virtio-1.4 §5.1.6.4.3]} What each value of each byte contributes is looked up: a lookup a byte.
 *
 * <p>Immutable; 36 KiB.
 */
final class Toeplitz {
    /** Bytes of the longest input: two IPv6 addresses and two ports. */
    private static final int INPUT = 36;

    private static final int VALUES = 256;

    private final int[] table = new int[INPUT * VALUES];

    /**
     * @param key up to {@link NetHash#MAX_KEY} bytes; zeros follow
     */
    Toeplitz(byte[] key) {
        byte[] padded = new byte[NetHash.MAX_KEY];
        System.arraycopy(key, 0, padded, 0, key.length);
        for (int i = 0; i < INPUT; i++) {
            // the 39 bits of the key that the bits of this byte select from
            long window = 0;
            for (int j = 0; j < 5 && i + j < padded.length; j++) {
                window = window << 8 | (padded[i + j] & 0xff);
            }
            for (int value = 0; value < VALUES; value++) {
                int sum = 0;
                for (int bit = 0; bit < 8; bit++) {
                    if ((value & 0x80 >> bit) != 0) {
                        sum ^= (int) (window >>> (8 - bit));
                    }
                }
                table[i * VALUES + value] = sum;
            }
        }
    }

    /**
     * What {@code bytes} bytes contribute that are the input's from byte {@code position} on.
     *
     * @param at their address, see {@link HostMemory}
     */
    int add(int sum, int position, long at, int bytes) {
        int result = sum;
        int row = position * VALUES;
        for (int i = 0; i < bytes; i++) {
            result ^= table[row + (HostMemory.ALL.get(ValueLayout.JAVA_BYTE, at + i) & 0xff)];
            row += VALUES;
        }
        return result;
    }
}
