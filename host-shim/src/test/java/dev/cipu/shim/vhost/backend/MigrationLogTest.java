package dev.cipu.shim.vhost.backend;

import static dev.cipu.shim.vhost.backend.RawFrontEnd.GUEST;
import static dev.cipu.shim.vhost.backend.RawFrontEnd.USER;
import static dev.cipu.shim.vhost.backend.RawFrontEnd.u64;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.shim.posix.EventFd;
import dev.cipu.shim.posix.Fd;
import dev.cipu.shim.posix.Mapping;
import dev.cipu.shim.posix.Memfd;
import dev.cipu.shim.posix.OpenDescriptors;
import dev.cipu.shim.vhost.ProtocolFeature;
import dev.cipu.shim.vhost.Request;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.memory.Le;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The log of written pages, as raw messages, right and wrong ones. */
@Timeout(30)
class MigrationLogTest {
    private static final long LOG_BYTES = 0x4000;
    private static final long BUFFER_PAGE = (GUEST + 0x80000) >> 12;
    private static final long USED_PAGE = 0x7000;
    private static final long BASE = 1L << RingFeature.VERSION_1 | ProtocolFeature.NEGOTIATION;

    private static byte[] log(long size, long offset) {
        return u64(size, offset);
    }

    private static byte[] logged(int index, boolean on, long address) {
        long base = USER + index * 0x10000L;
        return ByteBuffer.allocate(40)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(index)
                .putInt(on ? 1 : 0)
                .putLong(base)
                .putLong(base + RawFrontEnd.USED)
                .putLong(base + RawFrontEnd.AVAIL)
                .putLong(address)
                .array();
    }

    private static void setLog(RawFrontEnd front, Fd file, long size, long offset) {
        front.send(Request.SET_LOG_BASE, log(size, offset), file);
        try (var none = new dev.cipu.shim.posix.FdBundle()) {
            assertThat(front.reply(Request.SET_LOG_BASE, none).getLong()).isZero();
        }
    }

    private static List<Long> pages(Mapping mapping) {
        List<Long> set = new ArrayList<>();
        for (long page = 0; page < mapping.segment().byteSize() * 8; page++) {
            if ((mapping.segment().get(ValueLayout.JAVA_BYTE, page / 8) >> page % 8 & 1) != 0) {
                set.add(page);
            }
        }
        return set;
    }

    private static void exposeWritable(RawFrontEnd front, int head) {
        front.expose(0, head);
        front.mapping.segment().set(Le.LONG, 16L * head + 8, 512 | 2L << 32);
    }

    @Test
    void whatIsWrittenWhileLoggingIsOnIsMarkedAndNothingElse() {
        try (SessionUnderTest session = SessionUnderTest.blk();
                Memfd file = Memfd.create("log", LOG_BYTES + 0x1000);
                Mapping mapping = file.map();
                EventFd changed = EventFd.create()) {
            RawFrontEnd front = session.front;
            front.setUp();
            exposeWritable(front, 0);
            session.function.serve(0);
            setLog(front, file.fd(), LOG_BYTES, 0);
            assertThat(front.acked(Request.SET_LOG_FD, new byte[0], changed.fd()))
                    .isZero();
            assertThat(pages(mapping)).isEmpty();

            // on, while the ring runs
            assertThat(front.acked(Request.SET_FEATURES, u64(BASE | ProtocolFeature.LOG_ALL)))
                    .isZero();
            assertThat(front.acked(Request.SET_VRING_ADDR, logged(0, true, USED_PAGE << 12)))
                    .isZero();
            exposeWritable(front, 9);
            front.expose(0, 20);
            assertThat(session.function.serve(0)).containsExactly(9, 20);
            assertThat(pages(mapping)).containsExactly(USED_PAGE, BUFFER_PAGE + 1);
            assertThat(changed.drain()).isPositive();

            // the front-end clears bits, and they are set again
            mapping.segment().fill((byte) 0);
            assertThat(front.acked(Request.SET_VRING_ADDR, logged(0, false, 0))).isZero();
            exposeWritable(front, 16);
            assertThat(session.function.serve(0)).containsExactly(16);
            assertThat(pages(mapping)).containsExactly(BUFFER_PAGE + 2);

            // and off
            mapping.segment().fill((byte) 0);
            assertThat(front.acked(Request.SET_FEATURES, u64(BASE))).isZero();
            exposeWritable(front, 17);
            assertThat(session.function.serve(0)).containsExactly(17);
            assertThat(pages(mapping)).isEmpty();
            assertThat(front.usedIndex(0)).isEqualTo(5);
        }
    }

