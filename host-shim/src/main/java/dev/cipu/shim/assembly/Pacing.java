package dev.cipu.shim.assembly;

import dev.cipu.dataplane.CounterTable;
import dev.cipu.dataplane.blk.BlockStore;
import dev.cipu.device.card.CardProfile;
import dev.cipu.shim.profile.CardProfiles;
import dev.cipu.sim.pace.PaceLog;
import dev.cipu.sim.pace.PacedStore;
import dev.cipu.sim.pace.PortTiming;
import dev.cipu.sim.pace.ProfileTiming;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Lets devices take as long as a card would. Devices that are timed by the same card share what that card has once. Any
 * thread may ask: virtual functions come when their host says so.
 */
final class Pacing {
    private final CounterTable counters;
    private final Map<CardProfile, ProfileTiming> models = new ConcurrentHashMap<>();

    Pacing(CounterTable counters) {
        this.counters = counters;
    }

    /**
     * How a port is timed, and where that is counted.
     */
    record OfPort(PortTiming timing, PaceLog fromGuest, PaceLog toGuest) {}

    /** The store as a disk sees it: itself, if the disk is not timed. */
    BlockStore timed(BlockStore store, BlkSpec blk, @Nullable CardProfile by, Plugged made) {
        if (by == null) {
            return store;
        }
        List<PaceLog> logs = new ArrayList<>();
        for (int i = 0; i < blk.queues(); i++) {
            logs.add(log(blk.id() + "/paced" + i, made));
        }
        return new PacedStore(store, ask(blk, by, model -> model.disk(blk.id())), System::nanoTime, logs);
    }

    /** How a network device is timed, null if it is not. */
    @Nullable
    OfPort timed(NetSpec net, @Nullable CardProfile by, Plugged made) {
        return by == null
                ? null
                : new OfPort(
                        ask(net, by, model -> model.port(net.id())),
                        log(net.id() + "/paced-tx", made),
                        log(net.id() + "/paced-rx", made));
    }

    private PaceLog log(String owner, Plugged made) {
        return new PaceLog(made.counting(counters.group(owner, PaceLog.COUNTERS)));
    }

    private <T> T ask(DeviceSpec device, CardProfile by, Function<ProfileTiming, T> question) {
        try {
            return question.apply(models.computeIfAbsent(
                    by, card -> new ProfileTiming(card, CardProfiles.assumed(), System::nanoTime)));
        } catch (IllegalArgumentException e) {
            throw new CardSpecException(
                    device.id() + ": it cannot be timed: " + e.getMessage() + "; choose another card, or timing=none",
                    e);
        }
    }
}
