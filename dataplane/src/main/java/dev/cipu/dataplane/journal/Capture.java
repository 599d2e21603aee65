package dev.cipu.dataplane.journal;

/**
 * How much of a transaction's bytes is recorded with it.
 *
 * @param headerBytes of a frame where {@link Payload#HEADERS} are wanted
 */
public record Capture(Payload payload, int headerBytes) {
    /** Ethernet, IPv4 and TCP with some options, or IPv6 and UDP. */
    public static final int DEFAULT_HEADER_BYTES = 64;

    public static final int LEAST_HEADER_BYTES = 14;

    /** The first bytes of frames, and what says which blocks a request is about. */
    public static final Capture HEADERS = new Capture(Payload.HEADERS, DEFAULT_HEADER_BYTES);

    /** Which bytes. */
    public enum Payload {
        NONE,
        HEADERS,
        ALL
    }

    /** Checks what was asked for. */
    public Capture {
        if (headerBytes < LEAST_HEADER_BYTES || headerBytes > RecordLayout.MAX_CAPTURED) {
            throw new IllegalArgumentException("headers of " + headerBytes + " bytes");
        }
    }

    /** Bytes of a frame of this length that are recorded. */
    public int ofFrame(int length) {
        return switch (payload) {
            case NONE -> 0;
            case HEADERS -> Math.min(length, headerBytes);
            case ALL -> Math.min(length, RecordLayout.MAX_CAPTURED);
        };
    }

    /** Bytes of a request's data that are recorded. */
    public int ofData(long length) {
        return payload == Payload.ALL ? (int) Math.min(length, RecordLayout.MAX_CAPTURED) : 0;
    }

    /** Bytes that are recorded of what describes a request or is a command. */
    public int ofDescription(long length) {
        return payload == Payload.NONE ? 0 : (int) Math.min(length, RecordLayout.MAX_CAPTURED);
    }
}
