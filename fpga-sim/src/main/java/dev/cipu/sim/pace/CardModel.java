package dev.cipu.sim.pace;

import dev.cipu.device.card.CardProfile;
import dev.cipu.device.card.Evidence;
import dev.cipu.device.card.Figure;
import dev.cipu.device.card.Mark;
import dev.cipu.device.card.Parameter;
import dev.cipu.sim.model.CardTimes;
import dev.cipu.sim.model.CardTiming;
import dev.cipu.sim.model.Timing;
import dev.cipu.sim.model.Workload.Kind;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What the model says of a card: run once for each kind of device, when the first of them is asked for, on all cores, for a
 * guest waits. It is the same at every start. Any thread may ask; who comes first has it run.
 */
final class CardModel {
    private static final long SEED = 1;

    /** Sizes of requests for which the model is run. */
    private static final int[] REQUESTS = {4096, 64 << 10, 256 << 10};

    /** Likewise of frames, without check sequence: the smallest, the usual and the jumbo, and the largest that is cut by the card. */
    private static final int[] FRAMES = {60, 1514, 9014, 65536};

    /** What neither profiles nor assumptions say, and the model has to know: so much of it, or so little time, that it limits nothing. */
    private static final Map<Parameter, Double> NO_LIMIT = Map.of(
            Parameter.BANDWIDTH, 1e6,
            Parameter.IOPS, 1e9,
            Parameter.READ_LATENCY, 0.0,
            Parameter.WRITE_LATENCY, 0.0,
            Parameter.INTERRUPT_LATENCY, 0.0);

    private static final Evidence UNKNOWN =
            new Evidence(Mark.ASSUMED, null, null, "nothing is known of it, and it is to limit nothing");

    private final Timing timing;
    private @Nullable Requests requests;
    private @Nullable Frames frames;

    /** Of disks. */
    record Requests(TimesBySize read, TimesBySize write) {}

    /** Of networks. */
    record Frames(TimesBySize fromGuest, TimesBySize toGuest) {}

    /**
     * The model of a card.
     *
     * @throws IllegalArgumentException if figures contradict each other
     */
    CardModel(CardProfile card, CardProfile assumed) {
        timing = CardTiming.of(card, completed(assumed, card));
    }

    private static CardProfile completed(CardProfile assumed, CardProfile card) {
        CardProfile all = assumed;
        for (Map.Entry<Parameter, Double> each : NO_LIMIT.entrySet()) {
            if (assumed.figure(each.getKey()) == null) {
                all = all.with(new Figure(each.getKey(), each.getValue(), null, UNKNOWN));
            }
        }
        // with it the model would count cores, and not find an end
        return card.figure(Parameter.CORE_PACKET_RATE) == null
                ? all.with(new Figure(Parameter.PACKET_RATE, 1e6, null, UNKNOWN))
                : all;
    }

    synchronized Requests requests() {
        Requests known = requests;
        if (known == null) {
            known = new Requests(requests(Kind.READ), requests(Kind.WRITE));
            requests = known;
        }
        return known;
    }

    private TimesBySize requests(Kind kind) {
        return new TimesBySize(IntStream.of(REQUESTS)
                .parallel()
                .mapToObj(bytes -> CardTimes.requests(timing, kind, bytes, SEED))
                .toList());
    }

    synchronized Frames frames() {
        Frames known = frames;
        if (known == null) {
            List<CardTimes> sent = IntStream.of(FRAMES)
                    .parallel()
                    .mapToObj(bytes -> CardTimes.transmit(timing, bytes, SEED))
                    .toList();
            List<CardTimes> received = sent.parallelStream()
                    .map(out -> CardTimes.receive(timing, out.bytes(), out, SEED))
                    .toList();
            known = new Frames(new TimesBySize(sent), new TimesBySize(received));
            frames = known;
        }
        return known;
    }
}
