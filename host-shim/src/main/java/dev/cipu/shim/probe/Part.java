package dev.cipu.shim.probe;

import java.util.ArrayList;
import java.util.List;

/**
 * One buffer of a chain.
 *
 * @param address its guest address
 * @param length its bytes
 * @param writable whether the device writes it
 */
public record Part(long address, int length, boolean writable) {
    public static Part readable(long address, int length) {
        return new Part(address, length, false);
    }

    public static Part writable(long address, int length) {
        return new Part(address, length, true);
    }

    /** The same memory in several buffers: the given lengths, then what is left of it. */
    public List<Part> cut(int... lengths) {
        List<Part> parts = new ArrayList<>();
        int at = 0;
        for (int piece : lengths) {
            parts.add(new Part(address + at, piece, writable));
            at += piece;
        }
        if (at < length) {
            parts.add(new Part(address + at, length - at, writable));
        }
        return parts;
    }
}
