package dev.cipu.sim.link;

/**
 * A PCI Express link and what both ends agreed on.
 *
 * @param generation 1..6
 * @param lanes 1, 2, 4, 8 or 16
 * @param crossing picoseconds from the last byte's departure to its arrival: both physical layers, and switches between
 * @param maxPayload MPS: bytes of data in one packet at most, a power of two from 128 to 4096
 * @param maxReadRequest MRRS: bytes asked for in one request at most, a power of two from 128 to 4096
 * @param readCompletionBoundary RCB, 64 or 128: completions are cut at multiples of it
 * @param tags requests of the card that may be unanswered at a time
 * @param postedHeaders posted requests that the host's end takes in before it has dealt with them
 * @param postedBytes bytes of their data, likewise; a multiple of 16, the unit of these credits
 * @param dllpBytes bytes of acknowledgements and credits that a packet causes in the other direction, on average
 */
public record LinkShape(
        int generation,
        int lanes,
        long crossing,
        int maxPayload,
        int maxReadRequest,
        int readCompletionBoundary,
        int tags,
        int postedHeaders,
        int postedBytes,
        int dllpBytes) {
    /** Transfers a second and lane, by generation. [PCIe Base 6.0 §1.2] */
    private static final double[] GIGATRANSFERS = {2.5, 5, 8, 16, 32, 64};

    private static final int FLIT_BYTES = 256;

    /** What of a flit is left for packets. [PCIe Base 6.0 §4.2.3] */
    private static final int FLIT_TLP_BYTES = 236;

    public LinkShape {
        if (generation < 1 || generation > GIGATRANSFERS.length) {
            throw new IllegalArgumentException("PCIe generation " + generation + ", not 1..6");
        }
        if (Integer.bitCount(lanes) != 1 || lanes > 16) {
            throw new IllegalArgumentException(lanes + " lanes, not 1, 2, 4, 8 or 16");
        }
        size("MPS", maxPayload);
        size("MRRS", maxReadRequest);
        if (readCompletionBoundary != 64 && readCompletionBoundary != 128) {
            throw new IllegalArgumentException("an RCB of " + readCompletionBoundary + ", not 64 or 128");
        }
        if (crossing < 0 || tags < 1 || tags > 16384 || dllpBytes < 0) {
            throw new IllegalArgumentException(
                    "a crossing of " + crossing + " ps, " + tags + " tags, " + dllpBytes + " bytes of DLLPs");
        }
        if (postedHeaders < 1 || postedBytes < maxPayload) {
            throw new IllegalArgumentException("posted credits for " + postedHeaders + " headers and " + postedBytes
                    + " bytes, which must be at least one packet of " + maxPayload);
        }
    }

    private static void size(String what, int bytes) {
        if (Integer.bitCount(bytes) != 1 || bytes < 128 || bytes > 4096) {
            throw new IllegalArgumentException(what + " of " + bytes + " bytes, not a power of two from 128 to 4096");
        }
    }

    /** Bits a second in each direction, after the line code: what published tables call the physical bandwidth. */
    public double bitsPerSecond() {
        double code = switch (generation) {
            case 1, 2 -> 8.0 / 10;
            case 3, 4, 5 -> 128.0 / 130;
            default -> 1;
        };
        return GIGATRANSFERS[generation - 1] * 1e9 * code * lanes;
    }

    /** What of them packets can have. */
    double packetBitsPerSecond() {
        return flits() ? bitsPerSecond() * FLIT_TLP_BYTES / FLIT_BYTES : bitsPerSecond();
    }

    /** Whether packets travel in flits, which bring framing and checks of their own. */
    boolean flits() {
        return generation >= 6;
    }
}
