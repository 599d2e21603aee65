package dev.cipu.shim.assembly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.dataplane.CounterReader;
import dev.cipu.dataplane.IdlePolicy;
import dev.cipu.shim.card.CardFunction;
import dev.cipu.shim.card.EmbeddedGuest;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.blk.BlkRequest;
import dev.cipu.virtio.driver.BlkDriver;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A whole card whose devices have timing, and guests with real drivers in this process. */
@Timeout(120)
class PacedCardTest {
    private static final FeatureSet WANTED = FeatureSet.of(RingFeature.VERSION_1, RingFeature.EVENT_IDX);
    private static final long WAIT_NANOS = TimeUnit.SECONDS.toNanos(30);
    private static final int RING = 64;
    private static final String PROFILE = """
            name: slow
            title: A slow card
            year: 2020
            introduced: {what: nothing, mark: A, reason: made up}
            features:
              net: {what: software, mark: A, reason: made up}
              blk: {what: software, mark: A, reason: made up}
            figures:
              storage:
                read-latency: {value: 20000, unit: us, mark: A, reason: made up}
                write-latency: {value: 3000, unit: us, mark: A, reason: made up}
                disk-iops: {value: 2, unit: K IOPS, mark: A, reason: made up}
                tail: {value: 1, unit: times, mark: A, reason: made up}
              link:
                generation: {value: 4, unit: gen, mark: A, reason: made up}
                lanes: {value: 16, unit: lanes, mark: A, reason: made up}
                crossing: {value: 2000000, unit: ns, mark: A, reason: made up}
              dma:
                read-latency: {value: 4000000, unit: ns, mark: A, reason: made up}
                memory-tail: {value: 1, unit: times, mark: A, reason: made up}
            """;

    private static final long CROSSING = 2_000_000;

    /** A doorbell, three reads of the ring and one of the header, the disk without the guest's own 2 us, the answer's crossing. */
    private static final long CARD = CROSSING + 4 * 2 * CROSSING + CROSSING - 2_100;

    private static final long READ = 20_000_000 + CARD;
    private static final long WRITE = 3_000_000 + CARD;

    /** What the model adds besides, at most. */
    private static final long LITTLE = 10_000;

    @TempDir
    private Path directory;

    private String profile = "";

    @BeforeEach
    void write() throws IOException {
        Path file = directory.resolve("slow.yaml");
        Files.writeString(file, PROFILE);
        profile = file.toString();
    }

    private CardSpecBuilder builder() {
        return new CardSpecBuilder()
                .stats(directory.resolve("counters"))
                .idle("test", "spin")
                .timing("test", profile);
    }

    private KeyValues keys(String text) {
        return KeyValues.parse("test", text.replace("S/", directory + "/"));
    }

    private long counter(String owner, String name) {
        try {
            return CounterFile.read(directory.resolve("counters")).groups().stream()
                    .filter(group -> group.owner().equals(owner))
                    .map(CounterReader.Group::values)
                    .mapToLong(values -> values.getOrDefault(name, -1L))
                    .findFirst()
                    .orElse(-1);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static void await(BooleanSupplier condition, String what) {
        long end = System.nanoTime() + WAIT_NANOS;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("waited in vain for " + what);
            }
            Thread.onSpinWait();
        }
    }

    /** A guest with one request queue. */
    private static final class DiskGuest implements AutoCloseable {
        final EmbeddedGuest guest;
        final BlkDriver driver;
        final long data;

        DiskGuest(CardFunction function) {
            guest = new EmbeddedGuest(function, WANTED, 1 << 20);
            driver = new BlkDriver(guest.start(0, RING, 0), guest.memory());
            data = guest.memory().allocate(4096, 4096);
        }

        void submit(int type) {
            assertThat(driver.submit(type, 0, data, 4096)).isNotNegative();
            if (driver.publish()) {
                guest.kick(0);
            }
        }

        /** Nanoseconds that a request takes. */
        long run(int type) {
            long begin = System.nanoTime();
            submit(type);
            await(() -> driver.poll() >= 0, "an answer");
            assertThat(driver.status()).isEqualTo(BlkRequest.OK);
            return System.nanoTime() - begin;
        }

