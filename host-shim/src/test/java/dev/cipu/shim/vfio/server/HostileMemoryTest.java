package dev.cipu.shim.vfio.server;

import static dev.cipu.shim.vfio.server.RawClient.AVAIL;
import static dev.cipu.shim.vfio.server.RawClient.GUEST;
import static dev.cipu.shim.vfio.server.RawClient.MEMORY;
import static dev.cipu.shim.vfio.server.RawClient.SIZE;
import static dev.cipu.shim.vfio.server.RawClient.USED;
import static dev.cipu.shim.vfio.server.RawClient.map;
import static dev.cipu.shim.vfio.server.RawClient.setup;
import static dev.cipu.shim.vfio.server.RawClient.unmap;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.shim.posix.FdBundle;
import dev.cipu.shim.posix.OpenDescriptors;
import dev.cipu.shim.vfio.Command;
import dev.cipu.shim.vfio.ErrorNumber;
import dev.cipu.shim.vfio.VfioLayout;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Clients that keep their memory to themselves, and answer wrongly, late or never when they are asked for it. */
@Timeout(60)
class HostileMemoryTest {
    /** A server that asks for a ring's index, and what it asked. */
    private static RawClient.Asked ask(ServerUnderTest server) {
        RawClient client = server.client;
        assertThat(client.error(Command.DMA_MAP, map(GUEST, MEMORY, 0, 3))).isZero();
        assertThat(client.write(FakePciFunction.START, setup(0, SIZE, GUEST, GUEST + AVAIL, GUEST + USED)))
                .isZero();
        RawClient.Asked asked = client.asked();
        assertThat(asked.command()).isEqualTo(Command.DMA_READ);
        assertThat(asked.address()).isEqualTo(GUEST + AVAIL + 2);
        assertThat(asked.count()).isEqualTo(2);
        return asked;
    }

    @Test
    void line69AClientThatDoesNotAnswerLosesItsSession() throws Exception {
        try (ServerUnderTest server = ServerUnderTest.negotiated()) {
            RawClient.Asked _ = ask(server);
            assertThat(server.end().failed()).isTrue();
            assertThat(server.card.isAttached(0)).isFalse();
            assertThat(OpenDescriptors.mappings("memfd:cipu-far")).isZero();
        }
    }

    @Test
    void line69AClientThatAnswersSomethingElseLosesItsSession() {
        lies((client, asked) -> client.answer(asked, asked.address() + 2, 2, 2));
        lies((client, asked) -> client.answer(asked, asked.address(), 3, 3));
        lies((client, asked) -> client.answer(asked, asked.address(), -1, 2));
        lies((client, asked) -> client.answer(asked, asked.address(), 2, 1));
        lies((client, asked) -> client.answer(asked, asked.address(), 2, 9));
        lies((client, asked) ->
                client.answer(new RawClient.Asked(asked.id() + 1, asked.command(), 0, 0), asked.address(), 2, 2));
        lies((client, asked) ->
                client.answer(new RawClient.Asked(asked.id(), Command.DMA_WRITE, 0, 0), asked.address(), 2, 2));
        lies((client, asked) ->
                client.raw(RawClient.frame(asked.id(), asked.command(), 20, VfioLayout.TYPE_REPLY, new byte[4])));
    }

    private static void lies(BiConsumer<RawClient, RawClient.Asked> lie) {
        try (ServerUnderTest server = ServerUnderTest.negotiated()) {
            lie.accept(server.client, ask(server));
            assertThat(server.end().failed()).isTrue();
            assertThat(server.counters.failures()).isEqualTo(1);
        }
    }

    @Test
    void line69AnAddressThatTheClientRefusesBreaksItsQueueAndNoMore() {
        for (boolean nothing : new boolean[] {false, true}) {
            try (ServerUnderTest server = ServerUnderTest.negotiated()) {
                RawClient.Asked asked = ask(server);
                if (nothing) {
                    server.client.answer(asked, asked.address(), 0, 0);
                } else {
                    server.client.refuse(asked);
                }
                assertThat(RawClient.eventually(() -> server.pci.events().contains("needs reset")))
                        .isTrue();
                server.client.sync();
                assertThat(server.counters.brokenQueues()).isEqualTo(1);
                assertThat(server.card.isAttached(0)).isFalse();
            }
        }
    }

    @Test
    void line69ShortAnswersAreContinued() {
        try (ServerUnderTest server = ServerUnderTest.negotiated()) {
            RawClient.Asked first = ask(server);
            server.client.answer(first, first.address(), 1, 1);
            RawClient.Asked second = server.client.asked();
            assertThat(second.address()).isEqualTo(first.address() + 1);
            assertThat(second.count()).isEqualTo(1);
            server.client.answer(second, second.address(), 1, 1);
            // what the driver should know comes next
            RawClient.Asked wish = server.client.asked();
            assertThat(wish.command()).isEqualTo(Command.DMA_WRITE);
            assertThat(wish.address()).isEqualTo(GUEST + USED);
        }
    }

