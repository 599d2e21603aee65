package dev.cipu.shim.sim.sweep;

import dev.cipu.device.card.CardProfile;
import dev.cipu.device.card.Figure;
import dev.cipu.shim.profile.CardProfiles;
import dev.cipu.shim.sim.Experiment;
import dev.cipu.shim.sim.LoadLevel;
import dev.cipu.shim.sim.NamedWorkload;
import dev.cipu.shim.sim.Setting;
import dev.cipu.shim.sim.SimException;
import dev.cipu.shim.sim.Workloads;
import dev.cipu.sim.event.Dice;
import dev.cipu.sim.model.Workload;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What to run, of what, and what to look for.
 *
 * @param settings what all points have in common, by the names of axes
 * @param random points that are drawn by chance; 0 for all combinations of the axes' values
 */
public record SweepSpec(
        String title,
        Map<String, String> settings,
        List<Axis> axes,
        int random,
        List<Objective> objectives,
        long seed,
        long duration) {
    static final String CARD = "card";
    static final String WORKLOAD = "workload";
    static final String LOAD = "load";

    /** Names of axes that are of the workload. */
    static final List<String> TRAFFIC =
            List.of("bytes", "queues", "depth", "batch", "flows", "format", "interrupts", "indirect");

    private static final int MOST = 100_000;

    /** The points in their order: each has a value for every axis. */
    List<Map<String, String>> points() {
        List<Map<String, String>> points = random > 0 ? drawn() : combined();
        if (points.size() > MOST) {
            throw new SimException(title + ": " + points.size() + " points are more than " + MOST
                    + "; give fewer values, or say random: N");
        }
        return points;
    }

    private List<Map<String, String>> drawn() {
        List<Map<String, String>> points = new ArrayList<>();
        for (int i = 0; i < random; i++) {
            Map<String, String> point = new LinkedHashMap<>();
            for (Axis axis : axes) {
                point.put(axis.name(), axis.draw(Dice.of(seed, axis.name() + " " + i)));
            }
            points.add(point);
        }
        return points;
    }

    private List<Map<String, String>> combined() {
        List<Map<String, String>> points = List.of(Map.of());
        for (Axis axis : axes) {
            if (!(axis instanceof Axis.Choices choices)) {
                throw new SimException("vary." + axis.name()
                        + ": a range without a step or a factor has no end of values; give one, or say random: N");
            }
            List<Map<String, String>> more = new ArrayList<>();
            for (Map<String, String> point : points) {
                for (String value : choices.values()) {
                    Map<String, String> longer = new LinkedHashMap<>(point);
                    longer.put(axis.name(), value);
                    more.add(longer);
                }
            }
            if (more.size() > MOST) {
                throw new SimException(title + ": more than " + MOST + " points; give fewer values, or say random: N");
            }
            points = more;
        }
        return points;
    }

    /**
     * The experiment of a point.
     *
     * @throws SimException if there can be no such
     */
    Experiment experiment(Map<String, String> point) {
        Map<String, String> all = new LinkedHashMap<>(settings);
        all.putAll(point);
        List<Figure> figures = new ArrayList<>();
        for (var entry : all.entrySet()) {
            if (isParameter(entry.getKey())) {
                figures.add(Setting.parse(entry.getKey() + "=" + entry.getValue()));
            }
        }
        CardProfile card = CardProfiles.find(text(all, CARD));
        NamedWorkload named = Workloads.named(text(all, WORKLOAD));
        return new Experiment(
                Setting.apply(card, figures),
                new NamedWorkload(named.name(), named.title(), traffic(all, named.workload())),
                LoadLevel.parse(LOAD, all.getOrDefault(LOAD, "max")),
                seed,
                duration);
    }

    private static String text(Map<String, String> all, String name) {
        String value = all.get(name);
        if (value == null) {
            throw new SimException("'" + name + "' is missing; give it, or vary it");
        }
        return value;
    }

    static boolean isParameter(String name) {
        return name.indexOf('.') > 0;
    }

    /** Checks a name of something to set or to vary. */
    static void checkName(String name) {
        if (isParameter(name)) {
            Setting.parameter(name);
        } else if (!TRAFFIC.contains(name) && !List.of(CARD, WORKLOAD, LOAD).contains(name)) {
            throw new SimException("unknown name '" + name + "'; use card, workload, load, "
                    + String.join(", ", TRAFFIC) + ", or a parameter such as link.tags");
        }
    }

    private static Workload traffic(Map<String, String> all, Workload base) {
        try {
            return new Workload(
                    base.kind(),
                    count(all, "bytes", base.bytes()),
                    count(all, "queues", base.queues()),
                    count(all, "depth", base.depth()),
                    all.containsKey("format") ? Workloads.format(text(all, "format")) : base.format(),
                    count(all, "batch", base.batch()),
                    0,
                    count(all, "flows", base.flows()),
                    flag(all, "interrupts", base.interrupts()),
                    flag(all, "indirect", base.indirect()));
        } catch (IllegalArgumentException e) {
            throw new SimException("a workload that cannot be: " + e.getMessage(), e);
        }
    }

    private static int count(Map<String, String> all, String name, int otherwise) {
        String value = all.get(name);
        if (value == null) {
            return otherwise;
        }
        try {
            return Integer.parseInt(value);
        } catch (NumberFormatException e) {
            throw new SimException(name + " is '" + value + "'; give a whole number", e);
        }
    }

    private static boolean flag(Map<String, String> all, String name, boolean otherwise) {
        return switch (all.getOrDefault(name, "")) {
            case "" -> otherwise;
            case "true" -> true;
            case "false" -> false;
            default -> throw new SimException(name + " is '" + all.get(name) + "'; say true or false");
        };
    }
}
