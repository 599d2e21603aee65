package dev.cipu.shim.load;

import dev.cipu.shim.vhost.frontend.FrontEnd;
import java.time.Duration;

/**
 * Looks after a device that has gone quiet: is the back-end still there, and for how long may it say nothing? Asked
 * rarely, by a load that found nothing to do. Owned by the load's thread.
 */
public final class StallWatch {
    /** How long a device is quiet before the socket is looked at, and between two looks. */
    private static final long LOOK_NANOS = 2_000_000;

    private final Signs signs;
    private final Duration patience;
    private long quietSince;
    private long lookedAt;
    private boolean quiet;

    /** What a device shows of itself besides what it completes. */
    public interface Signs {
        /** Whether whoever serves the device still holds the connection. */
        boolean isConnected();

        /** Whether an error was reported since the last question. */
        boolean takeError();
    }

    /** @param patience how long the device may complete nothing */
    public StallWatch(FrontEnd frontEnd, Duration patience) {
        this(
                new Signs() {
                    @Override
                    public boolean isConnected() {
                        return frontEnd.isConnected();
                    }

                    @Override
                    public boolean takeError() {
                        return frontEnd.takeError();
                    }
                },
                patience);
    }

    /** As above, of a device that is reached in some other way. */
    public StallWatch(Signs signs, Duration patience) {
        this.signs = signs;
        this.patience = patience;
    }

    /** Something was completed. */
    public void progress() {
        quiet = false;
    }

    /**
     * Nothing was completed although something is under way.
     *
     * @return whether the back-end is gone
     * @throws LoadException if it is there and has reported an error, or has been quiet for too long
     */
    public boolean isLost(long now) {
        if (!quiet) {
            quiet = true;
            quietSince = now;
            lookedAt = now;
            return false;
        }
        if (now - lookedAt < LOOK_NANOS) {
            return false;
        }
        lookedAt = now;
        if (!signs.isConnected()) {
            quiet = false;
            return true;
        }
        if (signs.takeError()) {
            throw new LoadException("the back-end reports an error of a ring");
        }
        if (now - quietSince > patience.toNanos()) {
            throw new LoadException("the device completed nothing for " + patience.toSeconds() + " s");
        }
        return false;
    }
}
