package dev.cipu.shim.vfio.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.cipu.shim.card.FakeFunction;
import dev.cipu.shim.posix.EventFd;
import dev.cipu.shim.posix.Fd;
import dev.cipu.shim.posix.FdBundle;
import dev.cipu.shim.posix.OpenDescriptors;
import dev.cipu.shim.posix.PosixException;
import dev.cipu.shim.posix.UnixSocket;
import dev.cipu.shim.session.SessionCounters;
import dev.cipu.shim.vfio.Command;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import java.lang.foreign.Arena;
import java.time.Duration;

/**
 * Any bytes as a sequence of commands, with descriptors of any kind and number. Whatever they are, the session ends without an
 * exception and holds nothing afterwards. Most of them run against a session that has a running queue.
 */
class VfioSessionFuzzTest {
    private static final int MAX_MESSAGES = 40;
    private static final Duration SHORT = Duration.ofMillis(100);

    @FuzzTest
    void anyCommands(FuzzedDataProvider data) throws Exception {
        long before = OpenDescriptors.count();
        FakeFunction card = FakeFunction.blk(2);
        CardQueues queues = new CardQueues(card);
        FakePciFunction pci = new FakePciFunction(card.device(), queues, FeatureSet.of(RingFeature.VERSION_1));
        boolean prepared = data.consumeInt(0, 3) != 0;
        try (UnixSocket.Pair pair = UnixSocket.pair();
                RawClient client = new RawClient(pair.left());
                EventFd event = EventFd.create();
                Arena arena = Arena.ofConfined()) {
            client.socket().sendTimeout(SHORT);
            if (prepared) {
                prepare(client);
            }
            for (int i = 0; i < MAX_MESSAGES && data.remainingBytes() > 0; i++) {
                sendOne(data, client, event);
            }
            client.socket().endOutput();
            VfioDevice device = new VfioDevice(pci, pci, card, queues);
            try (VfioSession session = new VfioSession(pair.right(), device, true, SHORT, SessionCounters.unlisted())) {
                session.run();
                card.serve(0);
            }
            assertThat(card.isAttached(0)).isFalse();
            drain(client, arena);
        }
        assertThat(OpenDescriptors.count()).isEqualTo(before);
        assertThat(OpenDescriptors.mappings("memfd:guest")).isZero();
    }

    /** Written blindly: the session has not been made yet, and reads all of it later. */
    private static void prepare(RawClient client) {
        client.send(0, Command.VERSION, RawClient.version(0, 1, RawClient.CAPABILITIES));
        client.send(0, Command.DMA_MAP, RawClient.map(RawClient.GUEST, RawClient.MEMORY, 0, 3), client.memory.fd());
        byte[] setup = RawClient.setup(
                0,
                RawClient.SIZE,
                RawClient.GUEST,
                RawClient.GUEST + RawClient.AVAIL,
                RawClient.GUEST + RawClient.USED);
        client.send(0, Command.REGION_WRITE, RawClient.access(0, FakePciFunction.START, setup.length, setup));
        client.expose(0, 1);
    }

    private static void sendOne(FuzzedDataProvider data, RawClient client, EventFd event) {
        int command = data.consumeInt(0, 18);
        int flags = data.consumeInt(0, 9) == 0 ? data.consumeByte() : 0;
        Fd[] descriptors = new Fd[data.consumeBoolean() ? 0 : data.consumeInt(0, 17)];
        for (int i = 0; i < descriptors.length; i++) {
            descriptors[i] = data.consumeBoolean() ? client.memory.fd() : event.fd();
        }
        byte[] payload = data.consumeBytes(data.consumeInt(0, 100));
        int size = data.consumeInt(0, 9) == 0 ? data.consumeInt() : 16 + payload.length;
        try {
            client.raw(RawClient.frame(data.consumeInt(0, 0xffff), command, size, flags, payload), descriptors);
        } catch (PosixException full) {
            assertThat(full.errnoName()).isEqualTo("EAGAIN");
        }
    }

    private static void drain(RawClient client, Arena arena) {
        try (FdBundle replies = new FdBundle()) {
            int got;
            do {
                got = client.socket().receive(arena.allocate(4096), replies, Duration.ZERO);
            } while (got > 0);
        } catch (PosixException gone) {
            assertThat(gone.errnoName()).isEqualTo("ECONNRESET");
        }
    }
}