    @Test
    void onlyTheLogMayChangeWhileRingsRun() {
        try (SessionUnderTest session = SessionUnderTest.blk()) {
            session.front.setUp();
            assertThat(session.front.acked(Request.SET_FEATURES, u64(BASE | ProtocolFeature.LOG_ALL)))
                    .isZero();
            assertThat(session.front.acked(
                            Request.SET_FEATURES, u64(BASE | ProtocolFeature.LOG_ALL | 1L << RingFeature.EVENT_IDX)))
                    .isNotZero();
            session.front.expose(0, 1);
            assertThat(session.function.serve(0)).as("without a log").containsExactly(1);
        }
    }

    @Test
    void line54AWritePastTheLogStaysWithinIt() {
        try (SessionUnderTest session = SessionUnderTest.blk();
                Memfd file = Memfd.create("log", 0x3000);
                Mapping mapping = file.map()) {
            RawFrontEnd front = session.front;
            front.setUp();
            // covers 2 MiB from address 0, and no buffer; the file goes on behind it
            setLog(front, file.fd(), 64, 0x1000);
            assertThat(front.acked(Request.SET_FEATURES, u64(BASE | ProtocolFeature.LOG_ALL)))
                    .isZero();
            for (long address : new long[] {511L << 12, 512L << 12, -8, Long.MAX_VALUE - 8, Long.MIN_VALUE}) {
                assertThat(front.acked(Request.SET_VRING_ADDR, logged(0, true, address)))
                        .isZero();
                exposeWritable(front, 1);
                assertThat(session.function.serve(0)).containsExactly(1);
            }
            assertThat(pages(mapping)).containsExactly(0x1000 * 8 + 511L);
        }
    }

    @Test
    void line54ALogThatCannotBeIsRefused() throws Exception {
        long before = OpenDescriptors.count();
        try (SessionUnderTest session = SessionUnderTest.blk();
                Memfd file = Memfd.create("log", 0x2000)) {
            RawFrontEnd front = session.front;
            front.setUp();
            long[][] bad = {
                {0, 0},
                {-1, 0},
                {0x1000, -8},
                {0x1000, Long.MAX_VALUE - 7},
                {0x1000, 0x1008},
                {0x2008, 0},
                {7, 0},
                {8, 4},
                {1L << 40, 0},
                {Long.MIN_VALUE, 0}
            };
            for (long[] each : bad) {
                assertThat(front.acked(Request.SET_LOG_BASE, log(each[0], each[1]), file.fd()))
                        .as("%d from %d", each[0], each[1])
                        .isNotZero();
            }
            assertThat(front.acked(Request.SET_LOG_BASE, log(0x1000, 0), front.kick.fd()))
                    .isNotZero();
            assertThat(front.acked(Request.SET_LOG_FD, new byte[0], file.fd())).isNotZero();
            // with nobody to hear of it the session ends: its front-end would migrate a guest without these pages
            front.send(Request.SET_LOG_BASE, log(7, 0), file.fd());
            assertThat(session.end().failed()).isTrue();
        }
        assertThat(OpenDescriptors.count()).isEqualTo(before);
    }

    @Test
    void aLogThatIsReplacedWhileRingsRunIsLetGoOf() {
        try (SessionUnderTest session = SessionUnderTest.blk();
                Memfd first = Memfd.create("log", LOG_BYTES);
                Memfd second = Memfd.create("log", LOG_BYTES);
                Mapping old = first.map();
                Mapping mapping = second.map()) {
            RawFrontEnd front = session.front;
            front.setUp();
            setLog(front, first.fd(), LOG_BYTES, 0);
            assertThat(front.acked(Request.SET_FEATURES, u64(BASE | ProtocolFeature.LOG_ALL)))
                    .isZero();
            setLog(front, second.fd(), LOG_BYTES, 0);
            exposeWritable(front, 0);
            assertThat(session.function.serve(0)).containsExactly(0);
            assertThat(pages(old)).isEmpty();
            assertThat(pages(mapping)).containsExactly(BUFFER_PAGE);
        }
    }

    @Test
    void whereARingStoppedIsStillKnownAfterTheDriverWasReset() {
        try (SessionUnderTest session = SessionUnderTest.blk()) {
            session.front.setUp();
            session.front.expose(0, 1);
            session.front.expose(0, 2);
            assertThat(session.function.serve(0)).hasSize(2);
            assertThat(session.front.acked(Request.SET_STATUS, u64(0))).isZero();
            assertThat(session.front.baseOf(0)).isEqualTo(2);
        }
    }
}
