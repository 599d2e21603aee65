package dev.cipu.shim.assembly;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * An interface of this host, or of a container on it, that is a port of a switch.
 *
 * @param name the interface's
 * @param namespace the file of the network namespace that it appears in, null for the card's own
 * @param mac as six hexadecimal pairs with colons between them
 * @param address what the interface has from the start, null for nothing
 * @param mtu bytes of the largest packet
 */
public record TapSpec(
        String id,
        String name,
        String switchName,
        @Nullable Path namespace,
        String mac,
        @Nullable InterfaceAddress address,
        int mtu) {
    /** What the kernel has room for in an interface's name. */
    static final int NAME_BYTES = 15;

    /** The word by which users ask for one. */
    public static final String KIND = "tap";

    /** Its address, the first byte in bits 40 to 47. */
    long macNumber() {
        return Mac.number(mac);
    }
}
