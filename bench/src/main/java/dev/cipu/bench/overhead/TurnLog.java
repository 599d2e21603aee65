package dev.cipu.bench.overhead;

import dev.cipu.bench.machine.Placement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * All samples of a report. Those taken on near cores and on far ones are not mixed: the placement with more samples counts,
 * for all works and ways; one that has none there counts with all it has.
 */
final class TurnLog {
    private final List<Turn> turns = new ArrayList<>();

    /** Notes a sample and gives it its number. */
    Turn add(Turn.Kind kind, Work work, Way way, int round, Measured measured, double before, double after) {
        Turn turn = new Turn(turns.size() + 1, kind, work, way, round, measured, before, after);
        turns.add(turn);
        return turn;
    }

    List<Turn> all() {
        return List.copyOf(turns);
    }

    /** The placement whose samples count. */
    Placement placement() {
        long near = count(turn -> turn.placement() == Placement.NEAR);
        long far = count(turn -> turn.placement() == Placement.FAR);
        if (near + far == 0) {
            return Placement.MIXED;
        }
        return near >= far ? Placement.NEAR : Placement.FAR;
    }

    /** Only those count that compare the ways. */
    private Stream<Turn> rounds() {
        return turns.stream().filter(turn -> turn.kind() == Turn.Kind.ROUND);
    }

    private long count(Predicate<Turn> of) {
        return rounds().filter(of).count();
    }

    /** Samples of a way and a work that were taken in the placement that counts. */
    long steady(Work work, Way way) {
        Placement placement = placement();
        return count(turn -> turn.work().equals(work) && turn.way() == way && turn.placement() == placement);
    }

    /** Whether the figures of a work and way come from samples that were taken in other placements. */
    boolean isMixed(Work work, Way way) {
        return steady(work, way) == 0;
    }

    boolean counts(Turn turn) {
        return turn.placement() == placement() || isMixed(turn.work(), turn.way());
    }

    /** The samples of a work and way that count. */
    List<Turn> counting(Work work, Way way) {
        return rounds().filter(turn -> turn.work().equals(work) && turn.way() == way && counts(turn))
                .toList();
    }

    /** A field of these samples by their numbers; empty if they do not have it. */
    Map<Integer, Double> field(Work work, Way way, String field) {
        Map<Integer, Double> values = new TreeMap<>();
        for (Turn turn : counting(work, way)) {
            Double value = turn.measured().figures().get(field);
            if (value != null) {
                values.put(turn.number(), value);
            }
        }
        return values;
    }
}
