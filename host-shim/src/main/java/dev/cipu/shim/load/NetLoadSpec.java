package dev.cipu.shim.load;

/**
 * A load on a network device whose frames come back: there is a reflecting port behind it.
 *
 * @param target the device
 * @param frameBytes bytes of a frame, without its checksum
 * @param pairs queue pairs in use
 * @param burst frames handed over at once
 * @param window frames of a pair that may be on their way; 0 for as many as the rings hold, which overloads the device
 * @param rate frames a second, 0 for as many as the window lets through
 * @param mergeable whether a received frame may be spread over several buffers, if the back-end offers it
 * @param run how long, and on what
 * @param verify whether each frame has content of its own that is compared
 */
public record NetLoadSpec(
        Target target,
        int frameBytes,
        int pairs,
        int burst,
        int window,
        long rate,
        boolean mergeable,
        RunSpec run,
        boolean verify) {
    public static final int DEFAULT_BURST = 32;

    /** The largest frame without segmentation offload: a jumbo MTU and its header. */
    private static final int MAX_BYTES = 9216;

    public NetLoadSpec {
        if (frameBytes < TestFrame.MIN_BYTES || frameBytes > MAX_BYTES) {
            throw new IllegalArgumentException(
                    "frame size " + frameBytes + " is not in " + TestFrame.MIN_BYTES + ".." + MAX_BYTES);
        }
        if (pairs < 1 || pairs > 64) {
            throw new IllegalArgumentException(pairs + " queue pairs, not 1..64");
        }
        if (burst < 1 || burst > target.queueSize() || rate < 0) {
            throw new IllegalArgumentException(
                    "a burst has 1.." + target.queueSize() + " frames, and a rate is not negative");
        }
        if (window < 0 || window > target.queueSize() || (long) window * pairs > FrameLedger.ROOM) {
            throw new IllegalArgumentException("a window of " + window + " is more than rings of " + target.queueSize()
                    + " return, or than " + FrameLedger.ROOM + " in all");
        }
    }

    /** Unverified frames on one pair as fast as they come back, half a ring of them on their way. */
    public static NetLoadSpec of(Target target, int frameBytes, RunSpec run) {
        return new NetLoadSpec(target, frameBytes, 1, DEFAULT_BURST, defaultWindow(target), 0, false, run, false);
    }

    /** Half a ring: the other half takes the next frames meanwhile. */
    public static int defaultWindow(Target target) {
        return Math.max(1, target.queueSize() / 2);
    }

    public NetLoadSpec withPairs(int number) {
        return new NetLoadSpec(target, frameBytes, number, burst, window, rate, mergeable, run, verify);
    }

    public NetLoadSpec withWindow(int frames) {
        return new NetLoadSpec(target, frameBytes, pairs, burst, frames, rate, mergeable, run, verify);
    }

    public NetLoadSpec withRate(long framesPerSecond) {
        return new NetLoadSpec(target, frameBytes, pairs, burst, window, framesPerSecond, mergeable, run, verify);
    }

    public NetLoadSpec withMergeable(boolean on) {
        return new NetLoadSpec(target, frameBytes, pairs, burst, window, rate, on, run, verify);
    }

    public NetLoadSpec withVerify(boolean on) {
        return new NetLoadSpec(target, frameBytes, pairs, burst, window, rate, mergeable, run, on);
    }
}
