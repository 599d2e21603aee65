package dev.cipu.shim.vhost.backend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.shim.card.FakeFunction;
import dev.cipu.shim.posix.Fd;
import dev.cipu.shim.posix.FdBundle;
import dev.cipu.shim.posix.OpenDescriptors;
import dev.cipu.shim.posix.UnixSocket;
import dev.cipu.shim.session.SessionCounters;
import dev.cipu.shim.session.SocketEndpoint;
import dev.cipu.shim.vhost.MessageLayout;
import dev.cipu.shim.vhost.Request;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Lines 44..47, 54, 60 and 61 of the hostile inputs: what is wrong before the payload means anything. */
@Timeout(60)
class HostileFramesTest {
    private static final byte[] NOTHING = {};

    @TempDir
    Path folder;

    @Test
    void line44SizeAboveTheMaximumOrBelowTheStructureEndsTheSession() throws Exception {
        for (int size : new int[] {MessageLayout.MAX_PAYLOAD + 1, 0x7fffffff, -1}) {
            try (SessionUnderTest session = SessionUnderTest.blk()) {
                session.front.raw(RawFrontEnd.frame(Request.SET_FEATURES, 1, size, NOTHING));
                assertThat(session.end().failed()).isTrue();
            }
        }
        int[] structures = {
            Request.SET_FEATURES, Request.SET_PROTOCOL_FEATURES, Request.SET_MEM_TABLE, Request.SET_VRING_NUM,
            Request.SET_VRING_ADDR, Request.SET_VRING_BASE, Request.GET_VRING_BASE, Request.SET_VRING_KICK,
            Request.SET_VRING_CALL, Request.SET_VRING_ERR, Request.SET_VRING_ENABLE, Request.GET_CONFIG,
            Request.SET_CONFIG, Request.GET_INFLIGHT_FD, Request.SET_INFLIGHT_FD, Request.ADD_MEM_REG,
            Request.REM_MEM_REG, Request.SET_STATUS, Request.SEND_RARP, Request.NET_SET_MTU
        };
        for (int request : structures) {
            try (SessionUnderTest session = SessionUnderTest.blk()) {
                session.front.send(request, new byte[7]);
                assertThat(session.end().failed()).as("message %d", request).isTrue();
            }
        }
    }

    @Test
    void line45WrongVersionOrAReplyFromTheFrontEndEndsTheSession() throws Exception {
        for (int flags : new int[] {0, 2, 3, 1 | MessageLayout.REPLY}) {
            try (SessionUnderTest session = SessionUnderTest.blk()) {
                session.front.raw(RawFrontEnd.frame(Request.GET_FEATURES, flags, 0, NOTHING));
                assertThat(session.end().failed()).isTrue();
            }
        }
    }

    @Test
    void line45AnUnknownRequestIsRefusedWithNeedReplyAndElseEndsTheSession() throws Exception {
        for (int request : new int[] {0, 26, 99, -1}) {
            try (SessionUnderTest session = SessionUnderTest.blk()) {
                session.front.negotiate();
                assertThat(session.front.acked(request, new byte[16])).isEqualTo(RawFrontEnd.REFUSED);
                assertThat(session.counters.refusals()).isEqualTo(1);
                assertThat(session.front.ask(Request.GET_QUEUE_NUM, NOTHING).getLong())
                        .isEqualTo(2);
                session.front.send(request, new byte[16]);
                assertThat(session.end().failed()).isTrue();
                assertThat(session.counters.failures()).isEqualTo(1);
            }
        }
    }

    @Test
    void line46MoreOrFewerDescriptorsThanTheMessageAllowsEndTheSession() throws Exception {
        long before = OpenDescriptors.count();
        for (int request = 1; request <= 43; request++) {
            for (int extra : new int[] {1, 2, 9}) {
                boolean allowed = extra == 1
                        && (request == Request.REM_MEM_REG
                                || request == Request.ADD_MEM_REG
                                || request == Request.SET_INFLIGHT_FD
                                || request == Request.SET_BACKEND_REQ_FD
                                || request == Request.SET_LOG_BASE
                                || request == Request.SET_LOG_FD
                                || request == Request.SET_VRING_KICK
                                || request == Request.SET_VRING_CALL
                                || request == Request.SET_VRING_ERR);
                if (!allowed) {
                    assertEndsWithDescriptors(request, extra);
                }
            }
        }
        int[] needsOne = {
            Request.ADD_MEM_REG,
            Request.SET_INFLIGHT_FD,
            Request.SET_BACKEND_REQ_FD,
            Request.SET_LOG_BASE,
            Request.SET_LOG_FD,
            Request.SET_VRING_KICK,
            Request.SET_VRING_CALL,
            Request.SET_VRING_ERR
        };
        for (int request : needsOne) {
            assertEndsWithDescriptors(request, 0);
        }
        assertThat(OpenDescriptors.count()).isEqualTo(before);
    }

    private static void assertEndsWithDescriptors(int request, int count) throws Exception {
        try (SessionUnderTest session = SessionUnderTest.blk()) {
            Fd[] descriptors = new Fd[count];
            java.util.Arrays.fill(descriptors, session.front.kick.fd());
            session.front.send(request, new byte[64], descriptors);
            assertThat(session.end().failed())
                    .as("message %d with %d descriptors", request, count)
                    .isTrue();
        }
    }

