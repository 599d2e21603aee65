package dev.cipu.shim.vfio.server;

import static dev.cipu.shim.vfio.server.RawClient.GUEST;
import static dev.cipu.shim.vfio.server.RawClient.MEMORY;
import static dev.cipu.shim.vfio.server.RawClient.access;
import static dev.cipu.shim.vfio.server.RawClient.frame;
import static dev.cipu.shim.vfio.server.RawClient.map;
import static dev.cipu.shim.vfio.server.RawClient.unmap;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.shim.posix.EventFd;
import dev.cipu.shim.posix.Fd;
import dev.cipu.shim.posix.FdBundle;
import dev.cipu.shim.posix.Memfd;
import dev.cipu.shim.posix.OpenDescriptors;
import dev.cipu.shim.vfio.Command;
import dev.cipu.shim.vfio.ErrorNumber;
import dev.cipu.shim.vfio.VfioLayout;
import dev.cipu.shim.vfio.VfioMessage;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Lines 62 to 68 of the hostile inputs, and what is like them. */
@Timeout(120)
class HostileClientTest {
    private static final int PAGE = 4096;
    private static final byte[] NOTHING = {};

    @Test
    void line62ASizeBelowTheHeaderOrAboveTheLimitEndsTheSession() {
        for (int size : new int[] {0, 15, 16 + VfioMessage.MAX_PAYLOAD + 1, Integer.MAX_VALUE, Integer.MIN_VALUE, -1}) {
            try (ServerUnderTest server = ServerUnderTest.negotiated()) {
                server.client.raw(frame(1, Command.DEVICE_RESET, size, 0, NOTHING));
                assertThat(server.end().failed()).as("size %d", size).isTrue();
                assertThat(server.counters.failures()).isEqualTo(1);
            }
        }
    }

    @Test
    void line62ASizeBelowTheStructureIsRefusedAndTheSessionGoesOn() {
        int[][] needs = {
            {Command.DMA_MAP, 32},
            {Command.DMA_UNMAP, 24},
            {Command.DEVICE_GET_INFO, 16},
            {Command.DEVICE_GET_REGION_INFO, 32},
            {Command.DEVICE_GET_REGION_IO_FDS, 16},
            {Command.DEVICE_GET_IRQ_INFO, 16},
            {Command.DEVICE_SET_IRQS, 20},
            {Command.REGION_READ, 16},
            {Command.REGION_WRITE, 16},
            {Command.REGION_WRITE_MULTI, 8},
            {Command.DEVICE_FEATURE, 8}
        };
        try (ServerUnderTest server = ServerUnderTest.negotiated()) {
            for (int[] each : needs) {
                for (int size = 0; size < each[1]; size++) {
                    assertThat(server.client.error(each[0], new byte[size]))
                            .as("command %d of %d bytes", each[0], size)
                            .isEqualTo(ErrorNumber.INVALID);
                }
            }
            server.client.sync();
        }
    }

    @Test
    void line62VersionDataThatIsNoJsonIsRefusedAndThenTheSessionEnds() {
        for (String json : new String[] {
            "",
            "{",
            "[]",
            "1",
            "{} {}",
            "{\"capabilities\":[]}",
            "{\"capabilities\":7}",
            "{\"capabilities\":{\"max_msg_fds\":\"8\"}}",
            "{\"capabilities\":{\"max_msg_fds\":-1}}",
            "{\"capabilities\":{\"max_msg_fds\":1.5}}",
            "{\"capabilities\":{\"max_data_xfer_size\":99999999999999999999999}}",
            "{\"capabilities\":{\"write_multiple\":1}}",
            "[".repeat(4000),
            "{\"a\":\"" + "x".repeat(5000) + "\"}"
        }) {
            refusedVersion(RawClient.version(0, 1, json));
        }
        byte[] endless = "{}".getBytes(StandardCharsets.UTF_8);
        refusedVersion(RawClient.payload(6).putInt(0).put(endless).array());
        refusedVersion(new byte[0]);
        refusedVersion(new byte[3]);
    }

    private static void refusedVersion(byte[] payload) {
        try (ServerUnderTest server = new ServerUnderTest(false)) {
            assertThat(server.client.error(Command.VERSION, payload)).isEqualTo(ErrorNumber.INVALID);
            assertThat(server.end().failed()).isTrue();
        }
    }

