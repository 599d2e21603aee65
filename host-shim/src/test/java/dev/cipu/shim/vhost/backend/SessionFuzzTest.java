package dev.cipu.shim.vhost.backend;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.cipu.shim.card.FakeFunction;
import dev.cipu.shim.posix.Fd;
import dev.cipu.shim.posix.FdBundle;
import dev.cipu.shim.posix.OpenDescriptors;
import dev.cipu.shim.posix.PosixException;
import dev.cipu.shim.posix.UnixSocket;
import dev.cipu.shim.session.SessionCounters;
import dev.cipu.shim.vhost.MessageLayout;
import dev.cipu.shim.vhost.Request;
import java.lang.foreign.Arena;
import java.time.Duration;

/**
 * Any bytes as a sequence of messages, with descriptors of any kind and number. Whatever they are, the session ends
 * without an exception and holds nothing afterwards. Half of them run against a session that has a running ring.
 */
class SessionFuzzTest {
    private static final int MAX_MESSAGES = 40;
    private static final Duration SHORT = Duration.ofMillis(100);

    @FuzzTest
    void anyMessages(FuzzedDataProvider data) throws Exception {
        long before = OpenDescriptors.count();
        FakeFunction function = data.consumeBoolean() ? FakeFunction.blk(2) : FakeFunction.net(1);
        boolean prepared = data.consumeBoolean();
        try (UnixSocket.Pair pair = UnixSocket.pair();
                RawFrontEnd front = new RawFrontEnd(pair.left());
                Arena arena = Arena.ofConfined()) {
            front.socket().sendTimeout(SHORT);
            if (prepared) {
                prepare(front);
            }
            for (int i = 0; i < MAX_MESSAGES && data.remainingBytes() > 0; i++) {
                sendOne(data, front);
            }
            front.socket().endOutput();
            try (BackendSession session =
                    new BackendSession(pair.right(), function, SHORT, SessionCounters.unlisted())) {
                session.run();
                function.serve(0);
            }
            assertThat(function.isAttached(0)).isFalse();
            drain(front, arena);
        }
        assertThat(OpenDescriptors.count()).isEqualTo(before);
        assertThat(OpenDescriptors.mappings("memfd:guest")).isZero();
    }

    /** Written blindly: the session has not been made yet, and reads all of it later. */
    private static void prepare(RawFrontEnd front) {
        front.send(Request.SET_FEATURES, RawFrontEnd.u64(1L << 32));
        front.send(
                Request.SET_MEM_TABLE,
                RawFrontEnd.table(RawFrontEnd.GUEST, RawFrontEnd.MEMORY, RawFrontEnd.USER, 0),
                front.memory.fd());
        front.send(Request.SET_VRING_NUM, RawFrontEnd.state(0, RawFrontEnd.SIZE));
        front.send(Request.SET_VRING_ADDR, RawFrontEnd.addresses(0));
        front.send(Request.SET_VRING_KICK, RawFrontEnd.u64(0), front.kick.fd());
        front.expose(0, 1);
    }

    private static void sendOne(FuzzedDataProvider data, RawFrontEnd front) {
        int request = data.consumeInt(0, 44);
        int flags = data.consumeBoolean() ? data.consumeByte() : MessageLayout.VERSION | MessageLayout.NEED_REPLY;
        Fd[] descriptors = new Fd[data.consumeInt(0, 9)];
        for (int i = 0; i < descriptors.length; i++) {
            descriptors[i] = data.consumeBoolean() ? front.memory.fd() : front.kick.fd();
        }
        byte[] payload = data.consumeBytes(data.consumeInt(0, 300));
        int size = data.consumeBoolean() ? payload.length : data.consumeInt();
        try {
            front.raw(RawFrontEnd.frame(request, flags, size, payload), descriptors);
        } catch (PosixException full) {
            assertThat(full.errnoName()).isEqualTo("EAGAIN");
        }
    }

    private static void drain(RawFrontEnd front, Arena arena) {
        try (FdBundle replies = new FdBundle()) {
            int got;
            do {
                got = front.socket().receive(arena.allocate(4096), replies, Duration.ZERO);
            } while (got > 0);
        } catch (PosixException gone) {
            assertThat(gone.errnoName()).isEqualTo("ECONNRESET");
        }
    }
}
