package dev.cipu.shim.trace;

import dev.cipu.virtio.memory.Le;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import net.openhft.chronicle.bytes.Bytes;
import net.openhft.chronicle.queue.ChronicleQueue;
import net.openhft.chronicle.queue.ExcerptTailer;
import net.openhft.chronicle.wire.DocumentContext;
import org.jspecify.annotations.Nullable;

/**
 * Reads the documents of a trace in the order in which they were written, also while the card still writes it, and one whose card was
 * killed: what is not whole is not there. The files are untrusted: a document is copied and its size checked. One thread.
 */
final class DocumentReader implements AutoCloseable {
    private final Path directory;
    private final ChronicleQueue queue;
    private final ExcerptTailer tailer;
    private byte[] buffer = new byte[TraceLayout.PIECE_BYTES];
    private MemorySegment document = MemorySegment.ofArray(buffer);
    private int bytes;
    private long number = -1;

    private DocumentReader(Path directory, ChronicleQueue queue) {
        this.directory = directory;
        this.queue = queue;
        tailer = queue.createTailer();
    }

    /**
     * Opens a trace.
     *
     * @throws TraceException if there is none, or what is there is none of ours
     */
    static DocumentReader open(Path directory) {
        if (!Files.isDirectory(directory)) {
            throw new TraceException("there is no directory " + directory + "; check the path");
        }
        try (Stream<Path> files = Files.list(directory)) {
            if (files.noneMatch(file -> file.toString().endsWith(ChronicleFiles.DATA_SUFFIX))) {
                throw foreign(directory);
            }
            FileHeads.await(directory);
        } catch (IOException e) {
            throw new TraceException("the directory " + directory + " cannot be read: " + e + "; check its mode", e);
        }
        try {
            return new DocumentReader(directory, ChronicleFiles.open(directory));
        } catch (RuntimeException | AssertionError e) {
            throw new TraceException(directory + " is damaged or no trace: " + e + "; record again", e);
        }
    }

    static TraceException foreign(Path directory) {
        return new TraceException(
                directory + " has no trace of a card; name the directory that was given to 'cipu serve --record'");
    }

    /** From the first document on again. */
    void rewind() {
        tailer.toStart();
        number = -1;
    }

    /**
     * Goes on to the next document.
     *
     * @return false if there is none that is whole
     */
    boolean next() {
        try (DocumentContext context = tailer.readingDocument()) {
            if (!context.isPresent() || !context.isData()) {
                return false;
            }
            number++;
            copy(context.wire().bytes());
            return true;
        } catch (TraceException e) {
            throw e;
        } catch (RuntimeException | AssertionError | InternalError e) {
            throw damaged("it cannot be read: " + e, e);
        }
    }

    private void copy(Bytes<?> from) {
        long remaining = from.readRemaining();
        if (remaining < TraceLayout.RECORDS_BYTES || remaining > TraceLayout.MAX_DOCUMENT_BYTES) {
            throw damaged("it has " + remaining + " bytes", null);
        }
        bytes = (int) remaining;
        if (bytes > buffer.length) {
            buffer = new byte[bytes];
            document = MemorySegment.ofArray(buffer);
        }
        from.read(buffer, 0, bytes);
    }

    /** What is wrong with the document at hand. */
    TraceException damaged(String what, @Nullable Throwable cause) {
        return new TraceException(
                directory + " is damaged at document " + number + ": " + what + "; what is before it may be read",
                cause);
    }

    /** The document at hand; undefined beyond {@link #bytes}, and after the next call of {@link #next}. */
    MemorySegment document() {
        return document;
    }

    int bytes() {
        return bytes;
    }

    int type() {
        return document.get(Le.INT_UNALIGNED, TraceLayout.AT_TYPE);
    }

    Path directory() {
        return directory;
    }

    @Override
    public void close() {
        tailer.close();
        queue.close();
    }
}
