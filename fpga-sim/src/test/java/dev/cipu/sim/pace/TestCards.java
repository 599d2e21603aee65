package dev.cipu.sim.pace;

import dev.cipu.device.card.CardProfile;
import dev.cipu.device.card.Evidence;
import dev.cipu.device.card.Figure;
import dev.cipu.device.card.Mark;
import dev.cipu.device.card.Parameter;
import dev.cipu.device.card.Statement;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Cards made of a few figures. */
final class TestCards {
    /** All that timing knows. */
    static final CardProfile FULL = card(Map.ofEntries(
            figure(Parameter.READ_LATENCY, 77, 87.0),
            figure(Parameter.WRITE_LATENCY, 17, null),
            figure(Parameter.DISK_IOPS, 900, null),
            figure(Parameter.GUEST_IOPS, 500, null),
            figure(Parameter.IOPS, 800, null),
            figure(Parameter.GUEST_STORAGE_BANDWIDTH, 4, null),
            figure(Parameter.STORAGE_BANDWIDTH, 6, null),
            figure(Parameter.LINK_CROSSING, 500, null),
            figure(Parameter.DMA_READ_LATENCY, 600, null),
            figure(Parameter.SOFTWARE_PATH_LATENCY, 2.5, null),
            figure(Parameter.GUEST_PACKET_RATE, 4, null),
            figure(Parameter.GUEST_BANDWIDTH, 10, null),
            figure(Parameter.PACKET_RATE, 5, null),
            figure(Parameter.BANDWIDTH, 100, null)));

    private TestCards() {}

    static ProfileTiming timing(CardProfile card, FakeClock clock) {
        return new ProfileTiming(card, clock);
    }

    static Map.Entry<Parameter, Figure> figure(Parameter parameter, double value, @Nullable Double upTo) {
        return Map.entry(parameter, new Figure(parameter, value, upTo, assumed()));
    }

    private static Evidence assumed() {
        return new Evidence(Mark.ASSUMED, null, null, "made up");
    }

    static CardProfile card(Map<Parameter, Figure> figures) {
        Statement software = new Statement("software", assumed());
        return new CardProfile(
                "made-up", "Made up", 2020, software, Map.of(), software, software, new EnumMap<>(Map.copyOf(figures)));
    }
}
