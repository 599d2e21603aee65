package dev.cipu.shim.assembly;

/** A device of the card, whatever its kind. */
public sealed interface DeviceSpec permits NetSpec, BlkSpec {
    /** The name by which the user knows it; unique on the card. */
    String id();

    EndpointSpec endpoint();

    /** Queue pairs of a network device, request queues of a block device. */
    int queues();

    /** What the device may offer of what it has. */
    FeatureChoice features();

    /** {@code net} or {@code blk}. */
    String kind();
}
