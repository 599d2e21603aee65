package dev.cipu.sim.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cipu.sim.event.Picos;
import dev.cipu.sim.model.Workload.Kind;
import dev.cipu.virtio.ring.RingFormat;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class SimulationTest {
    private static Workload workload(Kind kind, int bytes, RingFormat format, double perSecond, boolean interrupts) {
        int depth = kind.isPacket() ? 256 : 64;
        return new Workload(kind, bytes, 4, depth, format, 16, perSecond, 64, interrupts, false);
    }

    private static Result run(Timing timing, Workload workload, long seed) {
        // one request at a time takes longer to be many
        long picos = (workload.depth() == 1 ? 20_000 : 500) * Picos.MICRO;
        try (Simulation simulation = new Simulation(timing, workload, seed)) {
            return simulation.run(picos);
        }
    }

    private static Spread total(Result result) {
        return Objects.requireNonNull(result.total());
    }

    @ParameterizedTest
    @CsvSource({
        "TRANSMIT,64,SPLIT,0,false", "TRANSMIT,1500,PACKED,3e6,true", "RECEIVE,64,PACKED,0,false",
        "RECEIVE,1500,SPLIT,2e6,true", "READ,4096,SPLIT,0,true", "WRITE,4096,PACKED,2e5,false"
    })
    void theSameSeedGivesTheSameToTheLastBit(Kind kind, int bytes, RingFormat format, double rate, boolean calls) {
        Workload workload = workload(kind, bytes, format, rate, calls);
        Result once = run(Timings.card(), workload, 1);
        assertThat(run(Timings.card(), workload, 1)).isEqualTo(once);
        assertThat(run(Timings.card(), workload, 2).checksum()).isNotEqualTo(once.checksum());
        assertThat(once.perSecond()).isPositive();
    }

    /** The value is that of the machine on which it was first computed: another one must get it too. */
    @Test
    void resultsAreTheSameOnEveryMachine() {
        Result result = run(Timings.card(), workload(Kind.READ, 4096, RingFormat.SPLIT, 3e5, true), 7);
        assertThat(Long.toHexString(result.checksum())).isEqualTo("46df0712e33863c4");
    }

    /** Open loops: everything that comes goes through, and is where Little's law says. */
    @ParameterizedTest
    @CsvSource({
        "TRANSMIT,64,SPLIT,5e6,false", "TRANSMIT,1500,PACKED,5e6,true", "RECEIVE,64,SPLIT,5e6,true",
        "RECEIVE,1500,PACKED,5e6,false", "READ,4096,SPLIT,5e5,true", "WRITE,4096,PACKED,5e5,false"
    })
    void whatComesIsServed(Kind kind, int bytes, RingFormat format, double rate, boolean calls) {
        Result result = run(Timings.card(), workload(kind, bytes, format, rate, calls), 3);
        assertThat(result.perSecond()).isCloseTo(rate, within(rate * 0.05));
        assertThat(result.bytesPerSecond()).isCloseTo(result.perSecond() * bytes, within(1e-6 * rate * bytes));
        assertThat(result.dropped()).isZero();
        // the parts are the whole, but for those that were not yet whole at the end
        double parts = result.stages().stream().mapToDouble(Result.Stage::mean).sum();
        assertThat(parts).isCloseTo(total(result).mean(), within(total(result).mean() * 0.05));
        assertThat(total(result).p50()).isLessThanOrEqualTo(total(result).p99());
    }

    @ParameterizedTest
    @CsvSource({"TRANSMIT", "RECEIVE"})
    void theSlowestStageIsTheCeilingAndIsNamed(Kind kind) {
        Result result = run(Timings.card(), workload(kind, 64, RingFormat.PACKED, 0, false), 4);
        assertThat(result.perSecond()).isCloseTo(18e6, within(0.2e6));
        assertThat(result.binding().name()).isEqualTo("card cores, packets");
        assertThat(result.binding().use()).isGreaterThan(0.98);
        assertThat(result.loads()).anySatisfy(load -> {
            assertThat(load.name()).isEqualTo("packet pipeline");
            assertThat(load.ceiling()).isCloseTo(24e6, within(0.3e6));
        });
        assertThat(result.hostCores()).isZero();
    }

    /** Eight cores at 667 ns. */
    @Test
    void withoutACardTheHostsCoresDoIt() {
        Result result = run(Timings.host(), workload(Kind.TRANSMIT, 64, RingFormat.SPLIT, 0, true), 5);
        assertThat(result.perSecond()).isCloseTo(12e6, within(0.2e6));
        assertThat(result.hostCores()).isCloseTo(8, within(0.1));
        assertThat(result.binding().name()).isEqualTo("host cores, packets");
        assertThat(result.wireBytesUp()).isZero();
    }

    @Test
    void withFewTagsTheLinkWaits() {
        Workload load = workload(Kind.TRANSMIT, 1500, RingFormat.PACKED, 0, false);
        Result few = run(Timings.card(Timings.link(4), 0), load, 6);
        Result many = run(Timings.card(Timings.link(256), 0), load, 6);
        assertThat(few.binding().name()).isEqualTo("PCIe tags");
        assertThat(many.perSecond()).isGreaterThan(few.perSecond() * 3);
    }

    /** One queue whose data takes all tags: its descriptor engine waits for them, too, and is busy all the time. */
    @Test
    void whatDescriptorEnginesWaitForIsNamedInTheirPlace() {
        Workload load = new Workload(Kind.TRANSMIT, 64, 1, 256, RingFormat.SPLIT, 32, 0, 1, true, false);
        Result few = run(Timings.card(Timings.link(6), 0), load, 5);
        Result many = run(Timings.card(Timings.link(24), 0), load, 5);
        assertThat(load(few, "descriptor engines")).isGreaterThan(load(few, "PCIe tags"));
        assertThat(few.binding().name()).isEqualTo("PCIe tags");
        assertThat(many.perSecond()).isGreaterThan(few.perSecond() * 1.8);
    }

    /** A turn of 16 entries takes the index, the entries and four lines: three reads of 0.4 us and the memory's 40. */
    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void descriptorEnginesBindWhereMemoryIsFar(RingFormat format) {
        Timing near = Timings.card();
        Timing far = new Timing(
                near.card(),
                near.link(),
                new Timing.Memory(40 * Picos.MICRO, 1, 0, 4096, 0),
                near.engine(),
                near.engines(),
                near.network(),
                near.storage(),
                near.interrupts(),
                near.host(),
                0,
                near.crossing());
        Result result = run(far, workload(Kind.TRANSMIT, 64, format, 0, false), 13);
        assertThat(result.binding().name()).isEqualTo("descriptor engines");
        int reads = format == RingFormat.PACKED ? 1 : 2;
        double turn = reads * 40.4e-6;
        assertThat(result.perSecond()).isBetween(4 * 16 / (turn * 1.7), 4 * 16 / turn);
        assertThat(load(run(near, workload(Kind.TRANSMIT, 64, format, 0, false), 13), "descriptor engines"))
                .isLessThan(0.96);
    }

    private static Timing sliced(int header, long buffer) {
        Timing whole = Timings.card();
        Timing.Network network = whole.network();
        return new Timing(
                whole.card(),
                whole.link(),
                whole.memory(),
                whole.engine(),
                whole.engines(),
                new Timing.Network(
                        Timings.UPLINK,
                        network.buffers(),
                        network.hardwareTime(),
                        0,
                        16,
                        network.coreTime(),
                        2_000_000,
                        new Timing.CoreLink(100e9, header, buffer)),
                whole.storage(),
                whole.interrupts(),
                whole.host(),
                0,
                whole.crossing());
    }

    /** 1514 bytes on 100 Gb/s are 8.26 Mpps; headers of 256 leave it to the cable, at 200 Gb/s and with 24 bytes around each. */
    @ParameterizedTest
    @CsvSource({"TRANSMIT", "RECEIVE"})
    void slicedPacketsDoNotWaitForTheWayToTheCores(Kind kind) {
        Workload load = workload(kind, 1514, RingFormat.PACKED, 0, false);
        Result whole = run(sliced(0, 0), load, 15);
        assertThat(whole.perSecond()).isCloseTo(100e9 / 8 / 1514, within(0.1e6));
        assertThat(whole.binding().name()).startsWith("way ");
        Result headers = run(sliced(256, 4 << 20), load, 15);
        // received ones wait for the host's 64 headers next
        double cable = Timings.UPLINK / 8 / (1514 + 24);
        assertThat(headers.perSecond()).isBetween((kind == Kind.TRANSMIT ? 0.98 : 0.75) * cable, 1.02 * cable);
        // whole packets would take it more than five times over
        assertThat(load(headers, "way to the cores")).isBetween(0.98 * headers.perSecond() * 8 * 256 / 100e9, 0.34);
    }

    /** 64 KiB hold the payload of 52 packets, each for 2.5 us: some 20 M a second would, of 8 KiB only 2.5 M. */
    @Test
    void aFullBufferOfPayloadHoldsPacketsUp() {
        Workload load = workload(Kind.TRANSMIT, 1514, RingFormat.PACKED, 0, false);
        Result result = run(sliced(256, 8 << 10), load, 16);
        assertThat(result.binding().name()).isEqualTo("payload buffer");
        assertThat(result.perSecond()).isBetween(2.0e6, 2.8e6);
        Result received = run(sliced(256, 8 << 10), workload(Kind.RECEIVE, 1514, RingFormat.PACKED, 0, false), 16);
        assertThat(received.dropped()).isGreaterThan(0.7);
    }

    private static double load(Result result, String name) {
        return result.loads().stream()
                .filter(each -> each.name().equals(name))
                .mapToDouble(Load::use)
                .sum();
    }

    @Test
    void aTracerHearsOfEachJourneyFromBeginToEnd() {
        Set<Integer> open = new HashSet<>();
        int[] ended = new int[1];
        int[] joined = new int[1];
        Tracer tracer = new Tracer() {
            @Override
            public void begin(int journey, long time) {
                assertThat(open.add(journey)).isTrue();
            }

            @Override
            public void queue(int journey, int queue) {
                assertThat(open).contains(journey);
                assertThat(queue).isBetween(0, 3);
                joined[0]++;
            }

            @Override
            public void span(int journey, Part part, long from, long to) {
                assertThat(open).contains(journey);
            }

            @Override
            public void end(int journey, long time) {
                assertThat(open.remove(journey)).isTrue();
                ended[0]++;
            }

            @Override
            public void register(Register register, int queue, long time, long value) {}
        };
        for (Kind kind : Kind.values()) {
            open.clear();
            Workload load = workload(kind, 512, RingFormat.SPLIT, 1e5, false);
            try (Simulation simulation = new Simulation(Timings.card(), load, 14, tracer)) {
                simulation.run(Picos.MILLI);
            }
        }
        assertThat(ended[0]).isGreaterThan(300);
        assertThat(joined[0]).isBetween(ended[0], ended[0] + 100);
    }

    /** Requests one at a time take the store's time and the way there and back. */
    @Test
    void oneRequestTakesTheStoresTimeAndTheCards() {
        Workload load = new Workload(Kind.READ, 4096, 1, 1, RingFormat.SPLIT, 1, 0, 1, true, false);
        Result result = run(Timings.card(), load, 8);
        assertThat(total(result).p50()).isBetween(75_000.0 + 3 * 550, 75_000.0 + 12_000);
        assertThat(result.binding().name()).isEqualTo("requests in flight");
        // header, status and data; two round trips for a split chain of three in a line, and the index
        assertThat(result.roundTrips()).isCloseTo(3, within(0.01));
        assertThat(result.doorbells()).isCloseTo(1, within(0.01));
        assertThat(result.interrupts()).isCloseTo(1, within(0.01));
    }

    @Test
    void missesOfTheIotlbCostTime() {
        Workload load = new Workload(Kind.READ, 4096, 1, 1, RingFormat.SPLIT, 1, 0, 1, true, false);
        // with one chain everything stays known; with many buffers nothing does
        Workload wide = new Workload(Kind.READ, 4096, 4, 256, RingFormat.SPLIT, 16, 0, 1, true, false);
        assertThat(run(Timings.card(Timings.link(256), 64), load, 9).iotlbMisses())
                .isLessThan(0.01);
        Result missing = run(Timings.card(Timings.link(256), 64), wide, 9);
        Result without = run(Timings.card(Timings.link(256), 0), wide, 9);
        assertThat(missing.iotlbMisses()).isGreaterThan(0.5);
        assertThat(fetch(missing)).isGreaterThan(fetch(without) + 100);
    }

    private static double fetch(Result result) {
        return result.stages().stream()
                .filter(stage -> stage.part() == Part.FETCH)
                .mapToDouble(Result.Stage::mean)
                .sum();
    }

    @Test
    void indirectTablesAreOneReadMore() {
        Workload direct = new Workload(Kind.READ, 4096, 1, 1, RingFormat.SPLIT, 1, 0, 1, true, false);
        Workload indirect = new Workload(Kind.READ, 4096, 1, 1, RingFormat.SPLIT, 1, 0, 1, true, true);
        Result one = run(Timings.card(), direct, 10);
        Result other = run(Timings.card(), indirect, 10);
        assertThat(other.roundTrips()).isCloseTo(one.roundTrips() + 1, within(0.01));
    }

    /** More than the cable brings is more than the card takes: the rest is dropped and counted. */
    @Test
    void whatTheCardCannotTakeIsDropped() {
        Result result = run(Timings.card(), workload(Kind.RECEIVE, 64, RingFormat.PACKED, 0, false), 11);
        double offered = Timings.UPLINK / 8 / (64 + 24);
        assertThat(result.dropped()).isCloseTo(1 - 18e6 / offered, within(0.02));
    }

    @Test
    void whoWatchesSeesAllOfIt() {
        int[] spans = new int[1];
        long[] bells = new long[1];
        Tracer tracer = new Tracer() {
            @Override
            public void span(int journey, Part part, long from, long to) {
                assertThat(to).isGreaterThanOrEqualTo(from);
                spans[0]++;
            }

            @Override
            public void register(Register register, int queue, long time, long value) {
                bells[0] += register == Register.DOORBELL ? 1 : 0;
            }
        };
        Workload load = workload(Kind.READ, 4096, RingFormat.SPLIT, 1e5, true);
        try (Simulation simulation = new Simulation(Timings.card(), load, 12, tracer)) {
            Result result = simulation.run(Picos.MILLI);
            assertThat(result.checksum()).isEqualTo(withoutTracer(load));
        }
        assertThat(spans[0]).isGreaterThan(700);
        assertThat(bells[0]).isGreaterThan(80);
    }

    private static long withoutTracer(Workload load) {
        try (Simulation simulation = new Simulation(Timings.card(), load, 12)) {
            return simulation.run(Picos.MILLI).checksum();
        }
    }
}
