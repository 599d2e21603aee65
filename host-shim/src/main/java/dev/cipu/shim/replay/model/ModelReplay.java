package dev.cipu.shim.replay.model;

import dev.cipu.device.card.CardProfile;
import dev.cipu.device.card.Figure;
import dev.cipu.shim.profile.CardProfiles;
import dev.cipu.shim.replay.Contents;
import dev.cipu.shim.replay.Pace;
import dev.cipu.shim.replay.ReplayException;
import dev.cipu.shim.replay.Selection;
import dev.cipu.shim.replay.Tape;
import dev.cipu.shim.sim.Parallel;
import dev.cipu.shim.sim.SimException;
import dev.cipu.sim.model.CardTiming;
import dev.cipu.sim.model.DriverHabits;
import dev.cipu.sim.model.Replay;
import dev.cipu.sim.model.ReplayResult;
import java.nio.file.Path;
import java.util.List;

/**
 * A trace replayed into the model of several cards, side by side, each with a reader of its own.
 *
 * @param habits how the guests' drivers work, for a trace does not say
 * @param seed of chance
 */
public record ModelReplay(Path directory, Selection selection, Pace pace, DriverHabits habits, long seed) {
    /** The model's clock counts picoseconds; it ends behind a hundred days. */
    private static final long MOST_NANOS = 100L * 24 * 3600 * 1_000_000_000L;

    /**
     * Looks through the trace.
     *
     * @throws ReplayException if there is nothing to be replayed, or more than can be
     */
    public Contents contents() {
        Contents contents = Contents.of(directory, selection, pace);
        check(contents);
        return contents;
    }

    /**
     * Replays it into each card.
     *
     * @param contents of the trace, as {@link #contents} found them
     * @param set other figures than the profiles', of all cards
     * @param threads cards that are run at a time
     */
    public ReplayReport run(Contents contents, List<CardProfile> cards, List<Figure> set, int threads) {
        return ReplayReport.of(
                this, contents, Parallel.map(cards, threads, card -> CardOutcome.of(card, set, one(card, contents))));
    }

    private void check(Contents contents) {
        contents.checkNotEmpty();
        if (contents.queues().size() > Replay.MOST_QUEUES) {
            throw new ReplayException("the trace has " + contents.queues().size() + " queues, and the model takes "
                    + Replay.MOST_QUEUES + "; choose with --device or --queue");
        }
        if (!pace.unpaced() && contents.due() > MOST_NANOS) {
            throw new ReplayException("the trace lasts " + contents.due() / MOST_NANOS
                    + " times the hundred days that the model's clock can count; shorten silences, for example with"
                    + " --longest-gap 1s, or raise --speed");
        }
    }

    private ReplayResult one(CardProfile card, Contents contents) {
        try (Tape tape = Tape.open(directory, selection, pace);
                Replay replay = new Replay(
                        CardTiming.of(card, CardProfiles.assumed()),
                        TapeRecording.queues(contents),
                        new TapeRecording(tape, contents),
                        habits,
                        pace.unpaced(),
                        seed)) {
            return replay.run();
        } catch (IllegalArgumentException e) {
            throw new SimException(card.name() + " cannot be: " + e.getMessage(), e);
        }
    }
}
