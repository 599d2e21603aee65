package dev.cipu.shim.assembly;

import dev.cipu.shim.assembly.EndpointSpec.Mode;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The virtual functions that a device can have. Each is a device like its physical function, under that one's names with {@code .vfN}
 * behind; said here is what they do not have in common.
 *
 * @param total how many, 0 for a device without
 * @param mac address of the first one of a network device, from which the others count on; null: made up for each
 * @param store what all those of a disk have in common, null: each has its own, of its own name
 */
public record VirtualSpec(
        int total, @Nullable String mac, @Nullable String store) {
    public static final VirtualSpec NONE = new VirtualSpec(0, null, null);

    /** What the names of virtual functions end with. */
    static String suffix(int index) {
        return ".vf" + index;
    }

    /** Where hosts find one of them: beside the physical function. */
    static EndpointSpec endpoint(EndpointSpec physical, int index) {
        Path socket = Objects.requireNonNull(physical.socket());
        return new EndpointSpec(Mode.SERVER, Path.of(socket + suffix(index)), -1, physical.transport());
    }

    /** The address of one of them. */
    String mac(String owner, int index) {
        return mac == null ? Mac.madeUp(owner) : Mac.later(mac, index);
    }
}
