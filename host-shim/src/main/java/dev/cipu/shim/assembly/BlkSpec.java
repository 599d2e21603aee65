package dev.cipu.shim.assembly;

/**
 * A block device.
 *
 * @param store name of one of the card's stores
 * @param queues request queues
 * @param blockSize bytes of a logical block
 * @param options what most disks do without
 * @param features what the device may offer
 * @param virtuals those that it can have beside it
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
        FeatureChoice features,
        VirtualSpec virtuals)
        implements DeviceSpec {
    public static final int DEFAULT_BLOCK_SIZE = 512;
    public static final int MAX_BLOCK_SIZE = 4096;
    public static final int MAX_QUEUES = 256;

    /** What a serial number has room for. */
    static final int SERIAL_BYTES = 20;

    /** A plain disk that may offer everything. */
    public BlkSpec(
            String id,
            EndpointSpec endpoint,
            String store,
            boolean readOnly,
            int queues,
            String serial,
            int blockSize) {
        this(
                id,
                endpoint,
                store,
                readOnly,
                queues,
                serial,
                blockSize,
                DiskOptions.NONE,
                FeatureChoice.EVERYTHING,
                VirtualSpec.NONE);
    }

    /** As this one, but offering what is chosen. */
    BlkSpec offering(FeatureChoice choice) {
        return new BlkSpec(id, endpoint, store, readOnly, queues, serial, blockSize, options, choice, virtuals);
    }

    @Override
    public BlkSpec virtual(int index) {
        String suffix = VirtualSpec.suffix(index);
        String shared = virtuals.store();
        return new BlkSpec(
                id + suffix,
                VirtualSpec.endpoint(endpoint, index),
                shared == null ? id + suffix : shared,
                readOnly,
                queues,
                serial.substring(0, Math.min(serial.length(), SERIAL_BYTES - suffix.length())) + suffix,
                blockSize,
                options,
                features,
                VirtualSpec.NONE);
    }

    @Override
    public String kind() {
        return "blk";
    }
}