    @Test
    void line62AFirstMessageThatIsNoVersionIsRefusedAndThenTheSessionEnds() {
        for (int command : new int[] {0, Command.DMA_MAP, Command.DEVICE_GET_INFO, Command.REGION_WRITE, 0xffff}) {
            try (ServerUnderTest server = new ServerUnderTest(false)) {
                assertThat(server.client.error(command, new byte[64])).isNotZero();
                assertThat(server.end().failed()).isTrue();
                assertThat(server.pci.writes).isEmpty();
            }
        }
    }

    @Test
    void line62IdsThatAreUsedTwiceAreEachAnswered() {
        try (ServerUnderTest server = ServerUnderTest.negotiated();
                FdBundle none = new FdBundle()) {
            for (int i = 0; i < 3; i++) {
                byte[] read = access(7, i, 1);
                server.client.raw(frame(7, Command.REGION_READ, 16 + read.length, 0, read));
            }
            for (int i = 0; i < 3; i++) {
                assertThat(server.client.reply(7, none).u64(0)).isEqualTo(i);
            }
        }
    }

    @Test
    void line62NobodyAnswersAReadThatWantsNoReply() {
        try (ServerUnderTest server = ServerUnderTest.negotiated()) {
            server.client.send(VfioLayout.NO_REPLY, Command.REGION_READ, access(0, 0, 4));
            server.client.send(VfioLayout.NO_REPLY, Command.REGION_READ, access(99, 0, 4));
            server.client.send(VfioLayout.NO_REPLY, Command.REGION_WRITE, access(7, 0, 1, (byte) 9));
            // the next reply is this command's
            assertThat(server.client.read(7, 0, 1)).containsExactly(9);
            assertThat(server.counters.refusals()).isEqualTo(1);
        }
    }

    @Test
    void repliesAndUnknownTypesEndTheSession() {
        for (int type : new int[] {1, 2, 15}) {
            try (ServerUnderTest server = ServerUnderTest.negotiated()) {
                server.client.send(type, Command.REGION_READ, access(0, 0, 4));
                assertThat(server.end().failed()).isTrue();
            }
        }
    }

    @Test
    void unknownCommandsAreRefused() {
        try (ServerUnderTest server = ServerUnderTest.negotiated()) {
            for (int command : new int[] {0, 11, 12, 14, 17, 18, 19, 0xffff}) {
                assertThat(server.client.error(command, new byte[64])).isEqualTo(ErrorNumber.NOT_SUPPORTED);
            }
            assertThat(server.counters.refusals()).isEqualTo(8);
        }
    }

    @Test
    void aMessageThatDoesNotEndEndsTheSession() {
        for (byte[] half : new byte[][] {
            {1},
            new byte[15],
            frame(1, Command.REGION_READ, 32, 0, NOTHING),
            frame(1, Command.REGION_READ, 32, 0, new byte[15])
        }) {
            try (ServerUnderTest server = ServerUnderTest.running()) {
                server.client.raw(half);
                assertThat(server.end().failed()).isTrue();
                assertThat(server.card.isAttached(0)).isFalse();
            }
        }
    }

    @Test
    void line63RegionsThatOverlapAreRefused() throws Exception {
        try (ServerUnderTest server = ServerUnderTest.negotiated()) {
            server.client.shareMemory();
            long[][] places = {
                {GUEST, MEMORY},
                {GUEST, PAGE},
                {GUEST - PAGE, 2 * PAGE},
                {GUEST + MEMORY - PAGE, 2 * PAGE},
                {0, GUEST * 2}
            };
            long before = OpenDescriptors.count();
            for (long[] place : places) {
                assertThat(server.client.error(
                                Command.DMA_MAP, map(place[0], place[1], 0, 3), server.client.memory.fd()))
                        .isEqualTo(ErrorNumber.EXISTS);
                assertThat(server.client.error(Command.DMA_MAP, map(place[0], place[1], 0, 3)))
                        .isEqualTo(ErrorNumber.EXISTS);
            }
            assertThat(OpenDescriptors.count()).isEqualTo(before);
            assertThat(server.client.error(Command.DMA_MAP, map(GUEST + MEMORY, PAGE, 0, 3)))
                    .as("beside it")
                    .isZero();
        }
    }

