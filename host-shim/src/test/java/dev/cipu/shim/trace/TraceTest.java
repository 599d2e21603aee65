package dev.cipu.shim.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.dataplane.CounterTable;
import dev.cipu.dataplane.journal.Capture;
import dev.cipu.dataplane.journal.JournalRing;
import dev.cipu.dataplane.journal.QueueJournal;
import dev.cipu.dataplane.journal.RecordLayout;
import dev.cipu.shim.posix.Affinity;
import dev.cipu.virtio.blk.BlkDevice;
import dev.cipu.virtio.blk.BlkRequest;
import dev.cipu.virtio.memory.HostMemory;
import dev.cipu.virtio.net.NetDevice;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.StringWriter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import net.openhft.chronicle.queue.ChronicleQueue;
import net.openhft.chronicle.queue.ExcerptAppender;
import net.openhft.chronicle.wire.DocumentContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A trace that this test's thread records in the place of a worker, with times that it makes up. */
@Timeout(60)
class TraceTest {
    private static final byte[] FRAME = new byte[100];

    static {
        for (int i = 0; i < FRAME.length; i++) {
            FRAME[i] = (byte) i;
        }
    }

    @TempDir
    private Path folder;

    private final CounterTable counters =
            new CounterTable(Arena.ofAuto().allocate(CounterTable.DEFAULT_BYTES, 64), 1, 0);

    private Path directory() {
        return folder.resolve("trace");
    }

    private TraceRecorder recorder(int workers, long ringBytes) {
        return TraceRecorder.start(directory(), Capture.HEADERS, workers, ringBytes, Affinity.allowed(), counters);
    }

    private static DeviceTrace device(TraceRecorder recorder, int kind, String id, int queues) {
        return Objects.requireNonNull(recorder.device(kind, id, queues));
    }

    private static void frame(QueueJournal journal, int kind, long taken, int id) {
        long at = journal.begin(kind, RecordLayout.PASSED, taken, taken + 7, 64);
        QueueJournal.chain(at, id, 112, 0, 0);
        QueueJournal.content(at, 0, 0, FRAME.length);
        MemorySegment.copy(MemorySegment.ofArray(FRAME), 0, HostMemory.ALL, at + RecordLayout.HEADER_BYTES, 64);
    }

    private static void request(QueueJournal journal, long taken, long completed, long sector) {
        long at = journal.begin(RecordLayout.BLOCK, BlkRequest.IOERR, taken, completed, 0);
        QueueJournal.chain(at, 5, 16, 4097, 0);
        QueueJournal.content(at, sector, BlkRequest.IN, 4096);
    }

    /** Two frames and, from another worker, a request that was taken between them and ended much later. */
    private void recordThree() {
        try (TraceRecorder recorder = recorder(2, JournalRing.LEAST_BYTES)) {
            DeviceTrace net = device(recorder, NetDevice.DEVICE_ID, "net0", 3);
            DeviceTrace blk = device(recorder, BlkDevice.DEVICE_ID, "blk0", 1);
            QueueJournal sent = net.queue(1, 0);
            QueueJournal requests = blk.queue(0, 1);
            frame(sent, RecordLayout.TRANSMIT, 1_000, 3);
            frame(sent, RecordLayout.TRANSMIT, 3_000, 4);
            sent.release();
            request(requests, 2_000, 9_000, 77);
            requests.release();
            net.close();
            blk.close();
        }
    }

    @Test
    void transactionsComeInTheOrderInWhichTheyWereTaken() {
        recordThree();
        try (TraceReader trace = TraceReader.open(directory())) {
            assertThat(trace.isEnded()).isTrue();
            assertThat(trace.devices()).extracting(TracedDevice::id).containsExactly("net0", "blk0");
            for (int i = 0; i < 2; i++) {
                assertThat(taken(trace)).containsExactly(1_000L, 2_000L, 3_000L);
                trace.rewind();
            }
            Transaction each = trace.transaction();
            assertThat(trace.next()).isTrue();
            assertThat(each.kind()).isEqualTo(Transaction.Kind.TRANSMIT);
            assertThat(each.device().id()).isEqualTo("net0");
            assertThat(each.queue()).isEqualTo(1);
            assertThat(each.id()).isEqualTo(3);
            assertThat(each.completed()).isEqualTo(1_007);
            assertThat(each.readable()).isEqualTo(112);
            assertThat(each.hasFrame()).isTrue();
            assertThat(each.length()).isEqualTo(FRAME.length);
            assertThat(each.bytes().mismatch(MemorySegment.ofArray(FRAME).asSlice(0, 64)))
                    .isEqualTo(-1);
            assertThat(trace.next()).isTrue();
            assertThat(each.kind()).isEqualTo(Transaction.Kind.BLOCK);
            assertThat(each.device().kindName()).isEqualTo("blk");
            assertThat(each.sector()).isEqualTo(77);
            assertThat(each.operation()).isEqualTo(BlkRequest.IN);
            assertThat(each.status()).isEqualTo(BlkRequest.IOERR);
        }
    }

