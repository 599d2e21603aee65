package dev.cipu.shim.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cipu.dataplane.blk.BlockOp;
import dev.cipu.shim.profile.CardProfiles;
import dev.cipu.sim.event.Picos;
import dev.cipu.sim.model.CardTiming;
import dev.cipu.sim.model.Result;
import dev.cipu.sim.model.Simulation;
import dev.cipu.sim.model.Workload;
import dev.cipu.sim.model.Workload.Kind;
import dev.cipu.sim.pace.FrameTiming;
import dev.cipu.sim.pace.ProfileTiming;
import dev.cipu.sim.pace.RequestTiming;
import dev.cipu.virtio.ring.RingFormat;
import java.util.Arrays;
import java.util.Objects;
import java.util.function.LongUnaryOperator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What a paced device asks for is what {@code cipu sim run} says under light load, with a guest that polls and without that guest's
 * own time: another run, with another seed, of more than the paced device's model was made of, and of sizes that it was not run for.
 */
class PacedAsModelledTest {
    /** Relative. */
    private static final double ERROR = 0.03;

    private static final long SEED = 99;
    private static final int SAMPLES = 20_000;
    private static final long APART = 10_000_000;

    private long now;

    private static ProfileTiming paced(String card) {
        return new ProfileTiming(CardProfiles.find(card), CardProfiles.assumed(), () -> 0);
    }

    private static Result run(String card, Workload workload, long duration) {
        try (Simulation simulation =
                new Simulation(CardTiming.of(CardProfiles.find(card), CardProfiles.assumed()), workload, SEED)) {
            return simulation.run(duration / 10, duration);
        }
    }

    private static double guests(Result result) {
        return result.stages().stream()
                .filter(stage -> stage.part().isGuests())
                .mapToDouble(stage -> stage.spread().p50())
                .sum();
    }

    /** Of things that come so seldom that nothing waits for another. */
    private void check(Result expected, LongUnaryOperator due) {
        long[] asked = new long[SAMPLES];
        for (int i = 0; i < SAMPLES; i++) {
            now += APART;
            asked[i] = due.applyAsLong(now) - now;
        }
        Arrays.sort(asked);
        double own = guests(expected);
        double p50 = Objects.requireNonNull(expected.total()).p50() - own;
        double p99 = expected.total().p99() - own;
        assertThat((double) asked[SAMPLES / 2]).as("p50").isCloseTo(p50, within(ERROR * p50));
        assertThat((double) asked[SAMPLES * 99 / 100]).as("p99").isCloseTo(p99, within(ERROR * p99));
    }

    @ParameterizedTest
    @CsvSource({
        "cipu-1, 4096",
        "cipu-1, 65536",
        "cipu-1, 16384",
        "cipu-1, 1048576",
        "bm-hive, 4096",
        "bm-hive, 65536",
        "software-2016, 4096",
        "software-2016, 65536"
    })
    void requests(String card, int bytes) {
        RequestTiming disk = paced(card).disk("blk0").get();
        for (Kind kind : new Kind[] {Kind.READ, Kind.WRITE}) {
            Workload one = new Workload(kind, bytes, 1, 1, RingFormat.SPLIT, 1, 0, 1, false, false);
            BlockOp op = kind == Kind.READ ? BlockOp.READ : BlockOp.WRITE;
            check(run(card, one, bytes > 65536 ? Picos.SECOND / 5 : Picos.SECOND), at -> disk.due(at, op, bytes));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "cipu-1, 60",
        "cipu-1, 1514",
        "cipu-1, 508",
        "cipu-1, 4000",
        "bm-hive, 60",
        "bm-hive, 1514",
        "software-2016, 60",
        "software-2016, 1514"
    })
    void frames(String card, int bytes) {
        ProfileTiming timing = paced(card);
        for (Kind kind : new Kind[] {Kind.TRANSMIT, Kind.RECEIVE}) {
            Workload seldom = new Workload(kind, bytes, 8, 256, RingFormat.SPLIT, 32, 1_000, 64, false, false);
            FrameTiming way = kind == Kind.TRANSMIT
                    ? timing.port("net0").fromGuest()
                    : timing.port("net0").toGuest();
            check(run(card, seldom, 6 * Picos.SECOND), at -> way.due(at, bytes));
        }
    }

    /** Nobody is answered at more than what {@code cipu sim run} says that the card carries. */
    @ParameterizedTest
    @CsvSource({"cipu-1, TRANSMIT, 60", "cipu-1, TRANSMIT, 1514", "cipu-1, WRITE, 4096", "bm-hive, TRANSMIT, 1514"})
    void rates(String card, Kind kind, int bytes) {
        Workload most = new Workload(kind, bytes, 32, 256, RingFormat.SPLIT, 32, 0, 64, false, false);
        double expected = run(card, most, 20 * Picos.MILLI).perSecond();
        ProfileTiming timing = paced(card);
        long last = 0;
        for (int i = 0; i < SAMPLES; i++) {
            // of different devices, so that what one guest is sold does not limit them
            String id = "dev" + i % 64;
            last = Math.max(
                    last,
                    kind.isPacket()
                            ? timing.port(id).fromGuest().due(0, bytes)
                            : timing.disk(id).get().due(0, BlockOp.WRITE, bytes));
        }
        assertThat(SAMPLES * 1e9 / last).isCloseTo(expected, within(ERROR * expected));
    }
}
