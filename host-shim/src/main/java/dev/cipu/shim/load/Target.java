package dev.cipu.shim.load;

import dev.cipu.shim.vhost.frontend.FrontEnd;
import dev.cipu.shim.vhost.frontend.FrontEndSpec;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.ring.PackedLayout;
import dev.cipu.virtio.ring.RingFormat;
import dev.cipu.virtio.ring.SplitLayout;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Function;

/**
 * The device under load and how its rings are to look.
 *
 * @param socket where the back-end listens, or connects to
 * @param server whether the back-end connects to us
 * @param queueSize descriptors of each ring: up to 32768, of a split ring a power of two
 * @param packed whether rings are packed ones; the back-end must offer them then
 * @param inOrder whether buffers are used in order, if the back-end offers it
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
        boolean packed,
        boolean inOrder,
        boolean indirect,
        boolean eventIndex,
        boolean hugePages,
        int iommuEntries,
        Duration timeout) {
    public static final int DEFAULT_QUEUE_SIZE = 512;
    public static final int DEFAULT_TIMEOUT_SECONDS = 10;

    private static final Duration LONGEST_TIMEOUT = Duration.ofDays(1);

    /** Split rings whose buffers are used in any order; the back-end uses addresses as they are. */
    public Target(
            Path socket,
            boolean server,
            int queueSize,
            boolean indirect,
            boolean eventIndex,
            boolean hugePages,
            Duration timeout) {
        this(socket, server, queueSize, false, false, indirect, eventIndex, hugePages, 0, timeout);
    }

    public Target {
        if (packed && !RingFormat.PACKED.isValidSize(queueSize)) {
            throw new IllegalArgumentException("queue size " + queueSize + " is not in 1.." + PackedLayout.MAX_SIZE);
        }
        if (!packed && !RingFormat.SPLIT.isValidSize(queueSize)) {
            throw new IllegalArgumentException(
                    "queue size " + queueSize + " is no power of two up to " + SplitLayout.MAX_SIZE);
        }
        if (!timeout.isPositive() || timeout.compareTo(LONGEST_TIMEOUT) > 0) {
            throw new IllegalArgumentException("a timeout of " + timeout.toSeconds() + " s is not above 0 and at most "
                    + LONGEST_TIMEOUT.toSeconds());
        }
    }

    /** A back-end that listens at {@code socket}; split rings of 512, event index, no indirect tables, huge pages. */
    public static Target of(Path socket) {
        return new Target(
                socket, false, DEFAULT_QUEUE_SIZE, false, true, true, Duration.ofSeconds(DEFAULT_TIMEOUT_SECONDS));
    }

    public Target withQueueSize(int size) {
        return new Target(
                socket, server, size, packed, inOrder, indirect, eventIndex, hugePages, iommuEntries, timeout);
    }

    /** Behind an IOMMU, of whose translations the back-end may have so many at a time. */
    public Target withIommu(int entries) {
        return new Target(
                socket, server, queueSize, packed, inOrder, indirect, eventIndex, hugePages, entries, timeout);
    }

    public Target withServer(boolean on) {
        return new Target(
                socket, on, queueSize, packed, inOrder, indirect, eventIndex, hugePages, iommuEntries, timeout);
    }

    /** With packed rings of this size, whose buffers are used in order if asked for and offered. */
    public Target withPacked(int size, boolean ordered) {
        return new Target(socket, server, size, true, ordered, indirect, eventIndex, hugePages, iommuEntries, timeout);
    }

    /** The ring features to ask for. */
    public FeatureSet ringFeatures() {
        FeatureSet wanted = FeatureSet.of(RingFeature.VERSION_1);
        wanted = packed ? wanted.with(RingFeature.RING_PACKED) : wanted;
        wanted = inOrder ? wanted.with(RingFeature.IN_ORDER) : wanted;
        wanted = indirect ? wanted.with(RingFeature.INDIRECT_DESC) : wanted;
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
     * @throws LoadException if rings are to be packed and the back-end has none
     */
    public <T> T connect(
            FeatureSet wanted, int indirectEntries, int queues, long memoryBytes, Function<FrontEnd, T> load) {
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
            if (packed && !frontEnd.negotiated().has(RingFeature.RING_PACKED)) {
                throw new LoadException("the back-end offers no packed rings: leave --packed out");
            }
            return load.apply(frontEnd);
        } catch (RuntimeException e) {
            frontEnd.close();
            throw e;
        }
    }
}