    @Test
    void line46AMessageThatBringsDescriptorsWithEachByteIsCutShort() throws Exception {
        long before = OpenDescriptors.count();
        try (SessionUnderTest session = SessionUnderTest.blk()) {
            Fd[] many = new Fd[253];
            java.util.Arrays.fill(many, session.front.kick.fd());
            byte[] whole = RawFrontEnd.frame(Request.SET_MEM_TABLE, 1, 100, NOTHING);
            session.front.raw(java.util.Arrays.copyOf(whole, 11));
            session.front.raw(new byte[] {0}, many);
            // the rest never comes, and is not waited for
            assertThat(session.end().reason()).contains("more than 8 descriptors");
        }
        assertThat(OpenDescriptors.count()).isEqualTo(before);
    }

    @Test
    void line46DescriptorCountIsFlatAfterTenThousandRounds() throws Exception {
        try (SessionUnderTest session = SessionUnderTest.blk()) {
            session.front.setUp();
            session.front.send(Request.SET_VRING_ERR, RawFrontEnd.u64(1), session.front.error.fd());
            session.front.sync();
            long before = OpenDescriptors.count();
            for (int i = 0; i < 2500; i++) {
                session.front.send(Request.SET_VRING_CALL, RawFrontEnd.u64(0), session.front.call.fd());
                session.front.send(Request.SET_VRING_ERR, RawFrontEnd.u64(1), session.front.error.fd());
                session.front.send(Request.SET_VRING_KICK, RawFrontEnd.u64(0), session.front.kick.fd());
                assertThat(session.front.acked(
                                Request.SET_MEM_TABLE,
                                RawFrontEnd.table(RawFrontEnd.GUEST, RawFrontEnd.MEMORY, RawFrontEnd.USER, 0),
                                session.front.memory.fd()))
                        .isZero();
            }
            assertThat(OpenDescriptors.count()).isEqualTo(before);
            assertThat(OpenDescriptors.mappings("memfd:guest")).isEqualTo(2);
        }
    }

    @Test
    void line46ADescriptorWhoseMappingFailsIsClosed() throws Exception {
        try (SessionUnderTest session = SessionUnderTest.blk()) {
            session.front.negotiate();
            long before = OpenDescriptors.count();
            for (int i = 0; i < 100; i++) {
                // an eventfd cannot be mapped
                assertThat(session.front.acked(
                                Request.SET_MEM_TABLE,
                                RawFrontEnd.table(RawFrontEnd.GUEST, 4096, RawFrontEnd.USER, 0),
                                session.front.kick.fd()))
                        .isEqualTo(RawFrontEnd.REFUSED);
            }
            assertThat(OpenDescriptors.count()).isEqualTo(before);
        }
    }

    @Test
    void line60HalfAHeaderThenSilenceTimesOut() throws Exception {
        try (SessionUnderTest session = SessionUnderTest.blk()) {
            session.front.raw(new byte[] {1, 0, 0, 0, 1, 0});
            assertThat(session.end().failed()).isTrue();
        }
    }

    @Test
    void line60DisconnectInMidMessageReleasesEverything() throws Exception {
        long before = OpenDescriptors.count();
        try (SessionUnderTest session = SessionUnderTest.blk()) {
            session.front.setUp();
            byte[] whole = RawFrontEnd.frame(Request.ADD_MEM_REG, 1, 40, new byte[40]);
            session.front.raw(java.util.Arrays.copyOf(whole, 30), session.front.memory.fd());
            session.front.socket().endOutput();
            assertThat(session.end().failed()).isTrue();
            assertThat(session.function.isAttached(0)).isFalse();
        }
        assertThat(OpenDescriptors.count()).isEqualTo(before);
    }

    @Test
    void line60AConnectStormLeavesNothingAndTheNextFrontEndIsServed() throws Exception {
        Path path = folder.resolve("s");
        long before = OpenDescriptors.count();
        try (SocketEndpoint endpoint =
                BackendEndpoint.listen("storm", path, FakeFunction.blk(1), SessionCounters.unlisted())) {
            for (int i = 0; i < 500; i++) {
                UnixSocket.connect(path).close();
            }
            try (RawFrontEnd front = new RawFrontEnd(UnixSocket.connect(path))) {
                front.setUp();
                assertThat(endpoint.counters().sessions()).isEqualTo(501);
            }
        }
        assertThat(OpenDescriptors.count()).isEqualTo(before);
    }

    @Test
    void line60ASecondClientWaitsUntilTheFirstLeaves() throws Exception {
        Path path = folder.resolve("s");
        FakeFunction function = FakeFunction.blk(1);
        try (SocketEndpoint endpoint = BackendEndpoint.listen("busy", path, function, SessionCounters.unlisted());
                RawFrontEnd first = new RawFrontEnd(UnixSocket.connect(path));
                RawFrontEnd second = new RawFrontEnd(UnixSocket.connect(path));
                FdBundle none = new FdBundle()) {
            first.setUp();
            second.send(Request.GET_FEATURES, NOTHING);
            first.expose(0, 3);
            assertThat(function.serve(0)).containsExactly(3);
            assertThat(endpoint.counters().sessions()).isEqualTo(1);
            first.socket().shutdown();
            assertThat(second.reply(Request.GET_FEATURES, none).getLong()).isNotZero();
            second.setUp();
            assertThat(endpoint.counters().sessions()).isEqualTo(2);
        }
    }

    @Test
    void line61AddressTranslationMessagesAreRefusedForTheFeatureIsNotOffered() throws Exception {
        try (SessionUnderTest session = SessionUnderTest.blk()) {
            session.front.negotiate();
            assertThat(session.front.ask(Request.GET_FEATURES, NOTHING).getLong() & 1L << 33)
                    .isZero();
            assertThat(session.front.acked(Request.IOTLB_MSG, new byte[32])).isEqualTo(RawFrontEnd.REFUSED);
        }
    }
}