    private static List<Long> taken(TraceReader trace) {
        List<Long> times = new ArrayList<>();
        while (trace.next()) {
            times.add(trace.transaction().taken());
        }
        return times;
    }

    /** Many documents, each worker's later than its neighbour's. */
    @Test
    void manyRecordsOfSeveralWorkersAreInOrderAndComplete() {
        int count = 30_000;
        try (TraceRecorder recorder = recorder(2, 8 << 20)) {
            DeviceTrace blk = device(recorder, BlkDevice.DEVICE_ID, "blk0", 2);
            QueueJournal first = blk.queue(0, 0);
            QueueJournal second = blk.queue(1, 1);
            for (int i = 0; i < count; i++) {
                request(first, 10L * i, 10L * i + 5, i);
                request(second, 10L * (count - i) + 1, 11L * count, i);
            }
            first.release();
            second.release();
            blk.close();
        }
        try (TraceReader trace = TraceReader.open(directory())) {
            assertThat(taken(trace)).hasSize(2 * count).isSorted();
            assertThat(trace.totals()).extracting(QueueTotals::transactions).containsExactly((long) count, (long)
                    count);
        }
    }

    /** The last losses of a queue that goes while the ring is full are in no record of its own. */
    @Test
    void lossesAreInTheTrace() {
        long written = recordUntilFiveAreLost();
        try (TraceReader trace = TraceReader.open(directory())) {
            QueueTotals totals = trace.totals().getFirst();
            assertThat(totals.transactions()).isEqualTo(written);
            assertThat(totals.lost()).isEqualTo(5);
        }
        assertThat(written).isEqualTo(JournalRing.LEAST_BYTES / 128);
    }

    /** Nothing is shown to the recording thread before the ring is full. */
    private long recordUntilFiveAreLost() {
        long written = 0;
        try (TraceRecorder recorder = recorder(1, JournalRing.LEAST_BYTES)) {
            DeviceTrace net = device(recorder, NetDevice.DEVICE_ID, "net0", 3);
            QueueJournal sent = net.queue(1, 0);
            while (sent.untold() < 5) {
                long at = sent.begin(RecordLayout.TRANSMIT, RecordLayout.PASSED, 1, 2, 64);
                if (at != 0) {
                    QueueJournal.chain(at, 0, 0, 0, 0);
                    QueueJournal.content(at, 0, 0, FRAME.length);
                    written++;
                }
            }
            net.close();
            sent.release();
        }
        return written;
    }

    @Test
    void aTableHasALineForEachTransaction() throws IOException {
        recordThree();
        try (TraceReader trace = TraceReader.open(directory())) {
            StringWriter out = new StringWriter();
            assertThat(CsvExport.write(trace, _ -> true, out)).isEqualTo(3);
            long wall = trace.header().wall(0);
            List<String> lines = out.toString().lines().toList();
            String hex = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
                    + "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f";
            assertThat(lines)
                    .containsExactly(
                            "time_ns,duration_ns,device,queue,kind,id,readable,writable,written,operation,sector,length,status,"
                                    + "net_header,lost,bytes",
                            (wall + 1_000) + ",7,net0,1,transmit,3,112,0,0,frame,,100,0,,," + hex,
                            (wall + 2_000) + ",7000,blk0,0,block,5,16,4097,0,read,77,4096,1,,,",
                            (wall + 3_000) + ",7,net0,1,transmit,4,112,0,0,frame,,100,0,,," + hex);
            assertThat(lines)
                    .allMatch(line -> line.chars().filter(c -> c == ',').count() == 15);
        }
    }

