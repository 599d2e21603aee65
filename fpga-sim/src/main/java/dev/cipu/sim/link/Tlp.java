package dev.cipu.sim.link;

/** How many bytes transaction layer packets take on the wire, and how many of them a transfer becomes. */
public final class Tlp {
    /** Start, sequence number and LCRC; with generations 1 and 2 the end symbol. [PCIe Base 5.0 §3.6.2, §4.2.2] */
    private static final int FRAMING = 8;

    /** A memory request with 64-bit addresses. [PCIe Base 5.0 §2.2.4.1] */
    private static final int REQUEST_HEADER = 16;

    /** [PCIe Base 5.0 §2.2.9] */
    private static final int COMPLETION_HEADER = 12;

    /** Requests must not cross it. [PCIe Base 5.0 §2.2.7] */
    private static final int PAGE = 4096;

    private Tlp() {}

    /** Bytes on the wire of a request to read. */
    static int readRequest(LinkShape shape) {
        return REQUEST_HEADER + framing(shape);
    }

    /** Bytes on the wire of a write with {@code bytes} of data. */
    static int write(LinkShape shape, int bytes) {
        return REQUEST_HEADER + framing(shape) + doubleWords(bytes);
    }

    /** Bytes on the wire of {@code packets} completions with {@code bytes} of data together. */
    static int completions(LinkShape shape, int packets, int bytes) {
        return packets * (COMPLETION_HEADER + framing(shape)) + doubleWords(bytes);
    }

    /** Bytes of the first packet of a write of {@code bytes} at {@code address}: as large as MPS permits, and not across a page. */
    static int writable(LinkShape shape, long address, int bytes) {
        return Math.min(Math.min(bytes, shape.maxPayload()), PAGE - (int) (address & (PAGE - 1)));
    }

    /** Bytes that one request of a read at {@code address} may ask for, of {@code bytes} that are wanted. */
    static int request(LinkShape shape, long address, int bytes) {
        return Math.min(Math.min(bytes, shape.maxReadRequest()), PAGE - (int) (address & (PAGE - 1)));
    }

    /**
     * Completions of one request: as large as MPS permits, the first up to the last RCB before that, as a host does that has all
     * the data together. [PCIe Base 5.0 §2.3.1.1]
     */
    static int completionPackets(LinkShape shape, long address, int bytes) {
        int largest = Math.max(shape.maxPayload(), shape.readCompletionBoundary());
        int first = largest - (int) (address & (shape.readCompletionBoundary() - 1));
        return bytes <= first ? 1 : 1 + ceil(bytes - first, largest);
    }

    private static int framing(LinkShape shape) {
        return shape.flits() ? 0 : FRAMING;
    }

    private static int doubleWords(int bytes) {
        return (bytes + 3) & ~3;
    }

    private static int ceil(int amount, int unit) {
        return (amount + unit - 1) / unit;
    }
}
