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
    /** A disk and a port that are limited, behind a link. */
    static final CardProfile FULL = card(Map.ofEntries(
            figure(Parameter.READ_LATENCY, 77, null),
            figure(Parameter.WRITE_LATENCY, 17, null),
            figure(Parameter.STORE_TAIL, 1, null),
            figure(Parameter.DISK_IOPS, 900, null),
            figure(Parameter.GUEST_IOPS, 500, null),
            figure(Parameter.IOPS, 800, null),
            figure(Parameter.GUEST_STORAGE_BANDWIDTH, 4, null),
            figure(Parameter.STORAGE_BANDWIDTH, 6, null),
            figure(Parameter.LINK_GENERATION, 4, null),
            figure(Parameter.LINK_LANES, 16, null),
            figure(Parameter.LINK_CROSSING, 250, null),
            figure(Parameter.DMA_READ_LATENCY, 600, null),
            figure(Parameter.MEMORY_TAIL, 1, null),
            figure(Parameter.GUEST_PACKET_RATE, 4, null),
            figure(Parameter.GUEST_BANDWIDTH, 10, null),
            figure(Parameter.PACKET_RATE, 5, null),
            figure(Parameter.BANDWIDTH, 100, null)));

    /** What the model takes any card to be. */
    private static final CardProfile ASSUMED = card(Map.ofEntries(
            figure(Parameter.CORE_LINK, 126, null),
            figure(Parameter.SLICE_HEADER, 0, null),
            figure(Parameter.PAYLOAD_BUFFER, 2048, null),
            figure(Parameter.PACKET_BUFFERS, 1024, null),
            figure(Parameter.REQUEST_CORES, 1, null),
            figure(Parameter.STORE_TAIL, 1.3, null),
            figure(Parameter.STORE_RATE, 20_000, null),
            figure(Parameter.STORAGE_BANDWIDTH, 40, null),
            figure(Parameter.MAX_PAYLOAD, 256, null),
            figure(Parameter.MAX_READ_REQUEST, 512, null),
            figure(Parameter.READ_COMPLETION_BOUNDARY, 64, null),
            figure(Parameter.TAGS, 256, null),
            figure(Parameter.POSTED_HEADERS, 128, null),
            figure(Parameter.POSTED_BYTES, 32_768, null),
            figure(Parameter.DLLP_BYTES, 8, null),
            figure(Parameter.LINK_CROSSING, 200, null),
            figure(Parameter.SHADOW_CROSSINGS, 0, null),
            figure(Parameter.DMA_PACKET_TIME, 16, null),
            figure(Parameter.DMA_READ_LATENCY, 550, null),
            figure(Parameter.IOTLB_MISS, 330, null),
            figure(Parameter.MEMORY_TAIL, 1.5, null),
            figure(Parameter.IOTLB_ENTRIES, 64, null),
            figure(Parameter.IOTLB_PAGE, 2048, null),
            figure(Parameter.PREFETCH, 16, null),
            figure(Parameter.DESCRIPTOR_LINE, 4, null),
            figure(Parameter.USED_BATCH, 8, null),
            figure(Parameter.USED_WAIT, 100, null),
            figure(Parameter.INTERRUPT_PACKETS, 32, null),
            figure(Parameter.INTERRUPT_WAIT, 8, null),
            figure(Parameter.GUEST_PACKET_TIME, 60, null),
            figure(Parameter.GUEST_REQUEST_TIME, 1_500, null),
            figure(Parameter.DOORBELL_TIME, 80, null),
            figure(Parameter.HANDLER_TIME, 600, null)));

    private TestCards() {}

    static ProfileTiming timing(CardProfile card, FakeClock clock) {
        return new ProfileTiming(card, ASSUMED, clock);
    }

    static Map.Entry<Parameter, Figure> figure(Parameter parameter, double value, @Nullable Double upTo) {
        return Map.entry(parameter, new Figure(parameter, value, upTo, assumed()));
    }

    static Figure of(Parameter parameter, double value) {
        return new Figure(parameter, value, null, assumed());
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
