package dev.cipu.shim.assembly;

import dev.cipu.dataplane.journal.Capture;
import dev.cipu.dataplane.journal.Capture.Payload;
import dev.cipu.dataplane.journal.JournalRing;
import dev.cipu.dataplane.journal.RecordLayout;
import dev.cipu.shim.trace.TraceRecorder;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * That a card records what passes its queues.
 *
 * @param directory where the trace is made
 * @param capture how much of each transaction
 * @param ringBytes between each worker and the recording thread, a power of two
 */
public record RecordSpec(Path directory, Capture capture, long ringBytes) {
    private static final long MOST_RING_BYTES = 1L << 30;

    /** Keys {@code dir}, {@code payload}, {@code bytes} and {@code buffer}. */
    static RecordSpec of(KeyValues values) {
        String directory = values.text("dir");
        if (directory == null) {
            throw values.missing("dir", "/var/tmp/trace");
        }
        Map<String, Payload> payloads = new LinkedHashMap<>();
        payloads.put("headers", Payload.HEADERS);
        payloads.put("all", Payload.ALL);
        payloads.put("none", Payload.NONE);
        Payload payload = values.choice("payload", payloads, Payload.HEADERS);
        int bytes = values.number(
                "bytes", Capture.DEFAULT_HEADER_BYTES, Capture.LEAST_HEADER_BYTES, RecordLayout.MAX_CAPTURED);
        String buffer = values.text("buffer");
        long ringBytes = buffer == null ? TraceRecorder.DEFAULT_RING_BYTES : values.size("buffer", buffer);
        if (ringBytes < JournalRing.LEAST_BYTES || ringBytes > MOST_RING_BYTES || Long.bitCount(ringBytes) != 1) {
            throw values.wrong(
                    "buffer",
                    "is '" + buffer + "'",
                    "give a power of two from " + ByteSize.format(JournalRing.LEAST_BYTES) + " to "
                            + ByteSize.format(MOST_RING_BYTES));
        }
        values.done();
        return new RecordSpec(Path.of(directory), new Capture(payload, bytes), ringBytes);
    }
}
