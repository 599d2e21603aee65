package dev.cipu.shim.assembly;

import java.util.stream.IntStream;
import java.util.stream.Stream;

/** A device of the card, whatever its kind. */
public sealed interface DeviceSpec permits NetSpec, BlkSpec {
    /** The name by which the user knows it; unique on the card. */
    String id();

    EndpointSpec endpoint();

    /** Queue pairs of a network device, request queues of a block device. */
    int queues();

    /** What the device may offer of what it has. */
    FeatureChoice features();

    /** The virtual functions that it can have. */
    VirtualSpec virtuals();

    /** One of them, 0 <= {@code index} < {@code virtuals().total()}: a device like any other. */
    DeviceSpec virtual(int index);

    /** It, then all its virtual functions. */
    default Stream<DeviceSpec> withVirtuals() {
        return Stream.concat(
                Stream.of(this), IntStream.range(0, virtuals().total()).mapToObj(this::virtual));
    }

    /** {@code net} or {@code blk}. */
    String kind();
}
