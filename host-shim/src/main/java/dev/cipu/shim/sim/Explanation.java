package dev.cipu.shim.sim;

import dev.cipu.device.card.CardProfile;
import dev.cipu.device.card.Figure;
import dev.cipu.device.card.Parameter;
import dev.cipu.shim.profile.CardProfiles;
import dev.cipu.sim.event.Picos;
import dev.cipu.sim.model.Load;
import dev.cipu.sim.model.Result;
import dev.cipu.sim.model.Tracer;
import dev.cipu.sim.model.Workload;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;

/**
 * Why a card is as fast as it is: what came of it under full and under light load, and which figures of its profile decide that.
 *
 * @param sentence what binds
 * @param figures those that change something, the most decisive first
 */
public record Explanation(String sentence, Outcome full, Outcome light, List<Influence> figures) {
    /** The share of the most at which a card is lightly loaded. */
    private static final double LIGHT = 0.1;

    /** Above this use, something limits. */
    private static final double FULL = 0.9;

    /** What changes less does not decide. */
    private static final double LEAST = 0.03;

    /** What is tried for each figure is shorter, but long enough for so many journeys, and for so many after each other. */
    private static final long TRIAL = Picos.MILLI;

    private static final double JOURNEYS = 1000;
    private static final double TURNS = 8;

    /**
     * What a figure decides.
     *
     * @param factor what it was multiplied with to see
     * @param throughput what the throughput was multiplied with then
     * @param latency what the mean latency under light load was multiplied with then
     */
    public record Influence(
            String parameter,
            String title,
            String value,
            String unit,
            String mark,
            String evidence,
            double factor,
            double throughput,
            double latency) {
        private double weight() {
            return Math.max(Math.abs(Math.log(throughput)), Math.abs(Math.log(latency)));
        }
    }

    /** Throughput and latency of a card; a card with another figure has others. */
    private record Pair(double perSecond, double latency) {}

    /**
     * Explains a card under a workload; its load does not matter.
     *
     * @param set the card's figures that are not its profile's
     * @param threads that may run simulations
     */
    public static Explanation of(Experiment experiment, List<Figure> set, int threads) {
        Experiment most = experiment.at(new LoadLevel.Most());
        Result full = most.run();
        Experiment light = experiment.at(new LoadLevel.Rate(LIGHT * full.perSecond()));
        Experiment least = light.lasting(Math.max(light.duration(), enough(LIGHT * full.perSecond(), mean(full))));
        Outcome fullOutcome = Outcome.of(most, set, full);
        return new Explanation(
                sentence(fullOutcome),
                fullOutcome,
                Outcome.of(least, set, least.run()),
                influences(most, least, full, threads));
    }

    /** A time in which so much happens that a mean says something. */
    private static long enough(double perSecond, double meanNanos) {
        return Math.round(Math.max(JOURNEYS / perSecond * Picos.SECOND, TURNS * meanNanos * Picos.NANO));
    }

    private static List<Influence> influences(Experiment most, Experiment least, Result before, int threads) {
        CardProfile card = most.card();
        CardProfile assumed = CardProfiles.assumed();
        List<Variation> variations = new ArrayList<>();
        for (Parameter parameter : Parameter.values()) {
            Variation variation =
                    concerns(parameter, before.workload()) ? Variation.of(card, parameter, assumed) : null;
            if (variation != null) {
                variations.add(variation);
            }
        }
        Experiment full = most.lasting(Math.max(TRIAL, enough(before.perSecond(), mean(before))));
        Experiment light = least.lasting(Math.max(TRIAL, enough(LIGHT * before.perSecond(), mean(before))));
        Pair now = new Pair(full.run().perSecond(), mean(light.run()));
        return Parallel.map(variations, threads, each -> influence(each, full, light, now)).stream()
                .filter(each -> each.weight() > LEAST)
                .sorted(Comparator.comparingDouble(Influence::weight).reversed())
                .toList();
    }

    /** Whether this workload passes what the parameter is of. */
    private static boolean concerns(Parameter parameter, Workload workload) {
        return switch (parameter.section()) {
            case NETWORK -> workload.kind().isPacket();
            case STORAGE -> !workload.kind().isPacket();
            case INTERRUPT -> workload.interrupts();
            default -> true;
        };
    }

    private static Influence influence(Variation variation, Experiment full, Experiment light, Pair before) {
        Figure figure = variation.figure();
        return new Influence(
                figure.parameter().path(),
                figure.parameter().title(),
                figure.number(),
                figure.parameter().unit(),
                figure.evidence().mark().symbol(),
                figure.evidence().text(),
                variation.factor(),
                full.run(variation.timing(), Tracer.NONE).perSecond() / before.perSecond(),
                mean(light.run(variation.timing(), Tracer.NONE)) / before.latency());
    }

    private static double mean(Result result) {
        return Objects.requireNonNull(result.total()).mean();
    }

    private static String sentence(Outcome full) {
        Load binding = full.bindingLoad();
        StringBuilder text = new StringBuilder(full.card())
                .append(" carries ")
                .append(Amounts.count(full.perSecond()))
                .append(' ')
                .append(full.plural())
                .append(" a second of ")
                .append(full.workload());
        if (binding.use() > FULL) {
            text.append(": what binds is '")
                    .append(binding.name())
                    .append("', ")
                    .append(Amounts.percent(binding.use()));
            text.append(" used");
        } else {
            text.append(": nothing is full; the most used is '")
                    .append(binding.name())
                    .append("' with ")
                    .append(Amounts.percent(binding.use()));
        }
        if (full.loads().size() > 1) {
            Load next = full.loads().get(1);
            text.append("; next is '")
                    .append(next.name())
                    .append("', which would bind at ")
                    .append(Amounts.count(next.ceiling()))
                    .append("/s");
        }
        return text.append('.').toString();
    }
}
