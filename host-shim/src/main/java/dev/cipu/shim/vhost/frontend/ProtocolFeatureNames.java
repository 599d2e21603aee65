package dev.cipu.shim.vhost.frontend;

import dev.cipu.shim.vhost.ProtocolFeature;
import java.util.ArrayList;
import java.util.List;

/** Protocol feature bits as people know them. */
final class ProtocolFeatureNames {
    private static final List<String> NAMES = List.of(
            "MQ",
            "LOG_SHMFD",
            "RARP",
            "REPLY_ACK",
            "NET_MTU",
            "BACKEND_REQ",
            "CROSS_ENDIAN",
            "CRYPTO_SESSION",
            "PAGEFAULT",
            "CONFIG",
            "BACKEND_SEND_FD",
            "HOST_NOTIFIER",
            "INFLIGHT_SHMFD",
            "RESET_DEVICE",
            "INBAND_NOTIFICATIONS",
            "CONFIGURE_MEM_SLOTS",
            "STATUS");

    private ProtocolFeatureNames() {}

    /** The names of the bits set in {@code features}, see {@link ProtocolFeature}. */
    static List<String> of(long features) {
        List<String> names = new ArrayList<>();
        for (int bit = 0; bit < Long.SIZE; bit++) {
            if ((features >>> bit & 1) != 0) {
                names.add(bit < NAMES.size() ? NAMES.get(bit) : "bit " + bit);
            }
        }
        return List.copyOf(names);
    }
}
