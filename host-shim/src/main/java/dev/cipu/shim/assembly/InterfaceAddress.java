package dev.cipu.shim.assembly;

/**
 * An IPv4 address and how much of it names the network.
 *
 * @param ip in the order in which it is written, the first number in the highest byte
 */
public record InterfaceAddress(int ip, int prefix) {
    private static final int BITS = 32;
    private static final int PARTS = 4;

    /**
     * Reads {@code 10.0.0.2/24}.
     *
     * @throws IllegalArgumentException if it is none
     */
    static InterfaceAddress parse(String text) {
        String[] both = text.split("/", -1);
        String[] parts = both[0].split("\\.", -1);
        if (both.length != 2 || parts.length != PARTS) {
            throw new IllegalArgumentException(text);
        }
        int ip = 0;
        for (String part : parts) {
            ip = ip << 8 | number(part, 255);
        }
        return new InterfaceAddress(ip, number(both[1], BITS));
    }

    private static int number(String text, int most) {
        int number = text.matches("\\d{1,3}") ? Integer.parseInt(text) : Integer.MAX_VALUE;
        if (number > most) {
            throw new IllegalArgumentException(text);
        }
        return number;
    }

    /** The bits that name the network. */
    public int mask() {
        return prefix == 0 ? 0 : -1 << (BITS - prefix);
    }

    @Override
    public String toString() {
        return (ip >>> 24) + "." + (ip >>> 16 & 0xff) + "." + (ip >>> 8 & 0xff) + "." + (ip & 0xff) + "/" + prefix;
    }
}
