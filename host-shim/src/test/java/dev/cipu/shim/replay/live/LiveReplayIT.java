package dev.cipu.shim.replay.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cipu.dataplane.journal.Capture;
import dev.cipu.shim.assembly.CardAssembly;
import dev.cipu.shim.assembly.CardSpecBuilder;
import dev.cipu.shim.assembly.DeviceSpec;
import dev.cipu.shim.assembly.KeyValues;
import dev.cipu.shim.load.LoadException;
import dev.cipu.shim.load.Target;
import dev.cipu.shim.replay.LeftOut;
import dev.cipu.shim.replay.Pace;
import dev.cipu.shim.replay.ReplayException;
import dev.cipu.shim.replay.Selection;
import dev.cipu.shim.trace.MadeTrace;
import dev.cipu.shim.trace.TraceReader;
import dev.cipu.shim.trace.Transaction;
import dev.cipu.sim.model.Operation;
import dev.cipu.virtio.blk.BlkRequest;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/** Made traces into a live card, which records what it gets: that has to be what was in the trace. */
@Timeout(120)
@ParameterizedClass(name = "over vfio-user: {0}")
@ValueSource(booleans = {false, true})
class LiveReplayIT {
    private static final int DISK = 8 << 20;
    private static final byte[] NOTHING = {};

    /** In the place of what a read brought: that depends on which write was done by then. */
    private static final byte[] READ = {1};

    /** Where the device is: a PCI function, or a back-end. */
    private final boolean function;

    @TempDir
    private Path folder;

    LiveReplayIT(boolean function) {
        this.function = function;
    }

    private CardAssembly card() throws IOException {
        try (RandomAccessFile image = new RandomAccessFile(image().toFile(), "rw")) {
            image.setLength(DISK);
        }
        String over = function ? ",transport=vfio-user" : "";
        CardSpecBuilder card = new CardSpecBuilder()
                .stats(folder.resolve("counters"))
                .uplink("test", "loopback:")
                .net(KeyValues.parse("net", "socket=" + folder.resolve("net") + ",queues=2" + over))
                .blk(KeyValues.parse(
                        "blk", "socket=" + folder.resolve("blk") + ",store=file:" + image() + ",queues=2" + over))
                .blk(KeyValues.parse("blk", "socket=" + folder.resolve("ro") + ",store=mem:8M,ro=on" + over))
                .record(new KeyValues(
                        "record", Map.of("dir", folder.resolve("again").toString(), "payload", "all")));
        CardAssembly made = CardAssembly.start(card.build());
        made.spec().devices().forEach((DeviceSpec each) -> made.serve(each));
        return made;
    }

    private Path image() {
        return folder.resolve("disk.img");
    }

    private Path trace() {
        return folder.resolve("trace");
    }

    private LiveSpec spec(String socket, Pace pace, Writes writes, String... devices) {
        return new LiveSpec(
                trace(),
                new Selection(List.of(devices), List.of()),
                pace,
                Target.of(folder.resolve(socket)).withQueueSize(256),
                function,
                writes);
    }

    private static LiveResult run(LiveSpec spec) {
        try (LiveReplay replay = LiveReplay.connect(spec)) {
            return replay.run();
        }
    }

    private static LiveResult.Sent sent(LiveResult result, Operation operation) {
        return result.sent().stream()
                .filter(each -> each.operation() == operation)
                .findFirst()
                .orElseThrow();
    }

