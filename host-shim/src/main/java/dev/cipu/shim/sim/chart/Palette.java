package dev.cipu.shim.sim.chart;

import java.util.List;

/** Colors that can be told apart, by number. */
final class Palette {
    static final String AXIS = "#888888";
    static final String GRID = "#dddddd";
    private static final List<String> COLORS = List.of(
            "#4e79a7", "#f28e2b", "#59a14f", "#e15759", "#76b7b2", "#edc948", "#b07aa1", "#ff9da7", "#9c755f",
            "#86bcb6", "#d37295", "#8cd17d", "#499894", "#b6992d", "#79706e", "#a0cbe8");

    private Palette() {}

    static String color(int index) {
        return COLORS.get(index % COLORS.size());
    }
}
