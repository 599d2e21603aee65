package dev.cipu.shim.vfio.server;

import static dev.cipu.shim.vfio.server.RawClient.BUFFERS;
import static dev.cipu.shim.vfio.server.RawClient.GUEST;
import static dev.cipu.shim.vfio.server.RawClient.MEMORY;
import static dev.cipu.shim.vfio.server.RawClient.USED;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.shim.vfio.Command;
import dev.cipu.shim.vfio.ErrorNumber;
import dev.cipu.shim.vfio.VfioLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** DEVICE_FEATURE and the log of pages that devices write. */
@Timeout(60)
class DirtyTest {
    private static final int PAGE = 4096;
    private static final int SET_START = VfioLayout.LOGGING_START | VfioLayout.FEATURE_SET;
    private static final int SET_STOP = VfioLayout.LOGGING_STOP | VfioLayout.FEATURE_SET;
    private static final int GET_REPORT = VfioLayout.LOGGING_REPORT | VfioLayout.FEATURE_GET;

    private static byte[] feature(int flags) {
        return RawClient.payload(8).putInt(8).putInt(flags).array();
    }

    private static byte[] start(int count, long... ranges) {
        byte[] fixed = new byte[24 + 8 * ranges.length];
        ByteBuffer payload = ByteBuffer.wrap(fixed).order(ByteOrder.LITTLE_ENDIAN);
        payload.putInt(24).putInt(SET_START).putLong(1 << 16).putInt(count).putInt(0);
        for (long each : ranges) {
            payload.putLong(each);
        }
        return fixed;
    }

    private static byte[] report(int argsz, long address, long length, long page) {
        return RawClient.payload(32)
                .putInt(argsz)
                .putInt(GET_REPORT)
                .putLong(address)
                .putLong(length)
                .putLong(page)
                .array();
    }

    /** Offsets from {@link RawClient#GUEST} of pages that were written. */
    private static List<Long> dirty(ServerUnderTest server, long page) {
        RawClient.Reply reply = server.client.ask(Command.DEVICE_FEATURE, report(1 << 20, GUEST, MEMORY, page));
        assertThat(reply.error()).isZero();
        assertThat(reply.u32(0)).isEqualTo(reply.payload().limit());
        List<Long> pages = new ArrayList<>();
        for (int bit = 0; bit < (reply.payload().limit() - 32) * 8; bit++) {
            if ((reply.payload().get(32 + bit / 8) >> bit % 8 & 1) != 0) {
                pages.add(bit * page);
            }
        }
        return pages;
    }

    @Test
    void featuresAreProbed() {
        try (ServerUnderTest server = ServerUnderTest.negotiated()) {
            int probe = VfioLayout.FEATURE_PROBE;
            for (int flags : new int[] {SET_START | probe, SET_STOP | probe, GET_REPORT | probe, 6 | probe}) {
                RawClient.Reply reply = server.client.ask(Command.DEVICE_FEATURE, feature(flags));
                assertThat(reply.error()).isZero();
                assertThat(reply.bytes()).isEqualTo(feature(flags));
            }
            for (int index : new int[] {0, 1, 2, 3, 5, 9, 0xffff}) {
                assertThat(server.client.error(Command.DEVICE_FEATURE, feature(index | probe)))
                        .as("feature %d", index)
                        .isEqualTo(ErrorNumber.NO_SUCH_FEATURE);
            }
            for (int flags : new int[] {
                6,
                GET_REPORT | VfioLayout.FEATURE_SET,
                6 | VfioLayout.FEATURE_GET,
                8 | VfioLayout.FEATURE_SET | probe,
                SET_START | 1 << 19
            }) {
                assertThat(server.client.error(Command.DEVICE_FEATURE, feature(flags)))
                        .isEqualTo(ErrorNumber.INVALID);
            }
        }
    }

