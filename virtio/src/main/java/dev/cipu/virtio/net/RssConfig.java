package dev.cipu.virtio.net;

/**
 * Receive-side scaling as a driver has configured it: which pair's receiveq a hash leads to. Immutable, checked by who makes it.
 * {@code [virtio-1.4 §5.1.6.5.7]}
 */
public final class RssConfig {
    private final HashConfig hash;
    private final char[] table;
    private final int unclassified;
    private final int transmitQueues;

    /**
     * @param table pairs, as many as a power of two
     * @param unclassified the pair for frames without a hash
     * @param transmitQueues how many transmitqs the driver may use
     */
    public RssConfig(HashConfig hash, char[] table, int unclassified, int transmitQueues) {
        this.hash = hash;
        this.table = table.clone();
        this.unclassified = unclassified;
        this.transmitQueues = transmitQueues;
    }

    public HashConfig hash() {
        return hash;
    }

    /** Entries of the table. */
    public int entries() {
        return table.length;
    }

    /** The pair that a hash leads to. */
    public int pair(int hashValue) {
        return table[hashValue & (table.length - 1)];
    }

    public int unclassified() {
        return unclassified;
    }

    public int transmitQueues() {
        return transmitQueues;
    }
}
