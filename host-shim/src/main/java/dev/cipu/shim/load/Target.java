package dev.cipu.shim.load;

import dev.cipu.shim.vhost.frontend.FrontEnd;
import dev.cipu.shim.vhost.frontend.FrontEndSpec;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.ring.SplitLayout;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Function;

/**
 * The device under load and how its rings are to look.
 *
 * @param socket where the back-end listens, or connects to
 * @param server whether the back-end connects to us
 * @param queueSize descriptors of each ring, a power of two
 * @param indirect whether requests of several parts go through indirect tables, if the back-end offers them
 * @param eventIndex whether notifications are suppressed by index, if the back-end offers it
 * @param hugePages whether the memory should be of huge pages; without free ones it is of small ones
 * @param iommuEntries translations of 64 KiB that the back-end may have at a time; 0 if it is to use addresses as they are
 * @param timeout bounds every wait for the back-end; above 0 and at most a day
 */
public record Target(
        Path socket,
        boolean server,
        int queueSize,
        boolean indirect,
        boolean eventIndex,
        boolean hugePages,
        int iommuEntries,
        Duration timeout) {
    public static final int DEFAULT_QUEUE_SIZE = 512;
    public static final int DEFAULT_TIMEOUT_SECONDS = 10;

    private static final Duration LONGEST_TIMEOUT = Duration.ofDays(1);

    /** A back-end that uses addresses as they are. */
    public Target(
            Path socket,
            boolean server,
            int queueSize,
            boolean indirect,
            boolean eventIndex,
            boolean hugePages,
            Duration timeout) {
        this(socket, server, queueSize, indirect, eventIndex, hugePages, 0, timeout);
    }

    public Target {
        if (!SplitLayout.isValidSize(queueSize)) {
            throw new IllegalArgumentException(
                    "queue size " + queueSize + " is no power of two up to " + SplitLayout.MAX_SIZE);
        }
        if (!timeout.isPositive() || timeout.compareTo(LONGEST_TIMEOUT) > 0) {
            throw new IllegalArgumentException("a timeout of " + timeout.toSeconds() + " s is not above 0 and at most "
                    + LONGEST_TIMEOUT.toSeconds());
        }
    }

    /** A back-end that listens at {@code socket}; rings of 512, event index, no indirect tables, huge pages. */
    public static Target of(Path socket) {
        return new Target(
                socket, false, DEFAULT_QUEUE_SIZE, false, true, true, Duration.ofSeconds(DEFAULT_TIMEOUT_SECONDS));
    }

    public Target withQueueSize(int size) {
        return new Target(socket, server, size, indirect, eventIndex, hugePages, iommuEntries, timeout);
    }

    /** Behind an IOMMU, of whose translations the back-end may have so many at a time. */
    public Target withIommu(int entries) {
        return new Target(socket, server, queueSize, indirect, eventIndex, hugePages, entries, timeout);
    }

    public Target withServer(boolean on) {
        return new Target(socket, on, queueSize, indirect, eventIndex, hugePages, iommuEntries, timeout);
    }

    /** The ring features to ask for. */
    FeatureSet ringFeatures() {
        FeatureSet wanted = FeatureSet.of(RingFeature.VERSION_1);
        if (indirect) {
            wanted = wanted.with(RingFeature.INDIRECT_DESC);
        }
        return eventIndex ? wanted.with(RingFeature.EVENT_IDX) : wanted;
    }

    /**
     * Connects to the device, with rings as described here.
     *
     * @param wanted device features to accept where they are offered
     * @param indirectEntries longest chain to be put into an indirect table, 0 for none
     * @param queues rings that will be started at most
     * @param memoryBytes device-visible memory besides the rings
     * @param load makes the load, which then owns the front-end; if it throws, the front-end is closed
     * @throws dev.cipu.shim.vhost.frontend.FrontEndException if there is no back-end or it refuses
     */
    <T> T connect(FeatureSet wanted, int indirectEntries, int queues, long memoryBytes, Function<FrontEnd, T> load) {
        FrontEnd frontEnd = FrontEnd.open(new FrontEndSpec(
                socket,
                server,
                wanted,
                queueSize,
                indirectEntries,
                queues,
                memoryBytes,
                hugePages,
                iommuEntries,
                timeout));
        try {
            return load.apply(frontEnd);
        } catch (RuntimeException e) {
            frontEnd.close();
            throw e;
        }
    }
}
