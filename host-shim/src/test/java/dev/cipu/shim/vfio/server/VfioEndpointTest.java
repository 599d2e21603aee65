package dev.cipu.shim.vfio.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.shim.card.FakeFunction;
import dev.cipu.shim.posix.EventFd;
import dev.cipu.shim.posix.OpenDescriptors;
import dev.cipu.shim.posix.UnixListener;
import dev.cipu.shim.posix.UnixSocket;
import dev.cipu.shim.session.SessionCounters;
import dev.cipu.shim.session.SocketEndpoint;
import dev.cipu.shim.vfio.Command;
import dev.cipu.shim.vfio.ErrorNumber;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class VfioEndpointTest {
    @TempDir
    Path folder;

    private final FakeFunction card = FakeFunction.blk(2);
    private final CardQueues queues = new CardQueues(card);
    private final FakePciFunction pci =
            new FakePciFunction(card.device(), queues, FeatureSet.of(RingFeature.VERSION_1));
    private final VfioDevice device = new VfioDevice(pci, pci, card, queues);

    /** Most of these tests are about cards that end. */
    private EmptySlots slots = EmptySlots.none();

    private SocketEndpoint listen(Path path) {
        return VfioEndpoint.listen("e", path, device, true, SessionCounters.unlisted(), slots);
    }

    private static RawClient connect(Path path) {
        return new RawClient(UnixSocket.connect(path)).negotiate();
    }

    @Test
    void closingRemovesThePathAndEndsTheSession() throws Exception {
        long before = OpenDescriptors.count();
        Path path = folder.resolve("s");
        SocketEndpoint endpoint = listen(path);
        try (RawClient client = connect(path)) {
            client.shareMemory();
            assertThat(client.start(0)).isTrue();
            endpoint.close();
            assertThat(path).doesNotExist();
            assertThat(client.isEnded()).isTrue();
            assertThat(card.isAttached(0)).isFalse();
        }
        assertThat(OpenDescriptors.count()).isEqualTo(before);
    }

    @Test
    void closingDoesNotWaitForTheRestOfAMessage() {
        Path path = folder.resolve("s");
        SocketEndpoint endpoint = listen(path);
        try (RawClient client = connect(path)) {
            client.raw(new byte[] {1, 0, 0, 0, 1, 0});
            long start = System.nanoTime();
            endpoint.close();
            assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(4));
            assertThat(endpoint.counters().failures()).isZero();
        }
    }

    @Test
    void aClientWhoseFunctionIsPulledOutFindsAnEmptySlotUntilItLeaves() throws Exception {
        long before = OpenDescriptors.count();
        slots = new EmptySlots();
        Path path = folder.resolve("s");
        SocketEndpoint endpoint = listen(path);
        RawClient client = connect(path);
        long ofTheClient = OpenDescriptors.mappings("memfd:");
        client.shareMemory();
        assertThat(client.start(0)).isTrue();
        endpoint.close();
        assertThat(path).doesNotExist();
        assertThat(card.isAttached(0)).isFalse();
        assertThat(OpenDescriptors.mappings("memfd:"))
                .as("the card lets go of its memory")
                .isEqualTo(ofTheClient);
        assertThat(client.read(7, 0, 4)).containsExactly(0xff, 0xff, 0xff, 0xff);
        assertThat(client.write(0x20, new byte[] {7})).isZero();
        assertThat(client.read(0, 0x20, 1)).containsExactly(0);
        assertThat(client.error(Command.DEVICE_RESET, new byte[0])).isZero();
        client.shareMemory();
        assertThat(client.error(Command.DEVICE_GET_INFO, new byte[16])).isEqualTo(ErrorNumber.NO_DEVICE);
        assertThat(client.error(Command.REGION_READ, new byte[3])).isEqualTo(ErrorNumber.INVALID);
        assertThat(card.isAttached(0)).isFalse();
        assertThat(slots.count()).isEqualTo(1);
        client.close();
        assertThat(RawClient.eventually(() -> slots.count() == 0)).isTrue();
        assertThat(OpenDescriptors.count()).isEqualTo(before);
    }

    @Test
    void aCardThatEndsHangsUpOnThoseWhoseFunctionsWerePulledOut() throws Exception {
        long before = OpenDescriptors.count();
        slots = new EmptySlots();
        SocketEndpoint endpoint = listen(folder.resolve("s"));
        try (RawClient client = connect(folder.resolve("s"))) {
            endpoint.close();
            slots.close();
            assertThat(client.isEnded()).isTrue();
        }
        assertThat(OpenDescriptors.count()).isEqualTo(before);
    }

    @Test
    void servesAnInheritedListener() {
        Path path = folder.resolve("s");
        try (UnixListener parent = UnixListener.listen(path);
                SocketEndpoint endpoint = VfioEndpoint.inherit(
                        "e", parent.fd().duplicate().release(), device, false, SessionCounters.unlisted(), slots);
                RawClient client = connect(path)) {
            client.sync();
            assertThat(endpoint.counters().sessions()).isEqualTo(1);
        }
    }

    @Test
    void theNextClientFindsTheFunctionAsAfterPowerOn() {
        Path path = folder.resolve("s");
        try (SocketEndpoint endpoint = listen(path)) {
            try (RawClient client = connect(path)) {
                client.shareMemory();
                assertThat(client.start(0)).isTrue();
                assertThat(client.write(0x20, new byte[] {7})).isZero();
            }
            try (RawClient client = connect(path)) {
                assertThat(card.isAttached(0)).isFalse();
                assertThat(client.read(0, 0x20, 1)).containsExactly(0);
                assertThat(card.device().status()).isZero();
                client.shareMemory();
                assertThat(client.start(0)).isTrue();
                assertThat(card.kickOf(0)).as("nobody has mapped doorbells yet").isNotNegative();
            }
            assertThat(endpoint.counters().failures()).isZero();
        }
    }

    @Test
    void severalFunctionsOfACardDoNotDisturbOneAnother() {
        FakeFunction otherCard = FakeFunction.net(1);
        CardQueues otherQueues = new CardQueues(otherCard);
        FakePciFunction otherPci =
                new FakePciFunction(otherCard.device(), otherQueues, FeatureSet.of(RingFeature.VERSION_1));
        Path first = folder.resolve("a");
        Path second = folder.resolve("b");
        try (SocketEndpoint one = listen(first);
                SocketEndpoint two = VfioEndpoint.listen(
                        "f",
                        second,
                        new VfioDevice(otherPci, otherPci, otherCard, otherQueues),
                        false,
                        SessionCounters.unlisted(),
                        slots);
                RawClient client = connect(second)) {
            client.shareMemory();
            assertThat(client.start(1)).isTrue();
            try (RawClient hostile = connect(first)) {
                hostile.send(15, Command.DMA_MAP, new byte[3]);
                assertThat(hostile.isEnded()).isTrue();
            }
            client.expose(1, 4);
            assertThat(otherCard.serve(1)).containsExactly(4);
            assertThat(one.counters().failures()).isEqualTo(1);
            assertThat(two.counters().failures()).isZero();
        }
    }

    @Test
    void fiveHundredClientsThatComeAndCrashLeaveNothingBehind() throws Exception {
        Path path = folder.resolve("s");
        try (SocketEndpoint endpoint = listen(path);
                EventFd event = EventFd.create()) {
            comeAndCrash(path, event, 50);
            long before = settled();
            comeAndCrash(path, event, 500);
            assertThat(settled()).isEqualTo(before);
            assertThat(card.isAttached(0)).isFalse();
            assertThat(OpenDescriptors.mappings("memfd:")).isZero();
            assertThat(endpoint.counters().sessions()).isEqualTo(550);
        }
    }

    private void comeAndCrash(Path path, EventFd event, int times) {
        byte[] info = RawClient.payload(32).putInt(64).array();
        for (int i = 0; i < times; i++) {
            try (RawClient client = connect(path)) {
                client.shareMemory();
                assertThat(client.start(0)).isTrue();
                assertThat(client.setIrqs(36, 2, 0, 2, event.fd(), event.fd())).isZero();
                assertThat(client.setIrqs(20, 0, 0, 1, event.fd())).isZero();
                client.send(16, Command.DEVICE_GET_REGION_INFO, info);
                client.sync();
                client.expose(0, 1);
                card.serve(0);
                if (i % 3 == 1) {
                    client.raw(new byte[] {1, 2, 3});
                } else if (i % 3 == 2) {
                    client.send(0, Command.DMA_MAP, new byte[32], client.memory.fd(), event.fd());
                }
            }
        }
    }

    /** Open descriptors once the last session has closed its own: the count that stays for a while. */
    private static long settled() throws Exception {
        long last = OpenDescriptors.count();
        for (int same = 0; same < 10; same++) {
            Thread.sleep(10);
            long now = OpenDescriptors.count();
            if (now != last) {
                last = now;
                same = 0;
            }
        }
        return last;
    }
}
