package dev.cipu.dataplane.net;

import dev.cipu.virtio.FeatureSet;

/**
 * Frames to and from an interface of the host, each with the header of virtio-net before it. Owner: the thread that owns the
 * port; nothing blocks or allocates.
 */
public interface FrameChannel {
    /** Said of a read when no frame waits. */
    int NOTHING = 0;

    /** Said of a read or a write when the interface is gone, for good. */
    int GONE = -1;

    /** Said of a write when the interface did not take the frame. */
    int REFUSED = -2;

    /**
     * What may be asked of the card in the headers of frames that are read, and of the interface in those that are written, as a
     * driver of virtio-net would have negotiated it.
     */
    FeatureSet offloads();

    /**
     * Reads one frame with its header into two pieces of memory, the second one for what the first has no room for.
     *
     * @return bytes of header and frame, {@link #NOTHING} or {@link #GONE}
     */
    int read(long first, int firstBytes, long second, int secondBytes);

    /**
     * Writes one frame with its header.
     *
     * @return its bytes, {@link #REFUSED} or {@link #GONE}
     */
    int write(long address, int bytes);

    /** Whether a frame waits to be read. */
    boolean isReadable();
}
