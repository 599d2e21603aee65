package dev.cipu.shim.trace;

import dev.cipu.dataplane.journal.Capture;
import dev.cipu.dataplane.journal.RecordLayout;
import dev.cipu.virtio.memory.Le;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import net.openhft.chronicle.bytes.BytesStore;
import net.openhft.chronicle.bytes.PointerBytesStore;
import net.openhft.chronicle.queue.ChronicleQueue;
import net.openhft.chronicle.queue.ExcerptAppender;
import net.openhft.chronicle.wire.DocumentContext;

/**
 * Appends documents to a new trace, see {@link TraceLayout}. A document becomes readable as a whole, whatever ends the process. Owner:
 * the thread that records, and whoever made the writer before that thread started and after it ended.
 */
final class TraceWriter implements AutoCloseable {
    private static final int LARGEST_NAME = 256;

    private final Path directory;
    private final ChronicleQueue queue;
    private final ExcerptAppender appender;
    private final MemorySegment scratch = Arena.ofAuto().allocate(TraceLayout.BEGIN_BYTES + LARGEST_NAME, 8);
    private final PointerBytesStore pointer = BytesStore.nativePointer();

    private TraceWriter(Path directory, ChronicleQueue queue) {
        this.directory = directory;
        this.queue = queue;
        appender = queue.createAppender();
        // it goes from thread to thread, each time with a start or an end of a thread in between
        appender.singleThreadedCheckDisabled(true);
    }

    /**
     * A new trace in a directory that is empty, or is made here.
     *
     * @param wall ns since 1970
     * @param clock what the workers' clock shows then
     * @throws TraceException if there is something already, or it cannot be made
     */
    static TraceWriter create(Path directory, Capture capture, long wall, long clock) {
        prepare(directory);
        TraceWriter writer;
        try {
            writer = new TraceWriter(directory, ChronicleFiles.create(directory));
        } catch (RuntimeException e) {
            throw new TraceException("no trace can be made in " + directory + ": " + e.getMessage(), e);
        }
        writer.begin(capture, wall, clock);
        return writer;
    }

    private static void prepare(Path directory) {
        try {
            if (Files.isDirectory(directory)) {
                try (Stream<Path> there = Files.list(directory)) {
                    if (there.findAny().isPresent()) {
                        throw new TraceException(
                                directory + " is not empty; a trace needs a directory of its own: choose another one");
                    }
                }
            }
            Files.createDirectories(directory);
        } catch (IOException e) {
            throw new TraceException(
                    "the directory " + directory + " cannot be made or read: " + e + "; choose another one", e);
        }
    }

    Path directory() {
        return directory;
    }

    private void begin(Capture capture, long wall, long clock) {
        scratch.set(Le.INT, TraceLayout.AT_TYPE, TraceLayout.BEGIN);
        scratch.set(Le.INT, TraceLayout.AT_WORD, TraceLayout.VERSION);
        scratch.set(Le.LONG, TraceLayout.BEGIN_MAGIC, TraceLayout.MAGIC);
        scratch.set(Le.LONG, TraceLayout.BEGIN_WALL, wall);
        scratch.set(Le.LONG, TraceLayout.BEGIN_CLOCK, clock);
        scratch.set(Le.LONG, TraceLayout.BEGIN_PID, ProcessHandle.current().pid());
        scratch.set(Le.INT, TraceLayout.BEGIN_PAYLOAD, TraceLayout.code(capture.payload()));
        scratch.set(Le.INT, TraceLayout.BEGIN_HEADER_BYTES, capture.headerBytes());
        append(TraceLayout.BEGIN_BYTES);
    }

    /** From now on there may be records of this device. */
    void device(TracedDevice device) {
        byte[] id = device.id().getBytes(StandardCharsets.UTF_8);
        if (id.length > LARGEST_NAME) {
            throw new IllegalArgumentException("a name of " + id.length + " bytes");
        }
        scratch.set(Le.INT, TraceLayout.AT_TYPE, TraceLayout.DEVICE);
        scratch.set(Le.SHORT, TraceLayout.AT_WORD, (short) device.number());
        scratch.set(Le.SHORT, TraceLayout.DEVICE_KIND, (short) device.kind());
        scratch.set(Le.INT, TraceLayout.DEVICE_QUEUES, device.queues());
        scratch.set(Le.INT, TraceLayout.DEVICE_ID_BYTES, id.length);
        MemorySegment.copy(MemorySegment.ofArray(id), 0, scratch, TraceLayout.DEVICE_BYTES, id.length);
        append(TraceLayout.DEVICE_BYTES + id.length);
    }

    /** Records as they lie at an address. */
    void records(int worker, long address, long bytes) {
        try (DocumentContext document = document()) {
            var into = document.wire().bytes();
            into.writeInt(TraceLayout.RECORDS);
            into.writeInt(worker);
            pointer.set(address, bytes);
            into.write(pointer, 0L, bytes);
        }
    }

    /** Tells of transactions that no journal could tell of. */
    void loss(int device, int queue, long count, long from, long until) {
        RecordLayout.writeLoss(scratch, 0, device, queue, count, from, until);
        records(0, scratch.address(), RecordLayout.HEADER_BYTES);
    }

    /** Nothing follows. */
    void end(long clock) {
        scratch.set(Le.INT, TraceLayout.AT_TYPE, TraceLayout.END);
        scratch.set(Le.INT, TraceLayout.AT_WORD, 0);
        scratch.set(Le.LONG, TraceLayout.END_CLOCK, clock);
        append(TraceLayout.END_BYTES);
    }

    private void append(int bytes) {
        try (DocumentContext document = document()) {
            pointer.set(scratch.address(), bytes);
            document.wire().bytes().write(pointer, 0L, bytes);
        }
    }

    private DocumentContext document() {
        return appender.writingDocument();
    }

    @Override
    public void close() {
        appender.close();
        queue.close();
    }
}
