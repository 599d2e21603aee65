package dev.cipu.sim.model;

import static dev.cipu.device.card.Parameter.ADDED_LATENCY;
import static dev.cipu.device.card.Parameter.BANDWIDTH;
import static dev.cipu.device.card.Parameter.CORE_LINK;
import static dev.cipu.device.card.Parameter.CORE_PACKET_RATE;
import static dev.cipu.device.card.Parameter.DESCRIPTOR_LINE;
import static dev.cipu.device.card.Parameter.DLLP_BYTES;
import static dev.cipu.device.card.Parameter.DMA_BANDWIDTH;
import static dev.cipu.device.card.Parameter.DMA_ENGINES;
import static dev.cipu.device.card.Parameter.DMA_PACKET_TIME;
import static dev.cipu.device.card.Parameter.DMA_READ_LATENCY;
import static dev.cipu.device.card.Parameter.DOORBELL_TIME;
import static dev.cipu.device.card.Parameter.FLOW_CACHE;
import static dev.cipu.device.card.Parameter.GUEST_PACKET_TIME;
import static dev.cipu.device.card.Parameter.GUEST_REQUEST_TIME;
import static dev.cipu.device.card.Parameter.HANDLER_TIME;
import static dev.cipu.device.card.Parameter.HARDWARE_PATH_RATE;
import static dev.cipu.device.card.Parameter.INTERRUPT_LATENCY;
import static dev.cipu.device.card.Parameter.INTERRUPT_PACKETS;
import static dev.cipu.device.card.Parameter.INTERRUPT_WAIT;
import static dev.cipu.device.card.Parameter.IOPS;
import static dev.cipu.device.card.Parameter.IOTLB_ENTRIES;
import static dev.cipu.device.card.Parameter.IOTLB_MISS;
import static dev.cipu.device.card.Parameter.IOTLB_PAGE;
import static dev.cipu.device.card.Parameter.LINK_CROSSING;
import static dev.cipu.device.card.Parameter.LINK_GENERATION;
import static dev.cipu.device.card.Parameter.LINK_LANES;
import static dev.cipu.device.card.Parameter.MAX_PAYLOAD;
import static dev.cipu.device.card.Parameter.MAX_READ_REQUEST;
import static dev.cipu.device.card.Parameter.MEMORY_TAIL;
import static dev.cipu.device.card.Parameter.PACKET_BUFFERS;
import static dev.cipu.device.card.Parameter.PACKET_RATE;
import static dev.cipu.device.card.Parameter.PAYLOAD_BUFFER;
import static dev.cipu.device.card.Parameter.POSTED_BYTES;
import static dev.cipu.device.card.Parameter.POSTED_HEADERS;
import static dev.cipu.device.card.Parameter.PREFETCH;
import static dev.cipu.device.card.Parameter.READ_COMPLETION_BOUNDARY;
import static dev.cipu.device.card.Parameter.READ_LATENCY;
import static dev.cipu.device.card.Parameter.REQUEST_CORES;
import static dev.cipu.device.card.Parameter.REQUEST_TIME;
import static dev.cipu.device.card.Parameter.SHADOW_CROSSINGS;
import static dev.cipu.device.card.Parameter.SLICE_HEADER;
import static dev.cipu.device.card.Parameter.SOFTWARE_PATH_LATENCY;
import static dev.cipu.device.card.Parameter.SOFTWARE_PATH_RATE;
import static dev.cipu.device.card.Parameter.STORAGE_BANDWIDTH;
import static dev.cipu.device.card.Parameter.STORAGE_HOST_CORES;
import static dev.cipu.device.card.Parameter.STORE_RATE;
import static dev.cipu.device.card.Parameter.STORE_TAIL;
import static dev.cipu.device.card.Parameter.TAGS;
import static dev.cipu.device.card.Parameter.USED_BATCH;
import static dev.cipu.device.card.Parameter.USED_WAIT;
import static dev.cipu.device.card.Parameter.WRITE_LATENCY;

import dev.cipu.device.card.CardProfile;
import dev.cipu.device.card.Figure;
import dev.cipu.device.card.Parameter;
import dev.cipu.sim.event.Picos;
import dev.cipu.sim.link.LinkShape;
import dev.cipu.sim.ring.EngineShape;

/** Makes a card's timing of its profile, and of what is assumed of any card where that says nothing. */
public final class CardTiming {
    private static final double GIGA = 1e9;
    private static final double MEGA = 1e6;
    private static final double KILO = 1e3;
    private static final int INDIRECT_ENTRIES = 128;

    /** Without its check sequence. */
    private static final int SMALLEST_FRAME = 60;

    private final CardProfile card;
    private final CardProfile all;

    private CardTiming(CardProfile card, CardProfile assumed) {
        this.card = card;
        all = card.completedBy(assumed);
    }

    /**
     * The timing of a card.
     *
     * @param assumed has every figure that the model needs and {@code card} may lack
     * @throws IllegalArgumentException if figures contradict each other; the message says which
     */
    public static Timing of(CardProfile card, CardProfile assumed) {
        return new CardTiming(card, assumed).timing();
    }

    private Timing timing() {
        LinkShape link = known(LINK_GENERATION) ? link() : null;
        return new Timing(
                card.name(),
                link,
                memory(),
                engine(),
                engines(),
                network(link != null),
                storage(link != null),
                interrupts(),
                host(),
                count(SHADOW_CROSSINGS),
                nanos(LINK_CROSSING));
    }

    private LinkShape link() {
        return new LinkShape(
                count(LINK_GENERATION),
                count(LINK_LANES),
                nanos(LINK_CROSSING),
                count(MAX_PAYLOAD),
                count(MAX_READ_REQUEST),
                count(READ_COMPLETION_BOUNDARY),
                count(TAGS),
                count(POSTED_HEADERS),
                count(POSTED_BYTES),
                count(DLLP_BYTES));
    }

