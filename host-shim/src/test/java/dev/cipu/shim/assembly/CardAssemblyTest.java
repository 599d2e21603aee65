package dev.cipu.shim.assembly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.dataplane.CounterReader;
import dev.cipu.dataplane.IdlePolicy;
import dev.cipu.shim.card.CardFunction;
import dev.cipu.shim.card.EmbeddedGuest;
import dev.cipu.shim.posix.EventFd;
import dev.cipu.shim.posix.PosixException;
import dev.cipu.virtio.FeaturePreset;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.blk.BlkRequest;
import dev.cipu.virtio.conformance.Conforms;
import dev.cipu.virtio.driver.BlkDriver;
import dev.cipu.virtio.driver.DriverMemory;
import dev.cipu.virtio.driver.DriverQueue;
import dev.cipu.virtio.driver.SplitDriver;
import dev.cipu.virtio.net.NetFeature;
import dev.cipu.virtio.net.NetHeader;
import dev.cipu.virtio.ring.SplitQueue;
import dev.cipu.virtio.ring.VirtqueueBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class CardAssemblyTest {
    private static final FeatureSet WANTED = FeatureSet.of(RingFeature.VERSION_1, RingFeature.EVENT_IDX);
    private static final long MAC_A = 0x0100000000_02L;
    private static final long MAC_B = 0x0200000000_02L;
    private static final long WAIT_NANOS = TimeUnit.SECONDS.toNanos(30);

    @TempDir
    private Path directory;

    private CardSpec spec(IdlePolicy idle, DeviceSpec... devices) {
        return new CardSpec(
                List.of(),
                idle,
                directory.resolve("counters"),
                Map.of("disk", new StoreSpec.Memory(1 << 20)),
                List.of(new SwitchSpec("sw0", SwitchSpec.Uplink.NONE)),
                List.of(devices));
    }

    private static NetSpec net(String id) {
        return new NetSpec(id, EndpointSpec.EMBEDDED, "02:00:00:00:00:0" + id.substring(3), 1, 1500, "sw0");
    }

    private static BlkSpec blk(String id, int queues) {
        return new BlkSpec(id, EndpointSpec.EMBEDDED, "disk", false, queues, "serial", 512);
    }

    private static void await(BooleanSupplier condition, String what) {
        long end = System.nanoTime() + WAIT_NANOS;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("waited in vain for " + what);
            }
            LockSupport.parkNanos(1_000);
        }
    }

    private long counter(String owner, String name) {
        try {
            return CounterFile.read(directory.resolve("counters")).groups().stream()
                    .filter(group -> group.owner().equals(owner))
                    .map(CounterReader.Group::values)
                    .map(values -> Objects.requireNonNull(values.get(name)))
                    .findFirst()
                    .orElseThrow();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"spin", "backoff", "sleep"})
    void framesPassWhateverAnIdleWorkerDoes(String idle) {
        try (CardAssembly card = CardAssembly.start(spec(IdlePolicy.of(idle), net("net1"), net("net2")));
                EmbeddedNetGuest a = new EmbeddedNetGuest(card.function("net1"));
                EmbeddedNetGuest b = new EmbeddedNetGuest(card.function("net2"))) {
            for (long i = 0; i < 200; i++) {
                a.send(MAC_B, MAC_A, i);
                assertThat(b.receive()).isEqualTo(i);
                b.send(MAC_A, MAC_B, ~i);
                assertThat(a.receive()).isEqualTo(~i);
            }
            assertThat(counter("net1", "tx_packets")).isEqualTo(200);
            assertThat(counter("net2", "rx_packets")).isEqualTo(200);
        }
    }

    @Test
    void aSleepingWorkerWakesOnAKickAndOnlyThenIsKicked() {
        try (CardAssembly card = CardAssembly.start(spec(new IdlePolicy.Sleep(0), net("net1"), net("net2")));
                EmbeddedNetGuest a = new EmbeddedNetGuest(card.function("net1"));
                EmbeddedNetGuest b = new EmbeddedNetGuest(card.function("net2"))) {
            for (long i = 0; i < 5; i++) {
                long before = counter("worker0", "sleeps");
                await(() -> counter("worker0", "sleeps") > before, "sleep");
                long start = System.nanoTime();
                a.send(MAC_B, MAC_A, i);
                assertThat(b.receive()).isEqualTo(i);
                assertThat(System.nanoTime() - start)
                        .as("woken, not found by chance at the end of the longest sleep")
                        .isLessThan(WAIT_NANOS);
            }
            assertThat(a.guest.kicks()).isPositive();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"spin", "sleep"})
    @Conforms("SR-021")
    void kicksWithNothingBehindThemHarmNobody(String idle) {
        try (CardAssembly card = CardAssembly.start(spec(IdlePolicy.of(idle), net("net1"), net("net2")));
                EmbeddedNetGuest a = new EmbeddedNetGuest(card.function("net1"));
                EmbeddedNetGuest b = new EmbeddedNetGuest(card.function("net2"))) {
            for (long i = 0; i < 100; i++) {
                for (int queue = 0; queue < 2; queue++) {
                    a.guest.kick(queue);
                    b.guest.kick(queue);
                }
                a.send(MAC_B, MAC_A, i);
                a.guest.kick(1);
                assertThat(b.receive()).isEqualTo(i);
            }
            assertThat(a.guest.brokenQueues() + b.guest.brokenQueues()).isZero();
            assertThat(counter("net1", "tx_packets")).isEqualTo(100);
        }
    }

    @Test
    void aDeviceMadeToLookLikeAnotherOffersNoMoreAndWorks() {
        FeatureChoice choice =
                new FeatureChoice(FeaturePreset.VIRTNET, FeatureSet.NONE, FeatureSet.of(NetFeature.MRG_RXBUF));
        NetSpec narrow =
                new NetSpec("net1", EndpointSpec.EMBEDDED, "02:00:00:00:00:01", 1, 1500, "sw0").offering(choice);
        try (CardAssembly card = CardAssembly.start(spec(IdlePolicy.SLEEP, narrow, net("net2")))) {
            FeatureSet offered = card.function("net1").device().offered();
            assertThat(FeaturePreset.VIRTNET.allowed().containsAll(offered)).isTrue();
            assertThat(offered.has(NetFeature.MRG_RXBUF)).isFalse();
            assertThat(card.function("net2").device().offered().has(RingFeature.EVENT_IDX))
                    .as("the neighbour offers all that it has")
                    .isTrue();
            try (EmbeddedNetGuest a = new EmbeddedNetGuest(card.function("net1"));
                    EmbeddedNetGuest b = new EmbeddedNetGuest(card.function("net2"))) {
                a.send(MAC_B, MAC_A, 7);
                assertThat(b.receive()).isEqualTo(7);
                b.send(MAC_A, MAC_B, 8);
                assertThat(a.receive()).isEqualTo(8);
            }
        }
    }

    @Test
    void aSpinningWorkerNeedsNoKickAndCallsNobodyWhoPolls() {
        try (CardAssembly card = CardAssembly.start(spec(IdlePolicy.SPIN, net("net1"), net("net2")));
                EmbeddedNetGuest a = new EmbeddedNetGuest(card.function("net1"));
                EmbeddedNetGuest b = new EmbeddedNetGuest(card.function("net2"))) {
            a.driver.transmitq().suppressCalls();
            b.driver.receiveq().suppressCalls();
            a.send(MAC_B, MAC_A, 1);
            b.receive();
            long kicks = a.guest.kicks() + b.guest.kicks();
            long calls = a.guest.calls() + b.guest.calls();
            for (long i = 0; i < 100; i++) {
                a.send(MAC_B, MAC_A, i);
                assertThat(b.receive()).isEqualTo(i);
            }
            assertThat(a.guest.kicks() + b.guest.kicks()).isEqualTo(kicks);
            assertThat(a.guest.calls() + b.guest.calls()).isEqualTo(calls);
        }
    }

    @Test
    void aGuestThatWaitsIsCalled() throws InterruptedException {
        Semaphore called = new Semaphore(0);
        try (CardAssembly card = CardAssembly.start(spec(IdlePolicy.SLEEP, net("net1"), net("net2")));
                EmbeddedNetGuest a = new EmbeddedNetGuest(card.function("net1"));
                EmbeddedNetGuest b = new EmbeddedNetGuest(card.function("net2"))) {
            b.guest.onCall(0, called::release);
            assertThat(b.driver.receiveq().awaitCalls()).isTrue();
            called.drainPermits();
            a.send(MAC_B, MAC_A, 5);
            assertThat(called.tryAcquire(30, TimeUnit.SECONDS)).isTrue();
            assertThat(b.receive()).isEqualTo(5);
        }
    }

    @Test
    void aDriverThatNeverKicksKeepsTheWorkerAwake() {
        try (CardAssembly card = CardAssembly.start(spec(new IdlePolicy.Sleep(0), blk("blk1", 1)));
                Arena arena = Arena.ofShared()) {
            CardFunction function = card.function("blk1");
            DriverMemory memory = new DriverMemory(arena.allocate(1 << 20, 4096), 0x10000);
            FeatureSet none = FeatureSet.of(RingFeature.VERSION_1);
            long at = memory.allocate(SplitDriver.bytes(16, 0), 4096);
            DriverQueue ring = new SplitDriver(memory.slice(at, SplitDriver.bytes(16, 0)), at, 16, none, 0);
            function.device().negotiate(none);
            function.attach(0, queue(ring, memory, none), CardFunction.POLLED);
            function.enable(0, true);
            BlkDriver driver = new BlkDriver(ring, memory);
            long data = memory.allocate(512, 512);
            for (int i = 0; i < 20; i++) {
                long polls = counter("worker0", "polls");
                await(() -> counter("worker0", "polls") > polls + 100, "polling");
                driver.submit(BlkRequest.IN, 0, data, 512);
                driver.publish();
                await(() -> driver.poll() >= 0, "the request");
                assertThat(driver.status()).isEqualTo(BlkRequest.OK);
            }
            function.detach(0);
        }
    }

    private static SplitQueue queue(DriverQueue ring, DriverMemory memory, FeatureSet features) {
        return new VirtqueueBuilder()
                .size(ring.size())
                .memory(memory.asGuestMemory())
                .features(features)
                .rings(
                        memory.slice(ring.descriptorAddress(), 16L * ring.size()),
                        memory.slice(ring.driverAreaAddress(), 6 + 2L * ring.size()),
                        memory.slice(ring.deviceAreaAddress(), 6 + 8L * ring.size()))
                .buildSplit();
    }

    @ParameterizedTest
    @ValueSource(strings = {"spin", "sleep"})
    void aThousandTimesPausedAndResumedUnderLoadNothingIsLost(String idle) {
        try (CardAssembly card = CardAssembly.start(spec(IdlePolicy.of(idle), blk("blk1", 2), net("net1")));
                EmbeddedNetGuest other = new EmbeddedNetGuest(card.function("net1"));
                EmbeddedGuest guest = new EmbeddedGuest(card.function("blk1"), WANTED, 1 << 20)) {
            BlkDriver driver = new BlkDriver(guest.start(0, 16, 0), guest.memory());
            long data = guest.memory().allocate(4096, 4096);
            int open = openDescriptors();
            for (int i = 0; i < 1000; i++) {
                driver.submit(BlkRequest.OUT, 8L * (i % 8), data, 4096);
                if (driver.publish()) {
                    guest.kick(0);
                }
                guest.pause(0);
                drain(driver);
                assertThat(drain(driver))
                        .as("answered while nobody has the queue")
                        .isZero();
                guest.resume(0);
            }
            // what was made available in a pause has to be found
            guest.kick(0);
            await(() -> driver.inFlight() - drain(driver) <= 0 && driver.inFlight() == 0, "the last requests");
            assertThat(openDescriptors()).isEqualTo(open);
            assertThat(other.guest.brokenQueues()).isZero();
            assertThat(guest.brokenQueues()).isZero();
        }
    }

    private static int drain(BlkDriver driver) {
        int count = 0;
        while (driver.poll() >= 0) {
            assertThat(driver.status()).isEqualTo(BlkRequest.OK);
            count++;
        }
        return count;
    }

    @Test
    void aThousandGuestsLeaveNothingBehind() {
        try (CardAssembly card = CardAssembly.start(spec(IdlePolicy.SPIN, net("net1"), blk("blk1", 1)))) {
            int open = openDescriptors();
            for (int i = 0; i < 1000; i++) {
                try (EmbeddedNetGuest guest = new EmbeddedNetGuest(card.function("net1"))) {
                    guest.send(MAC_B, MAC_A, i);
                }
                try (EmbeddedGuest guest = new EmbeddedGuest(card.function("blk1"), WANTED, 1 << 16)) {
                    guest.start(0, 16, 0);
                }
            }
            assertThat(openDescriptors()).isEqualTo(open);
            assertThat(card.function("net1").device().status()).isZero();
        }
    }

    private static int openDescriptors() {
        try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
            return (int) files.count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void aQueueIsAttachedOnce() {
        try (CardAssembly card = CardAssembly.start(spec(IdlePolicy.SLEEP, net("net1")));
                EmbeddedNetGuest guest = new EmbeddedNetGuest(card.function("net1"));
                EventFd kick = EventFd.create()) {
            SplitQueue second =
                    queue(guest.driver.receiveq(), guest.guest.memory(), FeatureSet.of(RingFeature.VERSION_1));
            assertThatThrownBy(() ->
                            card.function("net1").attach(0, second, kick.fd().number()))
                    .isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void anAnnouncementReachesTheOtherPorts() {
        try (CardAssembly card = CardAssembly.start(spec(IdlePolicy.SLEEP, net("net1"), net("net2")));
                EmbeddedNetGuest b = new EmbeddedNetGuest(card.function("net2"))) {
            byte[] mac = {2, 0, 0, 0, 0, 1};
            assertThat(card.function("net1").canAnnounce()).isTrue();
            card.function("net1").announce(mac);
            await(() -> b.driver.receive() >= 0, "the announcement");
            byte[] frame = new byte[42];
            b.driver
                    .segment()
                    .asSlice(b.driver.receivedOffset() + NetHeader.BYTES, frame.length)
                    .asByteBuffer()
                    .get(frame);
            assertThat(frame).startsWith(-1, -1, -1, -1, -1, -1, 2, 0, 0, 0, 0, 1, 0x80, 0x35, 0, 1, 8, 0, 6, 4, 0, 3);
        }
    }

    @Test
    void anAttachmentThatFailsCanBeTriedAgain() {
        try (CardAssembly card = CardAssembly.start(spec(IdlePolicy.SLEEP, net("net1"), blk("blk1", 1)));
                Arena arena = Arena.ofShared();
                EventFd kick = EventFd.create()) {
            DriverMemory memory = new DriverMemory(arena.allocate(1 << 16, 4096), 0x10000);
            FeatureSet none = FeatureSet.of(RingFeature.VERSION_1);
            long at = memory.allocate(SplitDriver.bytes(16, 0), 4096);
            DriverQueue ring = new SplitDriver(memory.slice(at, SplitDriver.bytes(16, 0)), at, 16, none, 0);
            for (String id : List.of("net1", "blk1")) {
                CardFunction function = card.function(id);
                int open = openDescriptors();
                assertThatThrownBy(() -> function.attach(0, queue(ring, memory, none), Integer.MAX_VALUE))
                        .isInstanceOf(PosixException.class);
                assertThat(openDescriptors()).isEqualTo(open);
                function.attach(0, queue(ring, memory, none), kick.fd().number());
                function.enable(0, true);
                function.detach(0);
            }
        }
    }

    @Test
    void aFunctionThatDoesNotExistIsNotFound() {
        try (CardAssembly card = CardAssembly.start(spec(IdlePolicy.SLEEP, net("net1")))) {
            assertThatThrownBy(() -> card.function("net9")).hasMessageContaining("net9");
        }
    }
}
