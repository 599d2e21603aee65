package dev.cipu.shim.assembly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.dataplane.CounterReader;
import dev.cipu.shim.card.CardFunction;
import dev.cipu.shim.load.BlkLoad;
import dev.cipu.shim.load.BlkLoadResult;
import dev.cipu.shim.load.BlkLoadSpec;
import dev.cipu.shim.load.BlkWorkload;
import dev.cipu.shim.load.RunSpec;
import dev.cipu.shim.load.Target;
import dev.cipu.shim.posix.OpenDescriptors;
import dev.cipu.shim.probe.Pause;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.driver.DriverMemory;
import dev.cipu.virtio.driver.DriverQueue;
import dev.cipu.virtio.driver.SplitDriver;
import dev.cipu.virtio.ring.VirtqueueBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Devices that come to a running card and leave it. */
@Timeout(120)
class LiveCardTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    @TempDir
    private Path directory;

    private CardAssembly card(String... devices) {
        CardSpecBuilder builder = new CardSpecBuilder()
                .idle("test", "sleep")
                .stats(directory.resolve("counters"))
                .control("test", directory + "/control");
        builder.store("shared", new KeyValues("test", Map.of("store", "mem:4M")));
        for (String each : devices) {
            int space = each.indexOf(' ');
            builder.device(each.substring(0, space), KeyValues.parse("test", each.substring(space + 1)));
        }
        CardSpec spec = builder.build();
        CardAssembly card = CardAssembly.start(spec);
        spec.devices().forEach(card::serve);
        return card;
    }

    private String attach(CardAssembly card, String kind, String keys) {
        return card.attach(words -> words.device(kind, KeyValues.parse("attach", keys)));
    }

    private Path socket(String name) {
        return directory.resolve(name);
    }

    private BlkLoadResult load(String socket, int count) {
        return BlkLoad.connect(new BlkLoadSpec(
                        Target.of(socket(socket)),
                        BlkWorkload.RANDRW,
                        4096,
                        4,
                        1,
                        1 << 20,
                        RunSpec.ofSeconds(30).withWarmup(0).withInterrupt(true).withCount(count),
                        true,
                        false))
                .run();
    }

    private void assertWorks(String socket) {
        BlkLoadResult result = load(socket, 200);
        assertThat(result.passed()).as(result.firstProblem()).isTrue();
    }

    private List<String> owners() throws IOException {
        return CounterFile.read(directory.resolve("counters")).groups().stream()
                .map(CounterReader.Group::owner)
                .toList();
    }

    private Map<String, Long> counters(String owner) throws IOException {
        return CounterFile.read(directory.resolve("counters")).groups().stream()
                .filter(group -> group.owner().equals(owner))
                .findFirst()
                .orElseThrow()
                .values();
    }

    @Test
    void aCardThatBeginsEmptyGetsADiskAndLosesIt() throws Exception {
        try (CardAssembly card = card()) {
            List<String> before = owners();
            long descriptors = OpenDescriptors.count();
            for (int round = 0; round < 10; round++) {
                String disk = "socket=" + socket("b") + ",store=file:" + socket("disk.img") + ",size=4M,queues=2";
                assertThat(attach(card, "blk", disk)).isEqualTo("blk0");
                assertThat(attach(card, "net", "socket=" + socket("n"))).isEqualTo("net0");
                assertWorks("b");
                assertThat(owners()).contains("blk0/0", "blk0/1", "blk0/session", "net0", "net0/session");
                card.detach("blk0");
                card.detach("net0");
                assertThat(socket("b")).doesNotExist();
                assertThat(socket("n")).doesNotExist();
                assertThat(owners()).containsExactlyInAnyOrderElementsOf(before);
            }
            assertThat(OpenDescriptors.count()).isEqualTo(descriptors);
            assertThat(card.spec().devices()).isEmpty();
            assertThat(card.spec().stores()).containsOnlyKeys("shared");
        }
    }

    @Test
    void aStoreIsKeptAsLongAsOneDeviceUsesIt() {
        try (CardAssembly card =
                card("blk id=a,store=shared,socket=" + socket("a"), "blk id=b,store=shared,socket=" + socket("b"))) {
            card.detach("a");
            assertWorks("b");
            attach(card, "blk", "id=c,store=shared,socket=" + socket("c"));
            card.detach("b");
            assertWorks("c");
        }
    }

    @Test
    void aDiskIsTakenAwayUnderLoadAndItsNeighbourDoesNotNotice() throws Exception {
        try (CardAssembly card =
                card("blk id=a,store=mem:4M,socket=" + socket("a"), "blk id=b,store=mem:4M,socket=" + socket("b"))) {
            CompletableFuture<Boolean> victim = CompletableFuture.supplyAsync(() -> {
                try {
                    return load("a", Integer.MAX_VALUE).passed();
                } catch (RuntimeException e) {
                    return false;
                }
            });
            CompletableFuture<BlkLoadResult> neighbour = CompletableFuture.supplyAsync(() -> load("b", 20_000));
            while (CounterFile.read(directory.resolve("counters")).groups().stream()
                    .filter(group -> group.owner().equals("a/0"))
                    .allMatch(group -> group.values().getOrDefault("reads", 0L) < 50)) {
                Thread.sleep(1);
            }
            card.detach("a");
            assertThat(victim.get(60, TimeUnit.SECONDS)).isFalse();
            BlkLoadResult result = neighbour.get(60, TimeUnit.SECONDS);
            assertThat(result.passed()).as(result.firstProblem()).isTrue();
            assertWorks("b");
        }
    }

    @Test
    void anAttachmentThatFailsLeavesNothing() throws Exception {
        try (CardAssembly card = card("net socket=" + socket("n"))) {
            List<String> before = owners();
            CardSpec spec = card.spec();
            long descriptors = OpenDescriptors.count();
            assertThatThrownBy(() -> attach(card, "blk", "store=mem:4M,socket=" + socket("none") + "/s"))
                    .isInstanceOf(ResourceException.class)
                    .hasMessageContaining("has no directory");
            assertThatThrownBy(() -> attach(card, "blk", "socket=" + socket("b") + ",store=file:" + socket("no.img")))
                    .isInstanceOf(ResourceException.class);
            assertThatThrownBy(() -> attach(card, "net", "mtu=9000,socket=" + socket("b")))
                    .isInstanceOf(CardSpecException.class)
                    .hasMessageContaining("mtu is 9000, but switch sw0 was made for 1500");
            assertThatThrownBy(() -> attach(card, "net", "socket=" + socket("n")))
                    .isInstanceOf(CardSpecException.class)
                    .hasMessageContaining("another device is at");
            assertThatThrownBy(() -> attach(card, "net", "fd=0"))
                    .isInstanceOf(CardSpecException.class)
                    .hasMessageContaining("fd is for a card that starts");
            assertThatThrownBy(() -> attach(card, "net", "switch=sw1,socket=" + socket("b")))
                    .isInstanceOf(CardSpecException.class)
                    .hasMessageContaining("declared are sw0");
            assertThat(owners()).containsExactlyInAnyOrderElementsOf(before);
            assertThat(card.spec()).isEqualTo(spec);
            assertThat(OpenDescriptors.count()).isEqualTo(descriptors);
            assertThat(socket("b")).doesNotExist();
        }
    }

    @Test
    void whatIsNotThereCannotBeChanged() {
        try (CardAssembly card = card("blk id=d,store=mem:4M,socket=" + socket("d"))) {
            assertThatThrownBy(() -> card.detach("x"))
                    .isInstanceOf(CardSpecException.class)
                    .hasMessage("the card has no device 'x'; it has d");
            assertThatThrownBy(() -> card.link("d", true))
                    .isInstanceOf(CardSpecException.class)
                    .hasMessageContaining("no network device");
            assertThatThrownBy(() -> card.announce("d")).isInstanceOf(CardSpecException.class);
        }
    }

    @Test
    void aCableIsPulledAndPluggedIn() {
        try (CardAssembly card = card("net id=n,socket=" + socket("n"))) {
            NetFunction function = (NetFunction) card.function("n");
            card.link("n", false);
            assertThat(function.device().linkUp()).isFalse();
            card.link("n", true);
            assertThat(function.device().linkUp()).isTrue();
            assertThat(card.announce("n")).as("no driver is there to be asked").isFalse();
        }
    }

    @Test
    void aSwitchForgetsThePortOfADeviceThatLeaves() throws Exception {
        long one = 0x0100_0000_0002L;
        long other = 0x0200_0000_0002L;
        try (CardAssembly card = card("net id=a,socket=" + socket("a"), "net id=b,socket=" + socket("b"))) {
            for (int i = 0; i < 3; i++) {
                attach(card, "net", "id=c,socket=" + socket("c"));
                card.detach("c");
            }
            try (EmbeddedNetGuest a = new EmbeddedNetGuest(card.function("a"));
                    EmbeddedNetGuest b = new EmbeddedNetGuest(card.function("b"))) {
                a.send(other, one, 7);
                assertThat(b.receive()).isEqualTo(7);
            }
            assertThat(counters("sw0"))
                    .as("what is for somebody unknown goes to the only other port")
                    .containsEntry("forwarded", 1L)
                    .containsEntry("flooded", 0L);
        }
    }

    /** Its worker was kept awake by a driver that never kicks. */
    @ParameterizedTest
    @ValueSource(strings = {"net", "blk"})
    void aDeviceThatLeavesTakesItsQueuesAlongAndIsForgotten(String kind) throws Exception {
        try (CardAssembly card = card();
                Arena arena = Arena.ofShared()) {
            WeakReference<CardFunction> gone = new WeakReference<>(attachAndRun(card, kind, arena));
            card.detach("d");
            long before = sleeps("worker0");
            assertThat(Pause.until(() -> sleeps("worker0") > before, LIMIT))
                    .as("the worker sleeps again")
                    .isTrue();
            assertThat(Pause.until(
                            () -> {
                                System.gc();
                                return gone.refersTo(null);
                            },
                            LIMIT))
                    .as("nobody knows the device any more")
                    .isTrue();
        }
    }

    private CardFunction attachAndRun(CardAssembly card, String kind, Arena arena) {
        attach(card, kind, "id=d,socket=" + socket("d") + (kind.equals("blk") ? ",store=mem:4M" : ""));
        DriverMemory memory = new DriverMemory(arena.allocate(1 << 16, 4096), 0x10000);
        FeatureSet features = FeatureSet.of(RingFeature.VERSION_1);
        long at = memory.allocate(SplitDriver.bytes(16, 0), 4096);
        DriverQueue ring = new SplitDriver(memory.slice(at, SplitDriver.bytes(16, 0)), at, 16, features, 0);
        CardFunction function = card.function("d");
        function.device().negotiate(features);
        function.attach(
                0,
                new VirtqueueBuilder()
                        .size(ring.size())
                        .memory(memory.asGuestMemory())
                        .features(features)
                        .rings(
                                memory.slice(ring.descriptorAddress(), 16L * ring.size()),
                                memory.slice(ring.driverAreaAddress(), 6 + 2L * ring.size()),
                                memory.slice(ring.deviceAreaAddress(), 6 + 8L * ring.size()))
                        .buildSplit(),
                CardFunction.POLLED);
        function.enable(0, true);
        return function;
    }

    private long sleeps(String worker) {
        try {
            return counters(worker).getOrDefault("sleeps", 0L);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void aDeviceThatIsAttachedGetsTheNextFreeName() throws Exception {
        try (CardAssembly card = card("net socket=" + socket("n0"), "net socket=" + socket("n1"))) {
            card.detach("net0");
            assertThat(attach(card, "net", "socket=" + socket("n2"))).isEqualTo("net0");
            assertThat(Files.exists(socket("n2"))).isTrue();
        }
    }

    @Test
    void zonesComeBackWithTheirDisk() {
        String disk = "id=z,store=file:" + socket("z.img") + ",size=4M,zoned=host-managed,zone-size=64k,socket="
                + socket("z");
        try (CardAssembly card = card()) {
            for (int round = 0; round < 3; round++) {
                attach(card, "blk", disk);
                card.detach("z");
            }
            assertThat(socket("z.img.zones")).exists();
        }
    }

    @Test
    void aClosedCardRefusesPolitely() {
        CardAssembly card = card();
        card.close();
        assertThatThrownBy(() -> attach(card, "net", "socket=" + socket("n")))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
    }
}
