package dev.cipu.shim.sim.sweep;

import java.util.List;

/** The points of which no other one is at least as good in everything, and better in something. */
final class ParetoFront {
    private ParetoFront() {}

    /** In the order of {@code rows}; points without a result, or without a number to judge by, are not among them. */
    static List<Row> of(List<Row> rows, List<Objective> objectives) {
        List<Row> known = rows.stream()
                .filter(row -> objectives.stream().noneMatch(each -> Double.isNaN(each.worth(row))))
                .toList();
        return known.stream()
                .filter(row -> known.stream().noneMatch(other -> beats(other, row, objectives)))
                .toList();
    }

    private static boolean beats(Row one, Row other, List<Objective> objectives) {
        boolean better = false;
        for (Objective each : objectives) {
            double difference = each.worth(one) - each.worth(other);
            if (difference < 0) {
                return false;
            }
            better |= difference > 0;
        }
        return better;
    }
}