        @Override
        public void close() {
            guest.close();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"spin", "backoff", "sleep"})
    void aRequestTakesAtLeastAsLongAsTheCardHoweverTheWorkerWaits(String idle) {
        CardSpec spec = builder()
                .idle("test", idle)
                .blk(keys("socket=S/b,store=mem:1M"))
                .blk(keys("socket=S/c,store=mem:1M,timing=none"))
                .build();
        try (CardAssembly card = CardAssembly.start(spec);
                DiskGuest slow = new DiskGuest(card.function("blk0"));
                DiskGuest quick = new DiskGuest(card.function("blk1"))) {
            for (int i = 0; i < 5; i++) {
                assertThat(slow.run(BlkRequest.IN)).isGreaterThanOrEqualTo(READ);
                assertThat(slow.run(BlkRequest.OUT)).isGreaterThanOrEqualTo(WRITE);
            }
            assertThat(counter("blk0/paced0", "paced")).isEqualTo(10);
            assertThat(counter("blk0/paced0", "asked_ns"))
                    .isBetween(5 * (READ + WRITE), 5 * (READ + WRITE) + 10 * LITTLE);
            assertThat(counter("blk1/paced0", "paced")).isEqualTo(-1);
            // one of many is not disturbed even on a machine that is busy
            long least = Long.MAX_VALUE;
            for (int i = 0; i < 100; i++) {
                least = Math.min(least, quick.run(BlkRequest.IN));
            }
            assertThat(least).isLessThan(3_000_000);
        }
    }

    @Test
    void requestsPassAtTheCardsRateAtMost() {
        try (CardAssembly card = CardAssembly.start(
                        builder().blk(keys("socket=S/b,store=null:1M")).build());
                DiskGuest guest = new DiskGuest(card.function("blk0"))) {
            long begin = System.nanoTime();
            int answered = 0;
            int sent = 0;
            while (answered < 200) {
                while (sent < 200 && guest.driver.inFlight() < RING / 4) {
                    guest.submit(BlkRequest.OUT);
                    sent++;
                }
                while (guest.driver.poll() >= 0) {
                    answered++;
                }
                assertThat(System.nanoTime() - begin).isLessThan(WAIT_NANOS);
            }
            // 2,000 a second, but the first one comes at once
            assertThat(System.nanoTime() - begin).isGreaterThanOrEqualTo(199 * 500_000L);
        }
    }

    @Test
    void aDeviceThatLeavesDoesNotWaitForWhatItHoldsBack() throws IOException {
        Path file = directory.resolve("hours.yaml");
        Files.writeString(file, PROFILE.replace("value: 20000,", "value: 7200000000,"));
        CardSpec spec = builder()
                .timing("test", file.toString())
                .control("test", directory.resolve("control").toString())
                .build();
        try (CardAssembly card = CardAssembly.start(spec)) {
            card.attach(builder -> builder.blk(keys("socket=S/b,store=mem:1M")));
            try (DiskGuest guest = new DiskGuest(card.function("blk0"))) {
                for (int i = 0; i < RING / 4; i++) {
                    guest.submit(BlkRequest.IN);
                }
                await(() -> counter("blk0/paced0", "paced") == RING / 4, "the card to take them");
                guest.guest.pause(0);
                int answered = 0;
                while (guest.driver.poll() >= 0) {
                    answered++;
                }
                assertThat(answered).isEqualTo(RING / 4);
                assertThat(counter("blk0/paced0", "cut_short")).isEqualTo(RING / 4);
                guest.guest.resume(0);
                assertThat(guest.run(BlkRequest.OUT)).isGreaterThanOrEqualTo(WRITE);
            }
            card.detach("blk0");
            assertThat(counter("blk0/paced0", "paced")).isEqualTo(-1);
        }
    }

