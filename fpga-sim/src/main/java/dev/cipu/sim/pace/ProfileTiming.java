package dev.cipu.sim.pace;

import dev.cipu.device.card.CardProfile;
import dev.cipu.device.card.Figure;
import dev.cipu.device.card.Parameter;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Timing made of a card's profile: how long a request or a frame takes, and how many of them the card takes, is what the model says
 * of it, and what the card's guests are sold limits them besides. The card's own rates are one clock for all devices that were made
 * here, whichever workers poll them; a guest's rates are each device's. Figures that are not known limit nothing.
 *
 * <p>The same device draws the same latencies every time. Any thread may ask for a device's timing.
 */
public final class ProfileTiming {
    private static final double KILO = 1e3;
    private static final double MEGA = 1e6;
    private static final double GIGA = 1e9;
    private static final double GIGABITS = 1e9 / 8;
    private static final double PICOS_PER_SECOND = 1e12;

    /** Slower than this a request would be awaited for longer than anybody waits. */
    private static final double LEAST_PER_SECOND = 1;

    private static final double LEAST_BYTES_PER_SECOND = MEGA;

    /** Without any of these a card says nothing of disks, or of networks. */
    private static final List<Parameter> OF_DISKS = List.of(
            Parameter.READ_LATENCY,
            Parameter.WRITE_LATENCY,
            Parameter.ADDED_LATENCY,
            Parameter.IOPS,
            Parameter.STORAGE_BANDWIDTH,
            Parameter.DISK_IOPS,
            Parameter.CLOUD_DISK_IOPS,
            Parameter.GUEST_IOPS,
            Parameter.GUEST_STORAGE_BANDWIDTH);

    private static final List<Parameter> OF_NETWORKS = List.of(
            Parameter.LINK_CROSSING,
            Parameter.DMA_READ_LATENCY,
            Parameter.SOFTWARE_PATH_LATENCY,
            Parameter.PACKET_RATE,
            Parameter.BANDWIDTH,
            Parameter.GUEST_PACKET_RATE,
            Parameter.GUEST_BANDWIDTH);

    private final CardProfile card;
    private final LongSupplier clock;
    private final CardModel model;
    private final RateClock requests;
    private final RateClock fromGuests;
    private final RateClock toGuests;

    /**
     * Timing of a card's devices.
     *
     * @param assumed of any card, where this one's profile says nothing
     * @param clock of the workers, in nanoseconds
     * @throws IllegalArgumentException if a figure would let nothing through, or figures contradict each other
     */
    public ProfileTiming(CardProfile card, CardProfile assumed, LongSupplier clock) {
        this.card = card;
        this.clock = clock;
        count(KILO, Parameter.IOPS);
        count(MEGA, Parameter.PACKET_RATE);
        bytes(GIGA, Parameter.STORAGE_BANDWIDTH);
        bytes(GIGABITS, Parameter.BANDWIDTH);
        model = new CardModel(card, assumed);
        requests = new RateClock(PICOS_PER_SECOND, clock.getAsLong());
        fromGuests = new RateClock(PICOS_PER_SECOND, clock.getAsLong());
        toGuests = new RateClock(PICOS_PER_SECOND, clock.getAsLong());
    }

    /**
     * The timing of a disk: each of its channels takes one, and they share its limits.
     *
     * @throws IllegalArgumentException if the card has no figures of disks
     */
    public Supplier<RequestTiming> disk(String id) {
        require("disks", OF_DISKS);
        Parameter kind = card.figure(Parameter.DISK_IOPS) == null ? Parameter.CLOUD_DISK_IOPS : Parameter.DISK_IOPS;
        Limits disk = limits(count(KILO, Parameter.GUEST_IOPS, kind), bytes(GIGA, Parameter.GUEST_STORAGE_BANDWIDTH));
        CardModel.Requests times = model.requests();
        AtomicInteger channels = new AtomicInteger();
        return () -> new ProfileRequests(times, disk, requests, random(id, channels.getAndIncrement()));
    }

    /**
     * The timing of a network device's port: a frame from the guest is on the cable when it arrives, one for the guest comes from
     * there.
     *
     * @throws IllegalArgumentException if the card has no figures of networks
     */
    public PortTiming port(String id) {
        require("networks", OF_NETWORKS);
        CardModel.Frames times = model.frames();
        return new PortTiming(
                new ProfileFrames(times.fromGuest(), port(), fromGuests, random(id, 0)),
                new ProfileFrames(times.toGuest(), port(), toGuests, random(id, 1)));
    }

    private Limits port() {
        return limits(count(MEGA, Parameter.GUEST_PACKET_RATE), bytes(GIGABITS, Parameter.GUEST_BANDWIDTH));
    }

    private void require(String what, List<Parameter> parameters) {
        if (parameters.stream().allMatch(each -> card.figure(each) == null)) {
            throw new IllegalArgumentException("card " + card.name() + " has no figures of " + what);
        }
    }

    /** Rates a second; infinite ones limit nothing. */
    private Limits limits(double count, double bytes) {
        return new Limits(rate(count), rate(bytes));
    }

    private @Nullable RateClock rate(double perSecond) {
        return Double.isInfinite(perSecond) ? null : new RateClock(perSecond, clock.getAsLong());
    }

    private double count(double unit, Parameter... bounds) {
        return least(unit, LEAST_PER_SECOND, bounds);
    }

    private double bytes(double unit, Parameter... bounds) {
        return least(unit, LEAST_BYTES_PER_SECOND, bounds);
    }

    /** The least of those that are known, infinite if none is. */
    private double least(double unit, double bound, Parameter... parameters) {
        double least = Double.POSITIVE_INFINITY;
        for (Parameter each : parameters) {
            Figure figure = card.figure(each);
            if (figure != null) {
                if (figure.most() * unit < bound) {
                    throw new IllegalArgumentException("card " + card.name() + " has " + each.path() + " "
                            + figure.text() + ", which would let nothing through");
                }
                least = Math.min(least, figure.most() * unit);
            }
        }
        return least;
    }

    private static SplittableRandom random(String id, int part) {
        return new SplittableRandom((long) id.hashCode() << Integer.SIZE | part);
    }
}