    private static byte[] bytes(int count, int seed) {
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++) {
            bytes[i] = (byte) (i * 7 + seed);
        }
        return bytes;
    }

    /** What the card recorded of a kind: sector or nothing, length, and bytes. */
    private List<String> recordedAgain(Transaction.Kind kind) {
        List<String> found = new ArrayList<>();
        try (TraceReader reader = TraceReader.open(folder.resolve("again"))) {
            Transaction each = reader.transaction();
            while (reader.next()) {
                if (each.kind() == kind) {
                    found.add((kind == Transaction.Kind.BLOCK ? each.operation() + " " + each.sector() + " " : "")
                            + each.length() + " " + each.status() + " "
                            + Arrays.hashCode(
                                    kind == Transaction.Kind.BLOCK && each.operation() == BlkRequest.IN
                                            ? READ
                                            : each.bytes().toArray(ValueLayout.JAVA_BYTE)));
                }
            }
        }
        return found;
    }

    /** Reads, writes whose data is recorded, a flush and a discard: each arrives with what it had. */
    @Test
    void requestsOfADisk() throws IOException {
        byte[] range = ByteBuffer.allocate(16)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(64)
                .putInt(8)
                .putInt(0)
                .array();
        List<String> wanted = new ArrayList<>();
        try (MadeTrace made = new MadeTrace(trace(), new Capture(Capture.Payload.ALL, 64))) {
            for (int i = 0; i < 200; i++) {
                long time = 500_000L * i;
                int queue = i % 3;
                switch (i % 4) {
                    case 0 -> made.request(queue, time, 10, BlkRequest.OUT, 8L * i, 4096, bytes(4096, i));
                    case 1 -> made.request(queue, time, 10, BlkRequest.IN, 8L * (i - 1), 4096, NOTHING);
                    case 2 -> made.request(queue, time, 10, BlkRequest.FLUSH, 0, 0, NOTHING);
                    default -> made.request(queue, time, 10, BlkRequest.DISCARD, 0, 16, range);
                }
                byte[] data = switch (i % 4) {
                    case 0 -> bytes(4096, i);
                    case 1 -> READ;
                    case 2 -> NOTHING;
                    default -> range;
                };
                int type = new int[] {BlkRequest.OUT, BlkRequest.IN, BlkRequest.FLUSH, BlkRequest.DISCARD}[i % 4];
                long sector = i % 4 == 0 ? 8L * i : i % 4 == 1 ? 8L * (i - 1) : 0;
                wanted.add(
                        type + " " + sector + " " + (i % 4 == 1 ? 4096 : data.length) + " 0 " + Arrays.hashCode(data));
            }
        }
        LiveResult result;
        try (CardAssembly _ = card()) {
            result = run(spec("blk", Pace.RECORDED, Writes.SEND));
        }
        assertThat(result.passed()).as(result.firstProblem()).isTrue();
        assertThat(result.sent()).hasSize(4).allSatisfy(each -> {
            assertThat(each.count()).isEqualTo(50);
            assertThat(each.latencyNs().samples()).isEqualTo(50);
        });
        assertThat(result.queues()).isEqualTo(2);
        assertThat(result.recordedQueues()).isEqualTo(3);
        // a tenth of a second, as recorded: the last one is due at 99.5 ms
        assertThat(result.recordedSeconds()).isCloseTo(0.0995, within(1e-9));
        assertThat(result.seconds()).isGreaterThan(0.0995);
        assertThat(result.behindNs().samples()).isEqualTo(200);
        assertThat(recordedAgain(Transaction.Kind.BLOCK)).containsExactlyInAnyOrderElementsOf(wanted);
    }

    /** Nothing of the data is recorded: the pattern depends on the sector alone, so every replay leaves the same disk. */
    @Test
    void withoutDataAPatternIsWritten() throws IOException {
        try (MadeTrace made = new MadeTrace(trace())) {
            for (int i = 0; i < 500; i++) {
                made.request(0, i, 10, BlkRequest.OUT, 8L * (i % 300), 4096, NOTHING);
            }
        }
        byte[] once;
        try (CardAssembly _ = card()) {
            LiveResult result = run(spec("blk", Pace.UNPACED, Writes.SEND));
            assertThat(result.passed()).as(result.firstProblem()).isTrue();
            once = Files.readAllBytes(image());
            Files.write(image(), new byte[DISK]);
            run(spec("blk", Pace.UNPACED, Writes.SEND));
        }
        assertThat(Files.readAllBytes(image())).isEqualTo(once);
        assertThat(Arrays.copyOfRange(once, 300 * 4096 - 512, 300 * 4096)).isNotEqualTo(new byte[512]);
        assertThat(Arrays.copyOfRange(once, 300 * 4096, 300 * 4096 + 512)).isEqualTo(new byte[512]);
    }

    @Test
    void writesAreSentOnlyIfSomebodySaysSo() throws IOException {
        try (MadeTrace made = new MadeTrace(trace())) {
            made.request(0, 1, 10, BlkRequest.OUT, 0, 4096, NOTHING);
            made.request(0, 2, 10, BlkRequest.IN, 0, 4096, NOTHING);
            made.request(0, 3, 10, BlkRequest.DISCARD, 0, 16, new byte[16]);
        }
        try (CardAssembly _ = card()) {
            assertThatThrownBy(() -> run(spec("blk", Pace.RECORDED, Writes.REFUSE)))
                    .isInstanceOf(ReplayException.class)
                    .hasMessageContaining("1 writes and 1 discards, which destroy")
                    .hasMessageContaining("--writes send");
            assertThatThrownBy(() -> run(spec("ro", Pace.RECORDED, Writes.SEND)))
                    .isInstanceOf(ReplayException.class)
                    .hasMessageContaining("read-only");
            LiveResult result = run(spec("ro", Pace.RECORDED, Writes.SKIP));
            assertThat(result.passed()).as(result.firstProblem()).isTrue();
            assertThat(result.leftOut()).containsEntry(LeftOut.WRITE, 2L);
            assertThat(sent(result, Operation.READ).count()).isEqualTo(1);
        }
        assertThat(Files.readAllBytes(image())).isEqualTo(new byte[DISK]);
        assertThat(recordedAgain(Transaction.Kind.BLOCK)).hasSize(1);
    }

    @Test
    void sectorsBeyondTheDiskAreToldBeforeAnythingIsSent() throws IOException {
        try (MadeTrace made = new MadeTrace(trace())) {
            made.request(0, 1, 10, BlkRequest.IN, 0, 4096, NOTHING);
            made.request(0, 2, 10, BlkRequest.IN, DISK / 512 - 7, 4096, NOTHING);
        }
        try (CardAssembly _ = card()) {
            assertThatThrownBy(() -> run(spec("blk", Pace.RECORDED, Writes.REFUSE)))
                    .isInstanceOf(ReplayException.class)
                    .hasMessageContaining("reaches sector " + DISK / 512)
                    .hasMessageContaining("ends at " + (DISK / 512 - 1))
                    .hasMessageContaining("nothing was sent");
        }
        assertThat(recordedAgain(Transaction.Kind.BLOCK)).isEmpty();
    }

    /** The uplink reflects: what is sent comes back, and the card has every frame as it was. */
    @Test
    void framesOfANetworkDevice() throws IOException {
        List<String> wanted = new ArrayList<>();
        try (MadeTrace made = new MadeTrace(trace(), new Capture(Capture.Payload.ALL, 64))) {
            for (int i = 0; i < 3000; i++) {
                byte[] frame = bytes(60 + i % 1400, i);
                // to and from single stations
                frame[0] = 2;
                frame[6] = 2;
                made.frame(i % 2 == 0 ? 1 : 3, 10_000L * i, frame.length, frame);
                made.frame(0, 10_000L * i + 1, 60, NOTHING);
                wanted.add(frame.length + " 0 " + Arrays.hashCode(frame));
            }
        }
        LiveResult result;
        try (CardAssembly _ = card()) {
            result = run(spec("net", Pace.RECORDED, Writes.REFUSE));
        }
        assertThat(sent(result, Operation.SEND).count()).isEqualTo(3000);
        assertThat(sent(result, Operation.SEND).latencyNs().samples()).isEqualTo(3000);
        assertThat(result.leftOut()).containsEntry(LeftOut.RECEIVED, 3000L);
        assertThat(result.framesReceived()).isPositive();
        assertThat(result.queues()).isEqualTo(2);
        assertThat(recordedAgain(Transaction.Kind.TRANSMIT)).containsExactlyInAnyOrderElementsOf(wanted);
    }

    /** Not what a buffer had of a frame before. */
    @Test
    void whatWasNotRecordedOfAFrameIsZeroes() throws IOException {
        byte[] part = Arrays.copyOf(bytes(200, 2), 64);
        part[0] = 2;
        part[6] = 2;
        byte[] whole = bytes(200, 1);
        whole[0] = 2;
        whole[6] = 2;
        try (MadeTrace made = new MadeTrace(trace(), new Capture(Capture.Payload.ALL, 64))) {
            for (int i = 0; i < 600; i++) {
                made.frame(1, i, 200, i < 300 ? whole : part);
            }
        }
        try (CardAssembly _ = card()) {
            assertThat(run(spec("net", Pace.UNPACED, Writes.REFUSE)).passed()).isTrue();
        }
        String padded = "200 0 " + Arrays.hashCode(Arrays.copyOf(part, 200));
        assertThat(recordedAgain(Transaction.Kind.TRANSMIT))
                .hasSize(600)
                .filteredOn(padded::equals)
                .hasSize(300);
    }

    /** One after the other, so that the second replay finds a device that the first has left in order. */
    @Test
    void aSecondReplayIsLikeTheFirst() throws IOException {
        try (MadeTrace made = new MadeTrace(trace(), new Capture(Capture.Payload.ALL, 64))) {
            for (int i = 0; i < 300; i++) {
                made.request(i % 2, 1000L * i, 10, BlkRequest.OUT, 8L * i, 4096, bytes(4096, i));
            }
        }
        List<String> once;
        List<String> twice;
        try (CardAssembly _ = card()) {
            assertThat(run(spec("blk", Pace.RECORDED, Writes.SEND)).passed()).isTrue();
            assertThat(run(spec("blk", Pace.RECORDED, Writes.SEND)).passed()).isTrue();
        }
        List<String> all = recordedAgain(Transaction.Kind.BLOCK);
        assertThat(all).hasSize(600);
        once = all.subList(0, 300).stream().sorted().toList();
        twice = all.subList(300, 600).stream().sorted().toList();
        assertThat(twice).isEqualTo(once);
    }

    @Test
    void packedRingsAndShortOnes() throws IOException {
        try (MadeTrace made = new MadeTrace(trace())) {
            for (int i = 0; i < 100; i++) {
                made.request(0, i, 10, BlkRequest.IN, 8L * i, 4096, NOTHING);
            }
        }
        try (CardAssembly _ = card()) {
            LiveSpec usual = spec("blk", Pace.UNPACED, Writes.REFUSE);
            Target target = usual.target();
            // seven descriptors hold two requests at a time
            for (Target each : List.of(target.withPacked(7, false), target.withQueueSize(4))) {
                LiveResult result = run(
                        new LiveSpec(trace(), usual.selection(), usual.pace(), each, usual.function(), usual.writes()));
                assertThat(result.passed()).as(result.firstProblem()).isTrue();
                assertThat(sent(result, Operation.READ).latencyNs().samples()).isEqualTo(100);
            }
            assertThatThrownBy(() -> run(new LiveSpec(
                            trace(),
                            usual.selection(),
                            usual.pace(),
                            target.withQueueSize(2),
                            usual.function(),
                            usual.writes())))
                    .isInstanceOf(ReplayException.class)
                    .hasMessageContaining("a ring of 2 has no room for a request of 3 descriptors");
        }
    }

    /** Half-way through requests that would take a minute the card ends. */
    @Test
    void aDiskThatGoesAwayIsTold() throws Exception {
        try (MadeTrace made = new MadeTrace(trace())) {
            for (int i = 0; i < 6000; i++) {
                made.request(i % 2, 10_000_000L * i, 10, BlkRequest.IN, 8L * (i % 100), 4096, NOTHING);
            }
        }
        goesAway("blk");
    }

    @Test
    void aNetworkDeviceThatGoesAwayIsTold() throws Exception {
        try (MadeTrace made = new MadeTrace(trace(), new Capture(Capture.Payload.ALL, 64))) {
            for (int i = 0; i < 6000; i++) {
                made.frame(1 + i % 2 * 2, 10_000_000L * i, 60, bytes(60, i));
            }
        }
        goesAway("net");
    }

    private void goesAway(String socket) throws Exception {
        CardAssembly card = card();
        try (LiveReplay replay = LiveReplay.connect(spec(socket, Pace.RECORDED, Writes.REFUSE));
                ExecutorService other = Executors.newSingleThreadExecutor()) {
            Future<LiveResult> result = other.submit(replay::run);
            Thread.sleep(300);
            assertThat(result.isDone()).isFalse();
            card.close();
            assertThatThrownBy(() -> result.get(5, TimeUnit.SECONDS))
                    .cause()
                    .isInstanceOf(LoadException.class)
                    .hasMessage((function ? "the server" : "the back-end") + " closed the connection");
        }
        assertThat(recordedAgain(socket.equals("blk") ? Transaction.Kind.BLOCK : Transaction.Kind.TRANSMIT))
                .hasSizeBetween(5, 1000);
    }

    @Test
    void aDeviceOfAnotherKindIsTold() throws IOException {
        try (MadeTrace made = new MadeTrace(trace())) {
            made.request(0, 1, 10, BlkRequest.IN, 0, 4096, NOTHING);
            made.frame(1, 1, 60, NOTHING);
        }
        try (CardAssembly _ = card()) {
            assertThatThrownBy(() -> run(spec("net", Pace.RECORDED, Writes.REFUSE, "blk0")))
                    .hasMessageContaining(
                            // over vhost-user a back-end does not say what it is
                            function
                                    ? "the trace is of a disk, and the function at " + folder.resolve("net")
                                            + " is a network device: nothing was sent"
                                    : "the back-end refuses");
            if (function) {
                assertThatThrownBy(() -> run(spec("blk", Pace.RECORDED, Writes.REFUSE, "net0")))
                        .isInstanceOf(ReplayException.class)
                        .hasMessageContaining("the trace is of a network device, and the function at "
                                + folder.resolve("blk") + " is a disk");
            }
        }
    }

    @Test
    void aDeviceThatIsNotThereIsTold() {
        try (MadeTrace made = new MadeTrace(trace())) {
            made.request(0, 1, 10, BlkRequest.IN, 0, 4096, NOTHING);
        }
        LiveSpec spec = new LiveSpec(
                trace(),
                Selection.ALL,
                Pace.RECORDED,
                new Target(folder.resolve("blk"), false, 256, false, true, false, Duration.ofMillis(200)),
                function,
                Writes.REFUSE);
        assertThatThrownBy(() -> run(spec)).hasMessageContaining("blk");
    }
}
