package dev.cipu.shim.trace;

import dev.cipu.dataplane.journal.Capture.Payload;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The documents of a trace's queue, little-endian. The first one is a BEGIN; a DEVICE comes before the first record of that
 * device; an END is the last one, if the card could write it.
 *
 * <pre>
 * BEGIN    0 type:32   4 version:32   8 magic:64   16 wall:64   24 clock:64   32 pid:64   40 payload:32   44 headerBytes:32
 * DEVICE   0 type:32   4 number:16    6 kind:16    8 queues:32  12 idBytes:32 16 id (UTF-8)
 * RECORDS  0 type:32   4 worker:32    8 records of dataplane's RecordLayout, one behind the other
 * END      0 type:32   4 0:32         8 clock:64
 * </pre>
 *
 * {@code wall} is the time of day in ns since 1970 when the worker's clock showed {@code clock}.
 */
final class TraceLayout {
    /** "cipuTRC1" as it reads in the file. */
    static final long MAGIC = 0x3143525475706963L;

    static final int VERSION = 1;

    static final int BEGIN = 1;
    static final int DEVICE = 2;
    static final int RECORDS = 3;
    static final int END = 4;

    static final long AT_TYPE = 0;
    static final long AT_WORD = 4;

    static final long BEGIN_MAGIC = 8;
    static final long BEGIN_WALL = 16;
    static final long BEGIN_CLOCK = 24;
    static final long BEGIN_PID = 32;
    static final long BEGIN_PAYLOAD = 40;
    static final long BEGIN_HEADER_BYTES = 44;
    static final int BEGIN_BYTES = 48;

    static final long DEVICE_KIND = 6;
    static final long DEVICE_QUEUES = 8;
    static final long DEVICE_ID_BYTES = 12;
    static final int DEVICE_BYTES = 16;

    static final int RECORDS_BYTES = 8;

    static final long END_CLOCK = 8;
    static final int END_BYTES = 16;

    /** Bytes of records in a document, unless it has one record only. */
    static final int PIECE_BYTES = 1 << 16;

    /** No document is larger. */
    static final int MAX_DOCUMENT_BYTES = 1 << 18;

    private TraceLayout() {}

    /** BEGIN's payload. */
    static int code(Payload payload) {
        return switch (payload) {
            case NONE -> 0;
            case HEADERS -> 1;
            case ALL -> 2;
        };
    }

    /** What a payload's code means, null if nothing. */
    static @Nullable Payload payload(int code) {
        return Arrays.stream(Payload.values())
                .filter(each -> code(each) == code)
                .findFirst()
                .orElse(null);
    }
}
