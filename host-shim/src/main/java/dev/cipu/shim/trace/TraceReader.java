package dev.cipu.shim.trace;

import dev.cipu.dataplane.journal.Capture;
import dev.cipu.dataplane.journal.RecordLayout;
import dev.cipu.virtio.memory.Le;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads a trace: what it has, and its transactions one by one in the order in which the card took them off the rings.
 *
 * <pre>{@code
 * try (TraceReader trace = TraceReader.open(directory)) {
 *     Transaction each = trace.transaction();
 *     while (trace.next()) {
 *         use(each);
 *     }
 * }
 * }</pre>
 *
 * <p>Opening goes through all of it once, to count and to learn how far its order differs from the one wanted. Of a card that still
 * records it has what was written by then. One thread.
 */
public final class TraceReader implements AutoCloseable {
    private static final int MOST_NAME_BYTES = 1024;

    private final DocumentReader documents;
    private final TraceHeader header;
    private final Map<Integer, TracedDevice> devices = new LinkedHashMap<>();
    private final ByKey<QueueTotals> totals = new ByKey<>();
    private final Transaction transaction = new Transaction();
    private boolean ended;
    private long records;
    private long lateness;

    private TakenOrder order;
    private long toRead;
    private TakenOrder.@Nullable Held current;

    private TraceReader(DocumentReader documents) {
        this.documents = documents;
        if (!documents.next() || documents.type() != TraceLayout.BEGIN) {
            throw DocumentReader.foreign(documents.directory());
        }
        header = header(documents);
        scan();
        order = new TakenOrder(lateness);
        rewind();
    }

    /**
     * Opens a trace.
     *
     * @throws TraceException if there is none, or it is damaged
     */
    public static TraceReader open(Path directory) {
        DocumentReader documents = DocumentReader.open(directory);
        try {
            return new TraceReader(documents);
        } catch (RuntimeException e) {
            documents.close();
            throw e;
        }
    }

    private static TraceHeader header(DocumentReader documents) {
        MemorySegment begin = documents.document();
        if (documents.bytes() < TraceLayout.BEGIN_BYTES
                || begin.get(Le.LONG_UNALIGNED, TraceLayout.BEGIN_MAGIC) != TraceLayout.MAGIC) {
            throw DocumentReader.foreign(documents.directory());
        }
        int version = begin.get(Le.INT_UNALIGNED, TraceLayout.AT_WORD);
        if (version != TraceLayout.VERSION) {
            throw new TraceException(documents.directory() + " is a trace of version " + version
                    + ", and this cipu reads " + TraceLayout.VERSION + "; read it with the cipu that made it");
        }
        Capture.Payload payload = TraceLayout.payload(begin.get(Le.INT_UNALIGNED, TraceLayout.BEGIN_PAYLOAD));
        int headerBytes = begin.get(Le.INT_UNALIGNED, TraceLayout.BEGIN_HEADER_BYTES);
        if (payload == null) {
            throw documents.damaged("it says of no payload that we know", null);
        }
        Capture capture;
        try {
            capture = new Capture(payload, headerBytes);
        } catch (IllegalArgumentException e) {
            throw documents.damaged("headers of " + headerBytes + " bytes", e);
        }
        return new TraceHeader(
                begin.get(Le.LONG_UNALIGNED, TraceLayout.BEGIN_WALL),
                begin.get(Le.LONG_UNALIGNED, TraceLayout.BEGIN_CLOCK),
                begin.get(Le.LONG_UNALIGNED, TraceLayout.BEGIN_PID),
                capture);
    }

    private void scan() {
        long newest = Long.MIN_VALUE;
        while (documents.next()) {
            switch (documents.type()) {
                case TraceLayout.DEVICE -> add(device());
                case TraceLayout.RECORDS -> newest = count(newest);
                case TraceLayout.END -> ended = true;
                default -> throw documents.damaged("there is no document of type " + documents.type(), null);
            }
        }
    }