    /** What a read takes beyond two crossings is the memory's. */
    private Timing.Memory memory() {
        long access = nanos(DMA_READ_LATENCY) - 2 * nanos(LINK_CROSSING);
        if (access < 0) {
            throw new IllegalArgumentException(card.name() + ": " + DMA_READ_LATENCY.path() + " is less than two times "
                    + LINK_CROSSING.path() + "; change one of them");
        }
        return new Timing.Memory(
                access, amount(MEMORY_TAIL), count(IOTLB_ENTRIES), count(IOTLB_PAGE) * 1024L, nanos(IOTLB_MISS));
    }

    private EngineShape engine() {
        return new EngineShape(
                count(PREFETCH), count(DESCRIPTOR_LINE), count(USED_BATCH), nanos(USED_WAIT), INDIRECT_ENTRIES, false);
    }

    private Timing.Engines engines() {
        if (!known(DMA_ENGINES)) {
            return new Timing.Engines(1, 0, Double.POSITIVE_INFINITY);
        }
        return new Timing.Engines(count(DMA_ENGINES), nanos(DMA_PACKET_TIME), amount(DMA_BANDWIDTH) * GIGA);
    }

    /** Where cores are known to move packets, all go through them but those whose flow the hardware knows. */
    private Timing.Network network(boolean hardware) {
        long pipeline = 0;
        if (hardware) {
            pipeline = Picos.period(amount(known(HARDWARE_PATH_RATE) ? HARDWARE_PATH_RATE : PACKET_RATE) * MEGA);
        }
        int cores = 0;
        long coreTime = 0;
        long detour = 0;
        Timing.CoreLink way = hardware ? coreLink() : null;
        if (known(CORE_PACKET_RATE)) {
            double rate = amount(CORE_PACKET_RATE);
            cores = (int) Math.round(amount(known(SOFTWARE_PATH_RATE) ? SOFTWARE_PATH_RATE : PACKET_RATE) / rate);
            coreTime = Picos.period(rate * MEGA);
            if (known(SOFTWARE_PATH_LATENCY)) {
                // it is published as a whole, the way there and back with it
                long ways = way == null ? 0 : 2 * way.time(SMALLEST_FRAME);
                detour = Math.max(0, Picos.ofMicros(amount(SOFTWARE_PATH_LATENCY)) - coreTime - ways);
            }
        }
        int flows = known(FLOW_CACHE) ? count(FLOW_CACHE) : 0;
        return new Timing.Network(
                amount(BANDWIDTH) * GIGA,
                count(PACKET_BUFFERS),
                pipeline,
                flows,
                cores,
                coreTime,
                detour,
                cores > 0 ? way : null);
    }

    private Timing.CoreLink coreLink() {
        return new Timing.CoreLink(amount(CORE_LINK) * GIGA, count(SLICE_HEADER), count(PAYLOAD_BUFFER) * 1024L);
    }

    private Timing.Storage storage(boolean hardware) {
        double onHost = known(STORAGE_HOST_CORES) ? amount(STORAGE_HOST_CORES) : 0;
        int cores = onHost > 0 ? (int) Math.ceil(onHost) : count(REQUEST_CORES);
        double coreSeconds =
                known(REQUEST_TIME) ? amount(REQUEST_TIME) / MEGA : Math.max(onHost, 1) / (amount(IOPS) * KILO);
        // the time of what is behind: published times have the card's, or an interrupt's, and the guest's own in them
        double around = hardware || !known(INTERRUPT_LATENCY)
                ? known(ADDED_LATENCY) ? amount(ADDED_LATENCY) : 0
                : amount(INTERRUPT_LATENCY);
        return new Timing.Storage(
                onHost > 0,
                cores,
                Math.round(coreSeconds * Picos.SECOND),
                behind(READ_LATENCY, around),
                behind(WRITE_LATENCY, around),
                amount(STORE_TAIL),
                amount(STORE_RATE) * KILO,
                amount(STORAGE_BANDWIDTH) * GIGA);
    }

    private long behind(Parameter seen, double aroundMicros) {
        long guest = nanos(GUEST_REQUEST_TIME) + nanos(HANDLER_TIME);
        return Math.max(0, Picos.ofMicros(amount(seen) - aroundMicros) - guest);
    }

    private Timing.Interrupts interrupts() {
        Figure latency = figure(INTERRUPT_LATENCY);
        return new Timing.Interrupts(
                Picos.ofMicros(latency.value()),
                Picos.ofMicros(latency.most()),
                count(INTERRUPT_PACKETS),
                Picos.ofMicros(amount(INTERRUPT_WAIT)));
    }

    private Timing.Host host() {
        return new Timing.Host(
                nanos(GUEST_PACKET_TIME), nanos(GUEST_REQUEST_TIME), nanos(DOORBELL_TIME), nanos(HANDLER_TIME));
    }

    /** Whether something is said of this very card. */
    private boolean known(Parameter parameter) {
        return card.figure(parameter) != null;
    }

    private Figure figure(Parameter parameter) {
        Figure figure = all.figure(parameter);
        if (figure == null) {
            throw new IllegalArgumentException(
                    card.name() + " has no " + parameter.path() + ", and none is assumed; add it to the profile");
        }
        return figure;
    }

    private double amount(Parameter parameter) {
        return figure(parameter).value();
    }

    private int count(Parameter parameter) {
        return (int) Math.min(Integer.MAX_VALUE, amount(parameter));
    }

    private long nanos(Parameter parameter) {
        return Picos.ofNanos(amount(parameter));
    }
}
