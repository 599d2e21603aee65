package dev.cipu.shim.vfio.server;

import static dev.cipu.shim.vfio.server.RawClient.AVAIL;
import static dev.cipu.shim.vfio.server.RawClient.BUFFERS;
import static dev.cipu.shim.vfio.server.RawClient.GUEST;
import static dev.cipu.shim.vfio.server.RawClient.MEMORY;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.dataplane.IdlePolicy;
import dev.cipu.shim.assembly.BlkSpec;
import dev.cipu.shim.assembly.CardAssembly;
import dev.cipu.shim.assembly.CardSpec;
import dev.cipu.shim.assembly.DeviceSpec;
import dev.cipu.shim.assembly.EndpointSpec;
import dev.cipu.shim.assembly.StoreSpec;
import dev.cipu.shim.card.CardFunction;
import dev.cipu.shim.posix.FdBundle;
import dev.cipu.shim.posix.OpenDescriptors;
import dev.cipu.shim.posix.UnixSocket;
import dev.cipu.shim.session.SessionCounters;
import dev.cipu.shim.session.SocketEndpoint;
import dev.cipu.shim.vfio.Command;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.conformance.Conforms;
import dev.cipu.virtio.memory.Le;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The server in front of a real card: workers of its own and a disk. */
@Timeout(60)
class CardOnABusTest {
    private static final int FLUSH = 4;
    private static final byte UNTOUCHED = 0x55;
    private static final long STATUS = BUFFERS + 64;

    @TempDir
    Path folder;

    private DeviceSpec disk(EndpointSpec.Transport transport) {
        return disk(new EndpointSpec(EndpointSpec.Mode.SERVER, folder.resolve("s"), -1, transport));
    }

    private static DeviceSpec disk(EndpointSpec at) {
        return new BlkSpec("blk0", at, "disk", false, 1, "serial", 512);
    }

    /** The card's disk behind registers of our own. */
    private SocketEndpoint present(CardAssembly card, boolean mapDoorbells) {
        CardFunction disk = card.function("blk0");
        CardQueues queues = new CardQueues(disk);
        FakePciFunction pci = new FakePciFunction(disk.device(), queues, FeatureSet.of(RingFeature.VERSION_1));
        return VfioEndpoint.listen(
                "blk0",
                folder.resolve("s"),
                new VfioDevice(pci, pci, disk, queues),
                mapDoorbells,
                SessionCounters.unlisted(),
                EmptySlots.none());
    }

    private CardSpec card(DeviceSpec disk) {
        return new CardSpec(
                List.of(),
                IdlePolicy.SLEEP,
                folder.resolve("counters"),
                Map.of("disk", new StoreSpec.Memory(1 << 20)),
                List.of(),
                List.of(disk));
    }

    private RawClient connect() {
        return new RawClient(UnixSocket.connect(folder.resolve("s"))).negotiate();
    }

    /** A flush, whose status byte says when it is done. */
    private static void flush(RawClient client, int round) {
        MemorySegment guest = client.mapping.segment();
        guest.set(Le.INT, BUFFERS, FLUSH);
        guest.set(java.lang.foreign.ValueLayout.JAVA_BYTE, STATUS, UNTOUCHED);
        guest.set(Le.LONG, 0, GUEST + BUFFERS);
        guest.set(Le.LONG, 8, 16 | 1L << 32 | 1L << 48);
        guest.set(Le.LONG, 16, GUEST + STATUS);
        guest.set(Le.LONG, 24, 1 | 2L << 32);
        guest.set(Le.SHORT, AVAIL + 4 + 2L * (round % RawClient.SIZE), (short) 0);
        Le.U16.setRelease(guest, AVAIL + 2, (short) (round + 1));
    }

    private static boolean isDone(RawClient client) {
        return RawClient.eventually(
                () -> client.mapping.segment().get(java.lang.foreign.ValueLayout.JAVA_BYTE, STATUS) == 0);
    }

    @Test
    void aKickByARegisterWakesAWorkerAndMemoryComesAndGoesUnderIt() throws Exception {
        try (CardAssembly card = CardAssembly.start(card(disk(EndpointSpec.EMBEDDED)));
                SocketEndpoint endpoint = present(card, false)) {
            try (RawClient client = connect()) {
                client.shareMemory();
                assertThat(client.start(0)).isTrue();
                for (int round = 0; round < 100; round++) {
                    flush(client, round);
                    assertThat(client.write(FakePciFunction.BELLS, new byte[4])).isZero();
                    if (round % 2 == 0) {
                        assertThat(isDone(client)).as("round %d", round).isTrue();
                    }
                    assertThat(client.error(Command.DMA_UNMAP, RawClient.unmap(GUEST, MEMORY, 0)))
                            .isZero();
                    assertThat(OpenDescriptors.mappings("memfd:guest")).isEqualTo(1);
                    client.shareMemory();
                    assertThat(isDone(client)).as("round %d", round).isTrue();
                }
                assertThat(client.usedIndex(0)).isEqualTo(100);
                assertThat(endpoint.counters().failures()).isZero();
            }
        }
    }

    @Test
    void nobodyKicksAQueueWhoseDoorbellIsMapped() {
        try (CardAssembly card = CardAssembly.start(card(disk(EndpointSpec.EMBEDDED)));
                SocketEndpoint endpoint = present(card, true)) {
            try (RawClient client = connect()) {
                client.send(
                        16,
                        Command.DEVICE_GET_REGION_INFO,
                        RawClient.payload(32).putInt(64).array());
                client.shareMemory();
                assertThat(client.start(0)).isTrue();
                for (int round = 0; round < 100; round++) {
                    flush(client, round);
                    assertThat(isDone(client)).as("round %d", round).isTrue();
                }
                assertThat(endpoint.counters().failures()).isZero();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = EndpointSpec.Transport.class,
            names = {"VFIO_USER", "VFIO_USER_TRAPPED"})
    @Conforms("BF-031")
    void aDeviceIsServedAsAVirtioFunctionWithMappedDoorbellsOrWithout(EndpointSpec.Transport transport) {
        DeviceSpec disk = disk(transport);
        try (CardAssembly card = CardAssembly.start(card(disk));
                FdBundle page = new FdBundle()) {
            card.serve(disk);
            assertThat(card.function("blk0").device().offered())
                    .matches(offered ->
                            offered.has(RingFeature.ACCESS_PLATFORM) && offered.has(RingFeature.ORDER_PLATFORM));
            try (RawClient client = connect()) {
                assertThat(client.read(7, 0, 4)).as("vendor and device").containsExactly(0xf4, 0x1a, 0x42, 0x10);
                client.send(
                        0,
                        Command.DEVICE_GET_REGION_INFO,
                        RawClient.payload(32).putInt(64).putInt(0).putInt(2).array());
                boolean mapped = transport == EndpointSpec.Transport.VFIO_USER;
                assertThat(client.reply(page).u32(4)).isEqualTo(mapped ? 15 : 3);
                assertThat(page.count()).isEqualTo(mapped ? 1 : 0);
            }
        }
    }
}