    @Test
    void line63RegionsThatCannotBeAreRefusedAndLeaveNothingBehind() throws Exception {
        try (ServerUnderTest server = ServerUnderTest.negotiated();
                EventFd event = EventFd.create()) {
            long before = OpenDescriptors.count();
            for (byte[] bad : new byte[][] {
                map(GUEST, 0, 0, 3),
                map(GUEST, -PAGE, 0, 3),
                map(-PAGE, 2 * PAGE, 0, 3),
                map(GUEST + 1, PAGE, 0, 3),
                map(GUEST, PAGE + 1, 0, 3),
                map(GUEST, PAGE, -1, 3),
                map(GUEST, PAGE, MEMORY, 3),
                map(GUEST, MEMORY + PAGE, 0, 3),
                map(GUEST, PAGE, Long.MAX_VALUE, 3),
                map(GUEST, PAGE, 0, 0),
                map(GUEST, PAGE, 0, 4),
                map(GUEST, PAGE, 0, -1)
            }) {
                assertThat(server.client.error(Command.DMA_MAP, bad, server.client.memory.fd()))
                        .isEqualTo(ErrorNumber.INVALID);
            }
            assertThat(server.client.error(Command.DMA_MAP, map(GUEST, PAGE, 0, 3), event.fd()))
                    .as("no file")
                    .isEqualTo(ErrorNumber.INVALID);
            assertThat(OpenDescriptors.count()).isEqualTo(before);
            assertThat(OpenDescriptors.mappings("memfd:guest")).isEqualTo(1);
        }
    }

    @Test
    void line63ThereAreOnlySoManyRegions() {
        try (ServerUnderTest server = ServerUnderTest.negotiated()) {
            for (int i = 0; i < 256; i++) {
                assertThat(server.client.error(
                                Command.DMA_MAP, map(GUEST + (long) i * PAGE, PAGE, 0, 3), server.client.memory.fd()))
                        .isZero();
            }
            byte[] oneMore = map(0, PAGE, 0, 3);
            assertThat(server.client.error(Command.DMA_MAP, oneMore, server.client.memory.fd()))
                    .isEqualTo(ErrorNumber.NO_SPACE);
            assertThat(server.client.error(Command.DMA_UNMAP, unmap(GUEST, PAGE, 0)))
                    .isZero();
            assertThat(server.client.error(Command.DMA_MAP, oneMore, server.client.memory.fd()))
                    .isZero();
            assertThat(server.client.error(Command.DMA_MAP, map(1L << 45, 1L << 45, 0, 3)))
                    .isEqualTo(ErrorNumber.NO_SPACE);
        }
    }

    @Test
    void line63TheDeviceDoesNotWriteWhatItMayOnlyReadNorReadWhatItMayOnlyWrite() {
        for (int flags : new int[] {VfioLayout.MAP_READABLE, VfioLayout.MAP_WRITABLE}) {
            try (ServerUnderTest server = ServerUnderTest.running();
                    Memfd more = Memfd.create("more", PAGE)) {
                assertThat(server.client.error(Command.DMA_MAP, map(0, PAGE, 0, flags), more.fd()))
                        .isZero();
                boolean readable = flags == VfioLayout.MAP_READABLE;
                server.client.expose(0, 1, 0, !readable);
                assertThat(server.card.serve(0)).containsExactly(1);
                server.client.expose(0, 2, 0, readable);
                assertThat(server.card.serve(0)).isEmpty();
                assertThat(RawClient.eventually(() -> server.pci.events().contains("needs reset")))
                        .isTrue();
            }
        }
    }

    @Test
    void line63MemoryGoesAwayWhileRequestsRun() throws Exception {
        try (ServerUnderTest server = ServerUnderTest.running()) {
            for (int round = 0; round < 200; round++) {
                server.client.expose(0, round % 60);
                if (round % 3 == 0) {
                    server.card.hold(0);
                } else {
                    server.card.serve(0);
                }
                assertThat(server.client.error(Command.DMA_UNMAP, unmap(GUEST, MEMORY, 0)))
                        .isZero();
                assertThat(OpenDescriptors.mappings("memfd:guest")).isEqualTo(1);
                server.client.shareMemory();
                assertThat(server.card.isAttached(0)).isTrue();
            }
        }
    }

