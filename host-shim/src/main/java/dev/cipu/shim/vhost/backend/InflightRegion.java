package dev.cipu.shim.vhost.backend;

import dev.cipu.shim.posix.FdBundle;
import dev.cipu.shim.posix.Mapping;
import dev.cipu.shim.posix.Memfd;
import dev.cipu.shim.posix.PosixException;
import dev.cipu.virtio.ring.RingFormat;
import java.lang.foreign.MemorySegment;

/**
 * Memory that the front-end keeps for us and hands to our successor: which chains each ring has in flight. What is in it
 * may come from another back-end, or from an enemy. Owned by the session's thread; each ring's part by its worker while
 * the ring is attached.
 */
final class InflightRegion implements AutoCloseable {
    /** What a region may be longer than its parts: a predecessor may have rounded it up to a huge page. */
    private static final long MAX_PADDING = 1 << 21;

    private final Mapping mapping;
    private final int queues;
    private final int queueSize;
    private final RingFormat format;

    private InflightRegion(Mapping mapping, RingFormat format, int queues, int queueSize) {
        this.mapping = mapping;
        this.format = format;
        this.queues = queues;
        this.queueSize = queueSize;
    }

    /** Bytes for this many rings of this size; refuses what no device of ours has, so that memory stays bounded. */
    static long bytes(RingFormat format, int queues, int queueSize, int maxQueues) {
        if (queues < 1 || queues > maxQueues || !format.isValidSize(queueSize)) {
            throw new RefusedException("inflight region for " + queues + " queues of " + queueSize);
        }
        return queues * stride(format, queueSize);
    }

    private static long stride(RingFormat format, int queueSize) {
        return format == RingFormat.PACKED ? PackedInflightLayout.stride(queueSize) : InflightLayout.stride(queueSize);
    }

    /** A fresh region, zeroed: its parts are set up when they are first used. The front-end gets it and keeps it. */
    static Memfd create(RingFormat format, int queues, int queueSize, int maxQueues) {
        return Memfd.create("vhost-inflight", bytes(format, queues, queueSize, maxQueues));
    }

    /** Maps what SET_INFLIGHT_FD brings. */
    static InflightRegion adopt(
            FdBundle descriptors, RingFormat format, long size, long offset, int queues, int queueSize, int maxQueues) {
        long needed = bytes(format, queues, queueSize, maxQueues);
        if (size < needed || size > needed + MAX_PADDING) {
            throw new RefusedException("inflight region of " + Long.toUnsignedString(size) + " bytes");
        }
        if ((offset & InflightLayout.ENTRY_BYTES - 1) != 0) {
            throw new RefusedException("inflight region misaligned in its file");
        }
        try {
            return new InflightRegion(Mapping.of(descriptors.take(), offset, size), format, queues, queueSize);
        } catch (IllegalArgumentException | PosixException e) {
            throw new RefusedException("inflight region: " + e.getMessage());
        }
    }

    /** The part of one split ring. Refused when the region has none for it, or the ring is larger. */
    InflightQueue split(int index, int size) {
        return new InflightQueue(part(RingFormat.SPLIT, index, size), size, queueSize);
    }

    /** The part of one packed ring, as {@link #split}. */
    PackedInflightQueue packed(int index, int size) {
        return new PackedInflightQueue(new PackedInflightPart(part(RingFormat.PACKED, index, size)), size, queueSize);
    }

    private MemorySegment part(RingFormat wanted, int index, int size) {
        if (wanted != format || index >= queues || size > queueSize) {
            throw new RefusedException("the inflight region has no part for queue " + index + " of " + size);
        }
        long stride = stride(format, queueSize);
        return mapping.segment().asSlice(index * stride, stride);
    }

    boolean fileStillCovers() {
        return mapping.fileStillCovers();
    }

    /** After every ring that uses it has been detached. */
    @Override
    public void close() {
        mapping.close();
    }
}