    @Test
    void commandsAreDoneWhileTheServerWaits() {
        try (ServerUnderTest server = ServerUnderTest.negotiated()) {
            RawClient.Asked asked = ask(server);
            server.client.sync();
            assertThat(server.client.write(FakePciFunction.STOP, new byte[4])).isZero();
            assertThat(server.client.error(Command.DMA_UNMAP, unmap(GUEST, MEMORY, 0)))
                    .isZero();
            // too late for the queue, and right all the same
            server.client.answer(asked, asked.address(), 2, 2);
            server.client.sync();
            assertThat(server.pci.events()).isEmpty();
            assertThat(server.counters.refusals()).isZero();
        }
    }

    @Test
    void aClientThatNamesALimitIsAskedForNoMoreAtATime() {
        try (ServerUnderTest server = new ServerUnderTest(false)) {
            assertThat(server.client.error(
                            Command.VERSION, RawClient.version(0, 1, "{\"capabilities\":{\"max_data_xfer_size\":1}}")))
                    .isZero();
            RawClient client = server.client;
            assertThat(client.error(Command.DMA_MAP, map(GUEST, MEMORY, 0, 3))).isZero();
            assertThat(client.write(FakePciFunction.START, setup(0, SIZE, GUEST, GUEST + AVAIL, GUEST + USED)))
                    .isZero();
            assertThat(client.asked().count()).isEqualTo(1);
        }
    }

    @Test
    void waysOfAccessAreAsTheProtocolHasThem() {
        try (ServerUnderTest server = ServerUnderTest.negotiated()) {
            RawClient client = server.client;
            assertThat(client.error(Command.DMA_MAP, map(GUEST, MEMORY, 0, 3 | VfioLayout.MAP_BY_MAPPING)))
                    .as("mapped, and no file")
                    .isEqualTo(ErrorNumber.INVALID);
            assertThat(client.error(Command.DMA_MAP, map(GUEST, MEMORY, 0, 3 | VfioLayout.MAP_BY_FILE)))
                    .as("calls, and no file")
                    .isEqualTo(ErrorNumber.INVALID);
            assertThat(client.error(
                            Command.DMA_MAP, map(GUEST, MEMORY, 0, 3 | VfioLayout.MAP_BY_FILE), client.memory.fd()))
                    .isEqualTo(ErrorNumber.NOT_SUPPORTED);
            assertThat(client.error(
                            Command.DMA_MAP, map(GUEST, MEMORY, 0, 3 | VfioLayout.MAP_BY_MAPPING), client.memory.fd()))
                    .isZero();
            assertThat(client.start(0)).isTrue();
            assertThat(server.card.isAttached(0)).isTrue();
        }
    }

    @Test
    void noDoorbellIsMappedWhereMostMemoryIsFar() {
        byte[] info = RawClient.payload(32).putInt(64).array();
        for (boolean far : new boolean[] {false, true}) {
            try (ServerUnderTest server = new ServerUnderTest(true)) {
                RawClient client = server.client.negotiate();
                client.shareMemory();
                assertThat(client.error(Command.DMA_MAP, map(GUEST * 2, far ? 2 * MEMORY : MEMORY / 2, 0, 3)))
                        .isZero();
                assertThat(client.error(Command.DMA_MAP, map(GUEST * 3, 64 * MEMORY, 0, 1)))
                        .as("a large ROM is no matter")
                        .isZero();
                client.send(0, Command.DEVICE_GET_REGION_INFO, info);
                try (FdBundle page = new FdBundle()) {
                    client.reply(page);
                    assertThat(page.count()).isEqualTo(far ? 0 : 1);
                }
            }
        }
    }

    @Test
    void whatIsWrittenToFarMemoryIsLogged() {
        try (ServerUnderTest server = ServerUnderTest.negotiated()) {
            RawClient client = server.client;
            byte[] start = RawClient.payload(24)
                    .putInt(24)
                    .putInt(VfioLayout.LOGGING_START | VfioLayout.FEATURE_SET)
                    .array();
            assertThat(client.error(Command.DEVICE_FEATURE, start)).isZero();
            RawClient.Asked index = ask(server);
            client.answer(index, index.address(), 2, 2);
            RawClient.Asked wish = client.asked();
            assertThat(wish.command()).isEqualTo(Command.DMA_WRITE);
            assertThat(dirty(client)).as("not written yet").isZero();
            client.answer(wish, wish.address(), 2, 0);
            RawClient.Asked again = client.asked();
            client.answer(again, again.address(), 2, 2);
            assertThat(dirty(client)).isEqualTo(1L << (USED / 4096));
        }
    }

    /** A bit for each page of the memory. */
    private static long dirty(RawClient client) {
        byte[] report = RawClient.payload(32)
                .putInt(4096)
                .putInt(VfioLayout.LOGGING_REPORT | VfioLayout.FEATURE_GET)
                .putLong(GUEST)
                .putLong(64 * 4096)
                .putLong(4096)
                .array();
        return client.ask(Command.DEVICE_FEATURE, report).u64(32);
    }
}
