package dev.cipu.shim.assembly;

import dev.cipu.shim.net.Tap;
import dev.cipu.shim.posix.PosixException;
import java.nio.file.Files;

/** Makes interfaces of the host of their descriptions. */
final class Taps {
    private Taps() {}

    /**
     * The interface, which is up.
     *
     * @throws ResourceException if this process or this kernel cannot have it
     */
    static Tap open(TapSpec tap) {
        InterfaceAddress address = tap.address();
        try {
            return Tap.open(
                    tap.name(),
                    tap.namespace(),
                    tap.macNumber(),
                    tap.mtu(),
                    address == null ? 0 : address.ip(),
                    address == null ? 0 : address.mask());
        } catch (PosixException e) {
            String mend = switch (e.errnoName()) {
                case "EPERM", "EACCES" -> "TAP interfaces are made by root (CAP_NET_ADMIN); run the card as root";
                case "EBUSY" -> "there is an interface " + tap.name() + " already; choose another name";
                case "ENOENT" ->
                    tap.namespace() == null || Files.exists(tap.namespace())
                            ? "this kernel has no /dev/net/tun; load its module tun"
                            : "there is no namespace " + tap.namespace() + "; make it with ip netns add";
                case "EINVAL" -> "check that " + tap.namespace() + " is a network namespace, and the address";
                default -> "see the kernel's log";
            };
            throw new ResourceException(tap.id() + ": " + e.getMessage() + "; " + mend, e);
        }
    }
}