    @Test
    void pagesThatTheDeviceWritesAreReportedOnce() {
        try (ServerUnderTest server = ServerUnderTest.running()) {
            RawClient.Reply started = server.client.ask(Command.DEVICE_FEATURE, start(1, GUEST, MEMORY));
            assertThat(started.payload().limit()).isEqualTo(40);
            assertThat(started.u64(8)).as("the page that is used").isEqualTo(PAGE);
            assertThat(server.card.isAttached(0)).isTrue();
            server.client.expose(0, 1, GUEST + BUFFERS, true);
            server.client.expose(0, 2, GUEST + BUFFERS + 2 * PAGE, false);
            assertThat(server.card.serve(0)).containsExactly(1, 2);
            assertThat(dirty(server, PAGE)).containsExactly(USED, BUFFERS);
            assertThat(dirty(server, PAGE)).isEmpty();
            server.client.expose(0, 3, GUEST + BUFFERS + PAGE, true);
            server.card.serve(0);
            assertThat(dirty(server, 4L * PAGE)).as("in larger pages").containsExactly(USED, BUFFERS);
            assertThat(server.client.error(Command.DEVICE_FEATURE, feature(SET_STOP)))
                    .isZero();
            assertThat(server.client.error(Command.DEVICE_FEATURE, report(1 << 20, GUEST, MEMORY, PAGE)))
                    .isEqualTo(ErrorNumber.INVALID);
            server.client.expose(0, 4, GUEST + BUFFERS, true);
            assertThat(server.card.serve(0)).containsExactly(4);
        }
    }

    @Test
    void withoutRangesAllMemoryIsWatchedAndWhatComesLater() {
        try (ServerUnderTest server = ServerUnderTest.running()) {
            assertThat(server.client.error(Command.DEVICE_FEATURE, start(0))).isZero();
            assertThat(server.client.error(
                            Command.DMA_MAP,
                            RawClient.map(GUEST + MEMORY, PAGE, BUFFERS, 3),
                            server.client.memory.fd()))
                    .isZero();
            server.client.expose(0, 1, GUEST + MEMORY, true);
            assertThat(server.card.serve(0)).containsExactly(1);
            RawClient.Reply reply = server.client.ask(Command.DEVICE_FEATURE, report(4096, GUEST + MEMORY, PAGE, PAGE));
            assertThat(reply.u64(32)).isEqualTo(1);
        }
    }

    @Test
    void aClientWithoutRoomLosesNothing() {
        try (ServerUnderTest server = ServerUnderTest.running()) {
            assertThat(server.client.error(Command.DEVICE_FEATURE, start(1, GUEST, MEMORY)))
                    .isZero();
            server.client.expose(0, 1, GUEST + BUFFERS, true);
            server.card.serve(0);
            RawClient.Reply reply = server.client.ask(Command.DEVICE_FEATURE, report(40, GUEST, MEMORY, PAGE));
            assertThat(reply.u32(0)).isEqualTo(64);
            assertThat(reply.payload().limit()).isEqualTo(32);
            assertThat(dirty(server, PAGE)).containsExactly(USED, BUFFERS);
        }
    }

    @Test
    void whatCannotBeWatchedOrReportedIsRefused() {
        try (ServerUnderTest server = ServerUnderTest.running()) {
            for (byte[] bad : new byte[][] {
                start(1),
                start(-1),
                start(257),
                start(1, GUEST, 0),
                start(1, GUEST, -1),
                start(1, -4096, 8192),
                feature(SET_START),
                feature(SET_STOP)
            }) {
                assertThat(server.client.error(Command.DEVICE_FEATURE, bad)).isEqualTo(ErrorNumber.INVALID);
            }
            assertThat(server.client.error(Command.DEVICE_FEATURE, start(1, 0, 1L << 41)))
                    .isEqualTo(ErrorNumber.NO_SPACE);
            assertThat(server.client.error(Command.DEVICE_FEATURE, start(1, GUEST, MEMORY)))
                    .isZero();
            assertThat(server.client.error(Command.DEVICE_FEATURE, start(1, GUEST, MEMORY)))
                    .as("twice")
                    .isEqualTo(ErrorNumber.INVALID);
            for (byte[] bad : new byte[][] {
                report(4096, GUEST, 0, PAGE),
                report(4096, GUEST, -1, PAGE),
                report(4096, GUEST, MEMORY, 0),
                report(4096, GUEST, MEMORY, 4097),
                report(4096, GUEST, MEMORY, 2048),
                report(4096, GUEST + 1, MEMORY, PAGE),
                report(-1, 0, 1L << 62, PAGE),
                report(-1, 0, 1L << 62, 1L << 60),
                feature(GET_REPORT)
            }) {
                assertThat(server.client.error(Command.DEVICE_FEATURE, bad)).isEqualTo(ErrorNumber.INVALID);
            }
            server.client.expose(0, 1, GUEST + BUFFERS, true);
            assertThat(server.card.serve(0)).containsExactly(1);
        }
    }
}
