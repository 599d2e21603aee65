package dev.cipu.virtio.net;

/**
 * How frames are hashed: what a driver has chosen. Immutable. {@code [virtio-1.4 §5.1.6.5.6.4]}
 *
 * <p>A class and no record: a record would give its key away.
 */
public final class HashConfig {
    /** No frame is hashed, as after a reset. */
    public static final HashConfig NONE = new HashConfig(0, new byte[0]);

    private final int types;
    private final byte[] key;

    /**
     * @param types bits of {@link NetHash}
     * @param key up to {@link NetHash#MAX_KEY} bytes; zeros follow
     */
    public HashConfig(int types, byte[] key) {
        this.types = types;
        this.key = key.clone();
    }

    public int types() {
        return types;
    }

    public byte[] key() {
        return key.clone();
    }
}
