package dev.cipu.shim.session;

import dev.cipu.virtio.FeatureSet;

/**
 * One peer from connect to disconnect. One thread makes the session, runs and closes it. Whatever way it ends, every
 * descriptor and mapping that the peer sent is released, after the workers have let go.
 */
public interface Session extends AutoCloseable {
    /**
     * How a session ended.
     *
     * @param features what its last driver accepted
     */
    record End(boolean failed, String reason, FeatureSet features) {}

    /** Serves the peer until it leaves, breaks the protocol, or {@link #stop}. */
    End run();

    /**
     * Makes {@link #run} return soon, even in the middle of a message that the peer does not end. Any thread. The peer sees
     * the end of the stream only once the workers have let go of its memory.
     */
    void stop();

    /** Takes everything back from the workers and releases all that the peer sent. */
    @Override
    void close();
}