    @Test
    void aFrameTakesTheWayInAndTheWayOut() {
        CardSpec spec = builder()
                .net(keys("socket=S/n,mac=02:00:00:00:00:01"))
                .net(keys("socket=S/m,mac=02:00:00:00:00:02,timing=none"))
                .build();
        try (CardAssembly card = CardAssembly.start(spec);
                EmbeddedNetGuest slow = new EmbeddedNetGuest(card.function("net0"));
                EmbeddedNetGuest quick = new EmbeddedNetGuest(card.function("net1"))) {
            for (int i = 0; i < 5; i++) {
                long begin = System.nanoTime();
                slow.send(0x0200_0000_0002L, 0x0100_0000_0002L, i);
                assertThat(quick.receive()).isEqualTo(i);
                assertThat(System.nanoTime() - begin).as("there").isGreaterThanOrEqualTo(9 * CROSSING);
                begin = System.nanoTime();
                quick.send(0x0100_0000_0002L, 0x0200_0000_0002L, i);
                assertThat(slow.receive()).isEqualTo(i);
                assertThat(System.nanoTime() - begin).as("and back").isGreaterThanOrEqualTo(CROSSING);
            }
            assertThat(counter("net0/paced-tx", "asked_ns")).isBetween(5 * 9 * CROSSING, 5 * 9 * CROSSING + 5 * LITTLE);
            assertThat(counter("net0/paced-rx", "asked_ns")).isBetween(5 * CROSSING, 5 * CROSSING + 5 * LITTLE);
            assertThat(counter("net1/paced-tx", "paced")).isEqualTo(-1);
        }
    }

    @Test
    void aSwitchHasRoomForSoManyPortsWithTimingAsItWasMadeFor() {
        CardSpec spec = builder()
                .control("test", directory.resolve("control").toString())
                .build();
        try (CardAssembly card = CardAssembly.start(spec)) {
            for (int i = 0; i < 4; i++) {
                String socket = "socket=S/n" + i;
                card.attach(builder -> builder.net(keys(socket)));
            }
            assertThatThrownBy(() -> card.attach(builder -> builder.net(keys("socket=S/o"))))
                    .isInstanceOf(CardSpecException.class)
                    .hasMessageContaining("net4: switch sw0 was made for no more devices with timing")
                    .hasMessageContaining("timing=none");
            card.attach(builder -> builder.net(keys("socket=S/o,timing=none")));
            card.detach("net2");
            assertThat(card.attach(builder -> builder.net(keys("socket=S/p")))).isEqualTo("net2");
        }
    }

    @Test
    void whatMakesNoSenseIsSaid() throws IOException {
        assertThatThrownBy(() -> builder().timing("--timing", "shenlong-9"))
                .isInstanceOf(CardSpecException.class)
                .hasMessageContaining("--timing: there is no card 'shenlong-9'");
        assertThatThrownBy(() -> builder().blk(keys("socket=S/b,store=mem:1M,timing=nothing")))
                .isInstanceOf(CardSpecException.class)
                .hasMessageContaining("test: key 'timing': there is no card 'nothing'");
        Path file = directory.resolve("none.yaml");
        Files.writeString(
                file,
                PROFILE.substring(0, PROFILE.indexOf("  storage:")) + PROFILE.substring(PROFILE.indexOf("  link:")));
        CardSpec spec = new CardSpecBuilder()
                .stats(directory.resolve("counters"))
                .timing("test", file.toString())
                .blk(keys("socket=S/b,store=mem:1M"))
                .build();
        assertThatThrownBy(() -> CardAssembly.start(spec))
                .isInstanceOf(CardSpecException.class)
                .hasMessageContaining("blk0: it cannot be timed: card slow has no figures of disks");
    }

    @Test
    void aFileSaysItToo() {
        CardSpecBuilder fromFile = new CardSpecBuilder();
        CardYaml.read("card.yaml", """
                timing: cipu-1
                devices:
                  - {kind: blk, socket: /tmp/b, store: "mem:1M"}
                  - {kind: net, socket: /tmp/n, timing: bm-hive}
                  - {kind: net, socket: /tmp/m, timing: none}
                """, fromFile);
        TimingSpec timing = fromFile.build().timing();
        assertThat(timing.byDevice())
                .hasSize(2)
                .allSatisfy((id, card) -> assertThat(card.name()).isEqualTo(id.equals("blk0") ? "cipu-1" : "bm-hive"));
        assertThat(CardSpecBuilder.of(fromFile.build()).build().timing()).isEqualTo(timing);
    }

    @Test
    void withoutTimingNothingStandsInTheWay() {
        CardSpec spec =
                new CardSpec(List.of(), IdlePolicy.SPIN, directory.resolve("counters"), Map.of(), List.of(), List.of());
        assertThat(spec.timing()).isEqualTo(TimingSpec.NONE);
        assertThat(spec.timing().isOn()).isFalse();
    }
}