    @Test
    void line63OnlyWhatWasMappedIsUnmapped() {
        try (ServerUnderTest server = ServerUnderTest.running()) {
            for (byte[] none : new byte[][] {
                unmap(GUEST, PAGE, 0),
                unmap(GUEST + PAGE, MEMORY - PAGE, 0),
                unmap(GUEST, MEMORY * 2, 0),
                unmap(0, 0, 0)
            }) {
                assertThat(server.client.error(Command.DMA_UNMAP, none)).isEqualTo(ErrorNumber.NO_ENTRY);
            }
            for (byte[] bad :
                    new byte[][] {unmap(GUEST, MEMORY, 1), unmap(GUEST, MEMORY, 2), unmap(GUEST, MEMORY, 4)}) {
                assertThat(server.client.error(Command.DMA_UNMAP, bad)).isEqualTo(ErrorNumber.INVALID);
            }
            assertThat(server.card.isAttached(0)).isTrue();
            assertThat(server.card.attachments()).isEqualTo(1);
        }
    }

    @Test
    void line63NoDescriptorLeaksHoweverManyComeWithWhateverCommand() throws Exception {
        try (ServerUnderTest server = ServerUnderTest.negotiated();
                EventFd event = EventFd.create()) {
            server.client.sync();
            long before = OpenDescriptors.count();
            Fd[] many = new Fd[VfioLayout.MAX_DESCRIPTORS];
            java.util.Arrays.fill(many, event.fd());
            for (int round = 0; round < 100; round++) {
                for (int command = 0; command < 20; command++) {
                    if (command != Command.DEVICE_SET_IRQS) {
                        assertThat(server.client.error(command, new byte[64], many))
                                .isNotZero();
                    }
                }
                assertThat(server.client.setIrqs(36, 2, 0, 4, many)).isEqualTo(ErrorNumber.INVALID);
                assertThat(server.client.setIrqs(36, 2, 0, 2, event.fd(), server.client.memory.fd()))
                        .as("no event")
                        .isEqualTo(ErrorNumber.INVALID);
                assertThat(server.client.setIrqs(33, 2, 0, 4, many))
                        .as("not wanted")
                        .isZero();
            }
            assertThat(OpenDescriptors.count()).isEqualTo(before);
        }
        try (ServerUnderTest server = ServerUnderTest.negotiated();
                EventFd event = EventFd.create()) {
            Fd[] tooMany = new Fd[VfioLayout.MAX_DESCRIPTORS + 1];
            java.util.Arrays.fill(tooMany, event.fd());
            server.client.send(0, Command.DEVICE_SET_IRQS, RawClient.irqs(36, 2, 0, 17), tooMany);
            assertThat(server.end().failed()).isTrue();
        }
    }

    @Test
    void line64AccessOutsideARegionIsRefused() {
        try (ServerUnderTest server = ServerUnderTest.negotiated()) {
            long size = FakePciFunction.BAR;
            byte[][] reads = {
                access(0, size, 1),
                access(0, size - 1, 2),
                access(0, 0, (int) size + 1),
                access(0, 0, 0),
                access(0, -1, 1),
                access(0, -1, 2),
                access(0, Long.MAX_VALUE, 4),
                access(0, Long.MIN_VALUE, 4),
                access(0, 4, -1),
                access(0, 4, Integer.MIN_VALUE),
                access(0, 0, 1 << 21),
                access(1, 0, 1),
                access(8, 0, 1),
                access(9, 0, 1),
                access(-1, 0, 1),
                access(3, 0, 1)
            };
            for (byte[] read : reads) {
                assertThat(server.client.error(Command.REGION_READ, read)).isEqualTo(ErrorNumber.INVALID);
            }
            assertThat(server.client.error(Command.REGION_READ, access(0, 3, 3)))
                    .as("unaligned is the function's to judge")
                    .isZero();
            byte[] four = new byte[4];
            byte[][] writes = {
                access(0, size - 3, 4, four),
                access(0, 0, 5, four),
                access(0, 0, 3, four),
                access(0, 0, 0),
                access(0, 0, -1, four),
                access(2, 0, 4, four),
                access(9, 0, 4, four)
            };
            for (byte[] write : writes) {
                assertThat(server.client.error(Command.REGION_WRITE, write)).isEqualTo(ErrorNumber.INVALID);
            }
            assertThat(server.pci.writes).isEmpty();
        }
    }