    @Test
    void aLossHasAsManyCellsAsTheOthers() throws IOException {
        recordUntilFiveAreLost();
        try (TraceReader trace = TraceReader.open(directory())) {
            StringWriter out = new StringWriter();
            CsvExport.write(trace, _ -> true, out);
            assertThat(out.toString().lines())
                    .allMatch(line -> line.chars().filter(c -> c == ',').count() == 15)
                    .anyMatch(line -> line.contains(",loss,") && line.endsWith(",5,"));
        }
    }

    @Test
    void aCaptureFileHasAnInterfaceForEachPairAndNanoseconds() throws IOException {
        try (TraceRecorder recorder = recorder(1, JournalRing.LEAST_BYTES)) {
            DeviceTrace net = device(recorder, NetDevice.DEVICE_ID, "net0", 5);
            QueueJournal sent = net.queue(1, 0);
            QueueJournal got = net.queue(2, 0);
            frame(sent, RecordLayout.TRANSMIT, 1_000, 3);
            frame(got, RecordLayout.RECEIVE, 2_001, 4);
            long at = got.begin(RecordLayout.LOSS, 0, 2_002, 2_003, 0);
            QueueJournal.content(at, 9, 0, 0);
            frame(got, RecordLayout.RECEIVE, 2_004, 5);
            sent.release();
            got.release();
            net.close();
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        long wall;
        try (TraceReader trace = TraceReader.open(directory())) {
            wall = trace.header().wall(0);
            assertThat(PcapngExport.write(trace, _ -> true, out)).isEqualTo(3);
        }
        ByteBuffer file = ByteBuffer.wrap(out.toByteArray()).order(ByteOrder.LITTLE_ENDIAN);
        List<ByteBuffer> blocks = new ArrayList<>();
        while (file.hasRemaining()) {
            int bytes = file.getInt(file.position() + 4);
            assertThat(bytes % 4).isZero();
            assertThat(file.getInt(file.position() + bytes - 4)).isEqualTo(bytes);
            blocks.add(file.slice(file.position(), bytes).order(ByteOrder.LITTLE_ENDIAN));
            file.position(file.position() + bytes);
        }
        assertThat(blocks).extracting(block -> block.getInt(0)).containsExactly(0x0a0d0d0a, 1, 1, 6, 6, 6, 5, 5);
        assertThat(blocks.get(1).getInt(12)).as("snaplen").isEqualTo(64);
        ByteBuffer packet = blocks.get(4);
        assertThat(packet.getInt(8)).as("interface").isEqualTo(1);
        assertThat(Integer.toUnsignedLong(packet.getInt(12)) << 32 | Integer.toUnsignedLong(packet.getInt(16)))
                .isEqualTo(wall + 2_001);
        assertThat(packet.getInt(20)).as("captured").isEqualTo(64);
        assertThat(packet.getInt(24)).as("original").isEqualTo(FRAME.length);
        assertThat(packet.getInt(28 + 64 + 4)).as("inbound").isEqualTo(1);
        ByteBuffer statistics = blocks.get(7);
        // start, end, received and dropped, each an option of 12 bytes
        assertThat(statistics.getLong(20 + 2 * 12 + 4)).as("received").isEqualTo(11);
        assertThat(statistics.getLong(20 + 3 * 12 + 4)).as("dropped").isEqualTo(9);
    }

    @Test
    void aDirectoryThatIsNotEmptyIsRefused() throws IOException {
        Files.createDirectories(directory());
        Files.createFile(directory().resolve("mine"));
        assertThatThrownBy(() -> recorder(1, JournalRing.LEAST_BYTES))
                .isInstanceOf(TraceException.class)
                .hasMessageContaining("not empty");
        assertThat(directory().resolve("mine")).exists();
    }

    @Test
    void whatIsNoTraceIsRefused() throws IOException {
        assertThatThrownBy(() -> TraceReader.open(folder.resolve("nothing")))
                .isInstanceOf(TraceException.class)
                .hasMessageContaining("there is no directory");
        assertThatThrownBy(() -> TraceReader.open(folder))
                .isInstanceOf(TraceException.class)
                .hasMessageContaining("no trace of a card");
        try (ChronicleQueue queue = ChronicleFiles.create(directory())) {
            append(queue, "somebody else's text".getBytes(StandardCharsets.UTF_8));
        }
        assertThatThrownBy(() -> TraceReader.open(directory()))
                .isInstanceOf(TraceException.class)
                .hasMessageContaining("no trace of a card");
    }

    @Test
    void documentsWithoutSenseAreTold() {
        recordThree();
        try (ChronicleQueue queue = ChronicleFiles.create(directory())) {
            append(queue, new byte[] {3, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4});
        }
        assertThatThrownBy(() -> TraceReader.open(directory()))
                .isInstanceOf(TraceException.class)
                .hasMessageContaining("damaged at document 6")
                .hasMessageNotContaining("\n");
    }

    /** As a disk leaves them that lost its power before it wrote. Chronicle alone would wait ten seconds for each. */
    @ParameterizedTest
    @CsvSource({"cq4, 4096", "cq4, 0", "cq4, 3", "cq4t, 4096", "'', 4096", "'', 0", "'', 3"})
    @Timeout(3)
    void filesOfZeroesAreTold(String suffix, int bytes) throws IOException {
        recordThree();
        zeroes(suffix, bytes);
        assertThatThrownBy(() -> TraceReader.open(directory()))
                .isInstanceOf(TraceException.class)
                .hasMessageStartingWith(directory().toString());
    }

    /** What the other file has is enough. */
    @ParameterizedTest
    @ValueSource(ints = {0, 3})
    @Timeout(3)
    void withoutItsTableATraceIsRead(int bytes) throws IOException {
        recordThree();
        zeroes("cq4t", bytes);
        try (TraceReader trace = TraceReader.open(directory())) {
            assertThat(taken(trace)).containsExactly(1_000L, 2_000L, 3_000L);
        }
    }

    private void zeroes(String suffix, int bytes) throws IOException {
        try (Stream<Path> files = Files.list(directory())) {
            for (Path file :
                    files.filter(each -> each.toString().endsWith(suffix)).toList()) {
                Files.write(file, new byte[bytes]);
            }
        }
    }

    /** A card that begins while somebody looks. */
    @Test
    void aHeadThatComesALittleLaterIsWaitedFor() throws Exception {
        recordThree();
        Path file;
        try (Stream<Path> files = Files.list(directory())) {
            file = files.filter(each -> each.toString().endsWith("cq4t"))
                    .findFirst()
                    .orElseThrow();
        }
        byte[] head = Arrays.copyOf(Files.readAllBytes(file), Integer.BYTES);
        zeroes("cq4t", 4096);
        Thread card = Thread.ofPlatform().start(() -> {
            try (RandomAccessFile late = new RandomAccessFile(file.toFile(), "rw")) {
                Thread.sleep(FileHeads.WAIT_MILLIS / 4);
                late.write(head);
            } catch (InterruptedException | IOException e) {
                throw new IllegalStateException(e);
            }
        });
        FileHeads.await(directory());
        assertThat(Files.readAllBytes(file)).startsWith(head);
        card.join();
    }

    private static void append(ChronicleQueue queue, byte[] bytes) {
        try (ExcerptAppender appender = queue.createAppender();
                DocumentContext document = appender.writingDocument()) {
            document.wire().bytes().write(bytes);
        }
    }

    /** The counters say what became of the records; a trace that nobody ended is read up to where it is. */
    @Test
    void aTraceCanBeReadWhileItIsWritten() throws InterruptedException {
        try (TraceRecorder recorder = recorder(1, JournalRing.LEAST_BYTES)) {
            DeviceTrace net = device(recorder, NetDevice.DEVICE_ID, "net0", 3);
            QueueJournal sent = net.queue(1, 0);
            frame(sent, RecordLayout.TRANSMIT, 1_000, 3);
            sent.release();
            List<Long> taken = List.of();
            while (taken.isEmpty()) {
                Thread.sleep(5);
                try (TraceReader trace = TraceReader.open(directory())) {
                    taken = taken(trace);
                    assertThat(trace.isEnded()).isFalse();
                }
            }
            assertThat(taken).containsExactly(1_000L);
            net.close();
        }
    }
}
