package dev.cipu.shim.sim;

import dev.cipu.sim.model.Spread;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Cards under the same workload: what each carries at most, and what the same load takes of each and of its host.
 *
 * @param perSecond the load that all got
 * @param loadWhy where it comes from
 */
public record Comparison(String workload, String kind, double perSecond, String loadWhy, List<Row> rows) {
    /** Of what the weakest carries: so that it is not the queues before it that are compared. */
    private static final double SHARE = 0.8;

    /**
     * A card.
     *
     * @param without figures that it was given and that the model of this card does not read
     * @param most packets or requests a second under full load
     * @param binding what limits it then
     * @param latencyNanos at the same load as the others
     * @param hostCores of the host that do the card's work, at the same load
     * @param guestCores that guests are busy with it, at the same load
     * @param hostCoresSaved against the first card
     * @param guestCoresSaved likewise
     */
    public record Row(
            String card,
            List<String> without,
            double most,
            double mostGigabits,
            String binding,
            Spread latencyNanos,
            double dropped,
            double hostCores,
            double guestCores,
            double hostCoresSaved,
            double guestCoresSaved) {}

    /**
     * Compares cards, the first one with all others.
     *
     * @param first the experiment with the first card; if its load is the most, all get a share of what the weakest carries
     */
    public static Comparison of(Experiment first, List<Contender> cards, int threads) {
        List<Outcome> most = Parallel.map(cards, threads, card -> {
            Experiment full = first.of(card.card()).at(new LoadLevel.Most());
            return Outcome.of(full, card.figures(), full.run());
        });
        double least = most.stream().mapToDouble(Outcome::perSecond).min().orElseThrow();
        double rate;
        String why;
        switch (first.load()) {
            case LoadLevel.Most _ -> {
                rate = SHARE * least;
                why = Amounts.percent(SHARE) + " of what the weakest carries";
            }
            case LoadLevel.Share share -> {
                rate = share.share() * most.getFirst().perSecond();
                why = share + " of what " + cards.getFirst().name() + " carries";
            }
            case LoadLevel.Rate given -> {
                rate = given.perSecond();
                why = "as asked for";
            }
        }
        List<Outcome> same = Parallel.map(cards, threads, card -> {
            Experiment some = first.of(card.card()).at(new LoadLevel.Rate(rate));
            return Outcome.of(some, List.of(), some.run());
        });
        Outcome base = same.getFirst();
        return new Comparison(
                first.named().name(),
                base.plural(),
                rate,
                why,
                IntStream.range(0, cards.size())
                        .mapToObj(i -> row(cards.get(i).name(), most.get(i), same.get(i), base))
                        .toList());
    }

    private static Row row(String card, Outcome most, Outcome same, Outcome base) {
        return new Row(
                card,
                most.without(),
                most.perSecond(),
                most.gigabitsPerSecond(),
                most.bindingLoad().name(),
                same.latencyNanos(),
                same.dropped(),
                same.cost().hostCores(),
                same.cost().guestCores(),
                base.cost().hostCores() - same.cost().hostCores(),
                base.cost().guestCores() - same.cost().guestCores());
    }
}