    @Test
    void line65InterruptsThatAreNotThereAreRefused() {
        try (ServerUnderTest server = ServerUnderTest.negotiated();
                EventFd event = EventFd.create()) {
            int events = VfioLayout.SET_EVENTFD | VfioLayout.SET_TRIGGER;
            int trigger = VfioLayout.SET_NONE | VfioLayout.SET_TRIGGER;
            int[][] bad = {
                {events, 2, 4, 1},
                {events, 2, 3, 2},
                {events, 2, -1, 2},
                {events, 2, 1, -1},
                {events, 2, Integer.MAX_VALUE, Integer.MAX_VALUE},
                {events, 0, 1, 1},
                {events, 3, 0, 1},
                {events, 5, 0, 1},
                {events, -1, 0, 1},
                {events, 2, 0, 0},
                {trigger, 2, 1, 0},
                {trigger, 2, 0, 5},
                {VfioLayout.SET_NONE | VfioLayout.SET_MASK, 1, 0, 1},
                {VfioLayout.SET_NONE | VfioLayout.SET_MASK, 2, 0, 0},
                {VfioLayout.SET_NONE, 2, 0, 1},
                {VfioLayout.SET_TRIGGER, 2, 0, 1},
                {trigger | VfioLayout.SET_BOOL, 2, 0, 1},
                {trigger | VfioLayout.SET_MASK, 2, 0, 1},
                {trigger | 64, 2, 0, 1},
                {VfioLayout.SET_BOOL | VfioLayout.SET_TRIGGER, 2, 0, 4}
            };
            for (int[] each : bad) {
                assertThat(server.client.setIrqs(each[0], each[1], each[2], each[3]))
                        .as("%s", java.util.Arrays.toString(each))
                        .isEqualTo(ErrorNumber.INVALID);
            }
            assertThat(server.client.setIrqs(events, 2, 0, 2, event.fd()))
                    .as("fewer events than interrupts")
                    .isEqualTo(ErrorNumber.INVALID);
            assertThat(server.client.setIrqs(trigger, 2, 0, 4))
                    .as("without events")
                    .isZero();
        }
    }

    @Test
    void line65AnEventThatIsFullStopsNobody() {
        try (ServerUnderTest server = ServerUnderTest.negotiated();
                EventFd full = EventFd.create()) {
            assertThat(server.client.setIrqs(36, 2, 0, 1, full.fd())).isZero();
            full.fill();
            for (int i = 0; i < 10; i++) {
                server.pci.interrupt(dev.cipu.device.pci.InterruptKind.MSIX, 0);
            }
            server.client.sync();
        }
    }

    @Test
    void line66AResetWhileRequestsRunTakesQueuesBack() {
        try (ServerUnderTest server = ServerUnderTest.running()) {
            for (int round = 0; round < 100; round++) {
                server.client.expose(0, round % 60);
                if (round % 2 == 0) {
                    server.card.hold(0);
                }
                assertThat(server.client.error(Command.DEVICE_RESET, NOTHING)).isZero();
                assertThat(server.card.isAttached(0)).isFalse();
                server.client.mapping.segment().fill((byte) 0);
                assertThat(server.client.start(0)).isTrue();
            }
        }
    }

    @Test
    void line68MigrationIsNotOfferedAndItsDataIsNobodys() {
        try (ServerUnderTest server = ServerUnderTest.running()) {
            for (int feature : new int[] {1, 2}) {
                for (int method : new int[] {VfioLayout.FEATURE_GET, VfioLayout.FEATURE_SET}) {
                    byte[] payload = RawClient.payload(16)
                            .putInt(16)
                            .putInt(feature | method)
                            .putInt(99)
                            .array();
                    assertThat(server.client.error(Command.DEVICE_FEATURE, payload))
                            .isEqualTo(ErrorNumber.NO_SUCH_FEATURE);
                }
            }
            for (int command : new int[] {17, 18}) {
                for (int size : new int[] {0, 8, 100}) {
                    assertThat(server.client.error(command, new byte[size])).isEqualTo(ErrorNumber.NOT_SUPPORTED);
                }
            }
            assertThat(server.card.isAttached(0)).as("the queue still runs").isTrue();
        }
    }

    @Test
    void line67ADescriptorThatPointsAtTheDevicesOwnRegistersBreaksTheQueueAndTouchesThemNot() {
        try (ServerUnderTest server = ServerUnderTest.running()) {
            int writes = server.pci.writes.size();
            // a BAR is no memory of the client's, wherever its guest has put it
            server.client.expose(0, 1, 0xfebf_0000L, true);
            assertThat(server.card.serve(0)).isEmpty();
            assertThat(RawClient.eventually(() -> server.pci.events().contains("needs reset")))
                    .isTrue();
            assertThat(server.pci.writes).hasSize(writes);
        }
    }
}
