package dev.cipu.sim.pace;

import dev.cipu.device.card.CardProfile;
import dev.cipu.device.card.Figure;
import dev.cipu.device.card.Parameter;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A model made of a card's figures and nothing else: latencies as they are given, rates as upper bounds. The card's own rates are
 * one clock for all devices that were made here, whichever workers poll them; a guest's rates are each device's. Figures that are not known
 * limit nothing.
 *
 * <p>The same device draws the same latencies every time. Any thread may ask for a device's timing.
 */
public final class ProfileTiming {
    private static final double KILO = 1e3;
    private static final double MEGA = 1e6;
    private static final double GIGA = 1e9;
    private static final double GIGABITS = 1e9 / 8;

    /** Slower than this a request would be awaited for longer than anybody waits. */
    private static final double LEAST_PER_SECOND = 1;

    private static final double LEAST_BYTES_PER_SECOND = MEGA;

    private final CardProfile card;
    private final LongSupplier clock;
    private final Limits requests;
    private final Limits fromGuests;
    private final Limits toGuests;

    /**
     * @param clock of the workers, in nanoseconds
     * @throws IllegalArgumentException if a figure would let nothing through
     */
    public ProfileTiming(CardProfile card, LongSupplier clock) {
        this.card = card;
        this.clock = clock;
        requests = limits(count(KILO, Parameter.IOPS), bytes(GIGA, Parameter.STORAGE_BANDWIDTH));
        fromGuests = limits(count(MEGA, Parameter.PACKET_RATE), bytes(GIGABITS, Parameter.BANDWIDTH));
        toGuests = limits(count(MEGA, Parameter.PACKET_RATE), bytes(GIGABITS, Parameter.BANDWIDTH));
    }

    /**
     * The timing of a disk: each of its channels takes one, and they share its limits.
     *
     * @throws IllegalArgumentException if the card has no figures of disks
     */
    public Supplier<RequestTiming> disk(String id) {
        Latency added = micros(Parameter.ADDED_LATENCY, Latency.NONE);
        Latency read = micros(Parameter.READ_LATENCY, added);
        Latency write = micros(Parameter.WRITE_LATENCY, added);
        Parameter kind = card.figure(Parameter.DISK_IOPS) == null ? Parameter.CLOUD_DISK_IOPS : Parameter.DISK_IOPS;
        double bandwidth = bytes(GIGA, Parameter.GUEST_STORAGE_BANDWIDTH);
        Limits disk = limits(count(KILO, Parameter.GUEST_IOPS, kind), bandwidth);
        require("disks", read.most() > 0 || write.most() > 0 || limits(disk) || limits(requests));
        double nanosPerByte = GIGA / bandwidth;
        AtomicInteger channels = new AtomicInteger();
        return () ->
                new ProfileRequests(read, write, nanosPerByte, disk, requests, random(id, channels.getAndIncrement()));
    }

    /**
     * The timing of a network device's port. A frame from the guest is fetched over the link and passes the card's cores; one for
     * the guest crosses the link.
     *
     * @throws IllegalArgumentException if the card has no figures of networks
     */
    public PortTiming port(String id) {
        Latency crossing = nanos(Parameter.LINK_CROSSING, Latency.NONE);
        Latency fetched = nanos(Parameter.DMA_READ_LATENCY, crossing.plus(crossing));
        Latency entering = fetched.plus(micros(Parameter.SOFTWARE_PATH_LATENCY, Latency.NONE));
        Limits out = port();
        Limits in = port();
        require("networks", entering.most() > 0 || crossing.most() > 0 || limits(out) || limits(fromGuests));
        return new PortTiming(
                new ProfileFrames(entering, out, fromGuests, random(id, 0)),
                new ProfileFrames(crossing, in, toGuests, random(id, 1)));
    }

    private Limits port() {
        return limits(count(MEGA, Parameter.GUEST_PACKET_RATE), bytes(GIGABITS, Parameter.GUEST_BANDWIDTH));
    }

    private void require(String what, boolean known) {
        if (!known) {
            throw new IllegalArgumentException("card " + card.name() + " has no figures of " + what);
        }
    }

    private static boolean limits(Limits limits) {
        return limits.count() != null || limits.bytes() != null;
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

    private Latency micros(Parameter parameter, Latency otherwise) {
        return latency(parameter, KILO, otherwise);
    }

    private Latency nanos(Parameter parameter, Latency otherwise) {
        return latency(parameter, 1, otherwise);
    }

    private Latency latency(Parameter parameter, double nanos, Latency otherwise) {
        Figure figure = card.figure(parameter);
        return figure == null
                ? otherwise
                : new Latency(Math.round(figure.value() * nanos), Math.round(figure.most() * nanos));
    }

    private static SplittableRandom random(String id, int part) {
        return new SplittableRandom((long) id.hashCode() << Integer.SIZE | part);
    }
}
