package dev.cipu.shim.vhost.frontend;

import dev.cipu.virtio.FeatureSet;
import java.nio.file.Path;
import java.time.Duration;

/**
 * What a front-end connects to and what it brings along.
 *
 * @param socket where the back-end listens, or connects to
 * @param server whether we listen and the back-end connects
 * @param wanted device features to accept where they are offered
 * @param queueSize descriptors of each ring, of a split one a power of two
 * @param indirectEntries longest chain to be put into an indirect table, 0 for none
 * @param maxQueues rings that will be started at most
 * @param memoryBytes device-visible memory besides the rings
 * @param hugePages whether to take huge pages if there are free ones
 * @param iommuEntries translations of 64 KiB that a back-end may have at a time; 0: there is no IOMMU
 * @param timeout bounds every wait for the back-end
 */
public record FrontEndSpec(
        Path socket,
        boolean server,
        FeatureSet wanted,
        int queueSize,
        int indirectEntries,
        int maxQueues,
        long memoryBytes,
        boolean hugePages,
        int iommuEntries,
        Duration timeout) {}
