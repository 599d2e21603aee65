package dev.cipu.shim.assembly;

/**
 * A block device.
 *
 * @param store name of one of the card's stores
 * @param queues request queues
 * @param blockSize bytes of a logical block
 * @param options what most disks do without
 * @param features what the device may offer
 */
public record BlkSpec(
        String id,
        EndpointSpec endpoint,
        String store,
        boolean readOnly,
        int queues,
        String serial,
        int blockSize,
        DiskOptions options,
        FeatureChoice features)
        implements DeviceSpec {
    public static final int DEFAULT_BLOCK_SIZE = 512;
    public static final int MAX_BLOCK_SIZE = 4096;
    public static final int MAX_QUEUES = 256;

    /** A plain disk that may offer everything. */
    public BlkSpec(
            String id,
            EndpointSpec endpoint,
            String store,
            boolean readOnly,
            int queues,
            String serial,
            int blockSize) {
        this(id, endpoint, store, readOnly, queues, serial, blockSize, DiskOptions.NONE, FeatureChoice.EVERYTHING);
    }

    /** As this one, but offering what is chosen. */
    BlkSpec offering(FeatureChoice choice) {
        return new BlkSpec(id, endpoint, store, readOnly, queues, serial, blockSize, options, choice);
    }

    @Override
    public String kind() {
        return "blk";
    }
}
