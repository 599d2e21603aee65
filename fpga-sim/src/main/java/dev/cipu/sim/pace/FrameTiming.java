package dev.cipu.sim.pace;

/** What a model says of the frames that pass a port in one direction. Owner: the worker of the port's switch. */
@FunctionalInterface
public interface FrameTiming {
    /**
     * When a frame is to arrive at the earliest, never before {@code now}. The model counts the frame, so it is asked once for
     * each.
     *
     * @param now when the frame came, in nanoseconds of the worker's clock
     */
    long due(long now, int bytes);
}
