package dev.cipu.shim.vfio.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.shim.posix.EventFd;
import dev.cipu.shim.posix.FdBundle;
import dev.cipu.shim.posix.Mapping;
import dev.cipu.shim.vfio.Command;
import dev.cipu.shim.vfio.ErrorNumber;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class RegionTest {
    private static byte[] ask(int bytes, int argsz, int index) {
        return RawClient.payload(bytes).putInt(argsz).putInt(0).putInt(index).array();
    }

    private static RawClient.Reply info(ServerUnderTest server, int index) {
        return server.client.ask(Command.DEVICE_GET_REGION_INFO, ask(32, 32, index));
    }

    @Test
    void theDeviceIsAPciFunctionThatCanBeReset() {
        try (ServerUnderTest server = ServerUnderTest.negotiated()) {
            RawClient.Reply reply = server.client.ask(Command.DEVICE_GET_INFO, ask(16, 16, 0));
            assertThat(reply.u32(0)).isEqualTo(16);
            assertThat(reply.u32(4)).isEqualTo(3);
            assertThat(reply.u32(8)).isEqualTo(9);
            assertThat(reply.u32(12)).isEqualTo(5);
            int resets = server.pci.resets();
            assertThat(server.client.error(Command.DEVICE_RESET, new byte[0])).isZero();
            assertThat(server.pci.resets()).isEqualTo(resets + 1);
        }
    }

    @Test
    void regionsAreDescribed() {
        try (ServerUnderTest server = ServerUnderTest.negotiated()) {
            long[][] expected = {
                {0, 3, FakePciFunction.BAR}, {1, 0, 0}, {2, 1, 256}, {3, 2, 256}, {6, 0, 0}, {7, 3, 4096}, {8, 0, 0}
            };
            for (long[] each : expected) {
                RawClient.Reply reply = info(server, (int) each[0]);
                assertThat(reply.u32(0)).as("argsz").isEqualTo(32);
                assertThat(reply.u32(4)).as("flags of %d", each[0]).isEqualTo((int) each[1]);
                assertThat(reply.u32(8)).isEqualTo((int) each[0]);
                assertThat(reply.u64(16)).as("size").isEqualTo(each[2]);
            }
            assertThat(info(server, 9).error()).isEqualTo(ErrorNumber.INVALID);
            assertThat(info(server, -1).error()).isEqualTo(ErrorNumber.INVALID);
            byte[] tooSmall = ask(32, 31, 0);
            assertThat(server.client.error(Command.DEVICE_GET_REGION_INFO, tooSmall))
                    .isEqualTo(ErrorNumber.INVALID);
        }
    }

    @Test
    void theDoorbellPageIsMappedAndQueuesArePolledFromThenOn() {
        try (ServerUnderTest server = new ServerUnderTest(true);
                FdBundle descriptors = new FdBundle()) {
            RawClient client = server.client.negotiate();
            client.shareMemory();
            assertThat(client.start(0)).isTrue();
            assertThat(server.card.kickOf(0)).isNotNegative();
            client.send(0, Command.DEVICE_GET_REGION_INFO, ask(32, 64, 0));
            RawClient.Reply reply = client.reply(descriptors);
            assertThat(reply.u32(0)).isEqualTo(64);
            assertThat(reply.u32(4)).isEqualTo(15);
            assertThat(reply.u32(12)).as("capabilities begin").isEqualTo(32);
            assertThat(reply.payload().getShort(32)).as("sparse").isEqualTo((short) 1);
            assertThat(reply.payload().getShort(34)).as("version").isEqualTo((short) 1);
            assertThat(reply.u32(36)).as("next").isZero();
            assertThat(reply.u32(40)).as("areas").isEqualTo(1);
            assertThat(reply.u64(48)).isEqualTo(FakePciFunction.BELLS);
            assertThat(reply.u64(56)).isEqualTo(4096);
            try (Mapping page = Mapping.of(descriptors.take(), reply.u64(24) + FakePciFunction.BELLS, 4096)) {
                page.segment().set(ValueLayout.JAVA_INT, 0, 1);
                assertThat(server.card.kickOf(0)).as("polled").isEqualTo(-1);
                assertThat(server.card.isEnabled(0)).isTrue();
            }
            assertThat(client.start(1)).isTrue();
            assertThat(server.card.kickOf(1)).isEqualTo(-1);
        }
    }

    @Test
    void aClientWithoutRoomLearnsHowMuchIsNeeded() {
        try (ServerUnderTest server = new ServerUnderTest(true);
                FdBundle descriptors = new FdBundle()) {
            server.client.negotiate().send(0, Command.DEVICE_GET_REGION_INFO, ask(32, 63, 0));
            RawClient.Reply reply = server.client.reply(descriptors);
            assertThat(reply.payload().limit()).isEqualTo(32);
            assertThat(reply.u32(0)).isEqualTo(64);
            assertThat(reply.u32(12)).isEqualTo(32);
            assertThat(descriptors.count()).isEqualTo(1);
        }
    }

    @Test
    void registersAreReadAndWritten() {
        try (ServerUnderTest server = ServerUnderTest.negotiated()) {
            assertThat(server.client.error(
                            Command.REGION_WRITE, RawClient.access(7, 16, 4, (byte) 1, (byte) 2, (byte) 3, (byte) 4)))
                    .isZero();
            RawClient.Reply reply = server.client.ask(Command.REGION_READ, RawClient.access(7, 17, 2));
            assertThat(reply.u64(0)).isEqualTo(17);
            assertThat(reply.u32(8)).isEqualTo(7);
            assertThat(reply.u32(12)).isEqualTo(2);
            assertThat(reply.payload().limit()).isEqualTo(18);
            assertThat(reply.payload().getShort(16)).isEqualTo((short) 0x302);
            assertThat(server.pci.writes).containsExactly("CONFIG+16:4");
            assertThat(server.client.read(0, 0, FakePciFunction.BAR)).hasSize(FakePciFunction.BAR);
            assertThat(server.client.error(Command.REGION_WRITE, RawClient.access(2, 0, 1, (byte) 1)))
                    .as("read-only")
                    .isEqualTo(ErrorNumber.INVALID);
            assertThat(server.client.error(Command.REGION_READ, RawClient.access(3, 0, 1)))
                    .as("write-only")
                    .isEqualTo(ErrorNumber.INVALID);
            assertThat(server.client.error(Command.REGION_WRITE, RawClient.access(3, 0, 1, (byte) 1)))
                    .isZero();
        }
    }

    private static byte[] writes(long count, long... offsetsAndRegions) {
        byte[] bytes = new byte[8 + 24 * offsetsAndRegions.length / 2];
        ByteBuffer payload =
                ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(count);
        for (int i = 0; i < offsetsAndRegions.length; i += 2) {
            payload.putLong(offsetsAndRegions[i])
                    .putInt((int) offsetsAndRegions[i + 1])
                    .putInt(2)
                    .putLong(0x0908);
        }
        return bytes;
    }

    @Test
    void manyWritesAreDoneInOrderAllOrNone() {
        try (ServerUnderTest server = ServerUnderTest.negotiated()) {
            RawClient.Reply reply = server.client.ask(Command.REGION_WRITE_MULTI, writes(2, 0x20, 0, 8, 7));
            assertThat(reply.u64(0)).isEqualTo(2);
            assertThat(server.pci.writes).containsExactly("BAR0+32:2", "CONFIG+8:2");
            assertThat(server.client.read(7, 8, 2)).containsExactly(8, 9);
            for (byte[] bad : new byte[][] {
                writes(2, 0x20, 0, 8, 2),
                writes(3, 0x20, 0, 8, 7),
                writes(1, 0x20, 0, 8, 7),
                writes(-1, 0x20, 0),
                writes(1, FakePciFunction.BAR - 1, 0)
            }) {
                assertThat(server.client.error(Command.REGION_WRITE_MULTI, bad)).isEqualTo(ErrorNumber.INVALID);
            }
            byte[] nine = writes(1, 0x20, 0);
            nine[8 + 12] = 9;
            assertThat(server.client.error(Command.REGION_WRITE_MULTI, nine)).isEqualTo(ErrorNumber.INVALID);
            assertThat(server.pci.writes).hasSize(2);
        }
    }

    @Test
    void eventsForDoorbellsKickTheQueues() {
        try (ServerUnderTest server = ServerUnderTest.running();
                FdBundle descriptors = new FdBundle()) {
            server.client.send(0, Command.DEVICE_GET_REGION_IO_FDS, ask(16, 96, 0));
            RawClient.Reply reply = server.client.reply(descriptors);
            assertThat(reply.u32(0)).isEqualTo(96);
            assertThat(reply.u32(12)).isEqualTo(2);
            assertThat(reply.u64(16)).isEqualTo(FakePciFunction.BELLS);
            assertThat(reply.u64(24)).as("any size").isZero();
            assertThat(reply.u32(32)).as("descriptor").isZero();
            assertThat(reply.u32(36)).as("an ioeventfd").isZero();
            assertThat(reply.u64(56)).isEqualTo(FakePciFunction.BELLS + 4);
            assertThat(reply.u32(72)).isEqualTo(1);
            assertThat(descriptors.count()).isEqualTo(2);
            try (EventFd event = EventFd.adopt(descriptors.take())) {
                // the message does what the event does
                server.client.write(FakePciFunction.BELLS, new byte[4]);
                assertThat(event.drain()).isEqualTo(1);
            }
            RawClient.Reply small = server.client.ask(Command.DEVICE_GET_REGION_IO_FDS, ask(16, 95, 0));
            assertThat(small.u32(0)).isEqualTo(96);
            assertThat(small.payload().limit()).isEqualTo(16);
            assertThat(server.client
                            .ask(Command.DEVICE_GET_REGION_IO_FDS, ask(16, 16, 7))
                            .u32(12))
                    .isZero();
            assertThat(server.client.error(Command.DEVICE_GET_REGION_IO_FDS, ask(16, 15, 0)))
                    .isEqualTo(ErrorNumber.INVALID);
        }
    }

    @Test
    void aClientGetsNoMoreDescriptorsThanItTakes() {
        try (ServerUnderTest server = new ServerUnderTest(false);
                FdBundle descriptors = new FdBundle()) {
            assertThat(server.client.error(Command.VERSION, RawClient.version(0, 1, "{}")))
                    .isZero();
            server.client.send(0, Command.DEVICE_GET_REGION_IO_FDS, ask(16, 96, 0));
            assertThat(server.client.reply(descriptors).u32(12)).isEqualTo(1);
            assertThat(descriptors.count()).isEqualTo(1);
        }
    }
}