    private TracedDevice device() {
        MemorySegment document = documents.document();
        int idBytes = document.get(Le.INT_UNALIGNED, TraceLayout.DEVICE_ID_BYTES);
        int queues = document.get(Le.INT_UNALIGNED, TraceLayout.DEVICE_QUEUES);
        if (documents.bytes() < TraceLayout.DEVICE_BYTES
                || idBytes < 0
                || idBytes > Math.min(MOST_NAME_BYTES, documents.bytes() - TraceLayout.DEVICE_BYTES)
                || queues < 0) {
            throw documents.damaged("a device's name of " + idBytes + " bytes", null);
        }
        byte[] id = document.asSlice(TraceLayout.DEVICE_BYTES, idBytes).toArray(ValueLayout.JAVA_BYTE);
        return new TracedDevice(
                Short.toUnsignedInt(document.get(Le.SHORT_UNALIGNED, TraceLayout.AT_WORD)),
                Short.toUnsignedInt(document.get(Le.SHORT_UNALIGNED, TraceLayout.DEVICE_KIND)),
                new String(id, StandardCharsets.UTF_8),
                queues);
    }

    private void add(TracedDevice device) {
        if (devices.put(device.number(), device) != null) {
            throw documents.damaged("device " + device.number() + " a second time", null);
        }
    }

    /** Checks and counts the records of the document at hand. */
    private long count(long newestBefore) {
        long newest = newestBefore;
        MemorySegment document = documents.document();
        long at = TraceLayout.RECORDS_BYTES;
        while (at < documents.bytes()) {
            TracedDevice device = check(document, at);
            int queue = RecordLayout.queue(document, at);
            long key = (long) device.number() << 16 | queue;
            QueueTotals known = totals.get(key);
            (known == null ? totals.add(key, new QueueTotals(device, queue)) : known).add(document, at);
            long taken = RecordLayout.taken(document, at);
            if (newest > taken) {
                lateness = Math.max(lateness, newest - taken);
            } else {
                newest = taken;
            }
            records++;
            at += RecordLayout.bytes(document, at);
        }
        return newest;
    }

    private TracedDevice check(MemorySegment document, long at) {
        long room = documents.bytes() - at;
        int bytes = room < RecordLayout.HEADER_BYTES ? 0 : RecordLayout.bytes(document, at);
        if (bytes < RecordLayout.HEADER_BYTES || bytes > room) {
            throw documents.damaged("a record of " + bytes + " bytes at " + at, null);
        }
        int captured = RecordLayout.captured(document, at);
        TracedDevice device = devices.get(RecordLayout.device(document, at));
        if (captured < 0
                || captured > bytes - RecordLayout.HEADER_BYTES
                || device == null
                || RecordLayout.queue(document, at) >= device.queues()
                || Transaction.Kind.of(RecordLayout.kind(document, at)) == null) {
            throw documents.damaged("a record without sense at " + at, null);
        }
        return device;
    }

    public TraceHeader header() {
        return header;
    }

    /** All devices that were recorded, in the order in which the card got them. */
    public Collection<TracedDevice> devices() {
        return Collections.unmodifiableCollection(devices.values());
    }

    /** What there is of each queue that anything passed, by device and index. */
    public List<QueueTotals> totals() {
        return totals.values();
    }

    /** Whether the card ended the trace itself; if not it was killed, or still runs. */
    public boolean isEnded() {
        return ended;
    }

    /** All records, those of losses included. */
    public long records() {
        return records;
    }

    /** From the first transaction on again. */
    public void rewind() {
        documents.rewind();
        order = new TakenOrder(lateness);
        toRead = records;
        current = null;
    }

    /** The cursor that {@link #next} moves. */
    public Transaction transaction() {
        return transaction;
    }

    /**
     * Goes on to the next transaction, in the order of {@link Transaction#taken}.
     *
     * @return false if there is none left
     */
    public boolean next() {
        if (current != null) {
            order.release(current);
            current = null;
        }
        while (!order.isReady()) {
            if (toRead <= 0 || !documents.next()) {
                order.end();
                if (!order.isReady()) {
                    return false;
                }
            } else if (documents.type() == TraceLayout.RECORDS) {
                read();
            }
        }
        TakenOrder.Held held = order.take();
        current = held;
        TracedDevice device = devices.get(RecordLayout.device(held.record(), 0));
        if (device == null) {
            throw new IllegalStateException("a record was held that was not checked");
        }
        transaction.at(held.record(), device);
        return true;
    }

    private void read() {
        MemorySegment document = documents.document();
        long at = TraceLayout.RECORDS_BYTES;
        while (at < documents.bytes()) {
            // again, because the file may have changed since it was scanned
            check(document, at);
            order.add(document, at);
            toRead--;
            at += RecordLayout.bytes(document, at);
        }
    }

    @Override
    public void close() {
        documents.close();
    }
}
