package dev.cipu.shim.sim;

import dev.cipu.device.card.CardProfile;
import dev.cipu.shim.profile.CardProfiles;
import dev.cipu.sim.event.Picos;
import dev.cipu.sim.model.CardTiming;
import dev.cipu.sim.model.Result;
import dev.cipu.sim.model.Simulation;
import dev.cipu.sim.model.Timing;
import dev.cipu.sim.model.Tracer;
import dev.cipu.sim.model.Workload;

/**
 * A card, and what is done to it for how long. The same experiment has the same result to the last bit.
 *
 * @param duration picoseconds that are measured, after a quarter as many in which everything settles
 */
public record Experiment(CardProfile card, NamedWorkload named, LoadLevel load, long seed, long duration) {
    private static final long SHORTEST = 10 * Picos.MICRO;
    private static final long LONGEST = 3600 * Picos.SECOND;
    private static final long WARM_UP = 100 * Picos.MICRO;
    private static final int SETTLING = 4;

    public Experiment {
        if (duration < SHORTEST || duration > LONGEST) {
            throw new SimException(
                    "a duration of " + Amounts.time(duration) + " is not from 10us to 3600s; give for example 10ms");
        }
    }

    /** The same with another load. */
    public Experiment at(LoadLevel other) {
        return new Experiment(card, named, other, seed, duration);
    }

    /** The same of another card. */
    public Experiment of(CardProfile other) {
        return new Experiment(other, named, load, seed, duration);
    }

    /** Another duration. */
    public Experiment lasting(long other) {
        return new Experiment(card, named, load, seed, other);
    }

    /** How long it runs before it is measured, in picoseconds. */
    public long warmUp() {
        return Math.max(duration / SETTLING, WARM_UP);
    }

    /** The card's timing. */
    public Timing timing() {
        try {
            return CardTiming.of(card, CardProfiles.assumed());
        } catch (IllegalArgumentException e) {
            throw new SimException("the card " + card.name() + " cannot be: " + e.getMessage(), e);
        }
    }

    public Result run() {
        return run(Tracer.NONE);
    }

    /**
     * Runs; a share of the most takes a run of its own before.
     *
     * @param tracer hears of the run itself only
     * @throws SimException if card and workload do not go together; the message says why
     */
    public Result run(Tracer tracer) {
        return run(timing(), tracer);
    }

    /** Runs with another timing than the card's. */
    Result run(Timing timing, Tracer tracer) {
        return switch (load) {
            case LoadLevel.Most _ -> run(timing, 0, tracer);
            case LoadLevel.Rate rate -> run(timing, rate.perSecond(), tracer);
            case LoadLevel.Share share -> {
                double most = run(timing, 0, Tracer.NONE).perSecond();
                yield run(timing, share.share() * most, tracer);
            }
        };
    }

    private Result run(Timing timing, double perSecond, Tracer tracer) {
        Workload workload = named.workload().at(perSecond);
        Result result;
        try (Simulation simulation = new Simulation(timing, workload, seed, tracer)) {
            result = simulation.run(warmUp(), duration);
        } catch (IllegalArgumentException e) {
            throw new SimException(card.name() + " with " + named.name() + " cannot be: " + e.getMessage(), e);
        }
        if (result.total() == null) {
            throw new SimException("nothing of " + named.name() + " began and ended within " + Amounts.time(duration)
                    + "; give a longer --duration or more --load");
        }
        return result;
    }
}
