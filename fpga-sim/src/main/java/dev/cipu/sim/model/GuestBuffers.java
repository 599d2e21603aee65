package dev.cipu.sim.model;

/**
 * Where a guest's buffers for recorded transactions lie: slots of a power of two, as allocators of packets and pages have them, in
 * an area of its own for each size, and there for each queue. Nothing is really there.
 */
final class GuestBuffers {
    private static final int LEAST_STRIDE = 2048;

    /** Bits of an address within the area of a size. */
    private static final int AREA_BITS = 48;

    private GuestBuffers() {}

    /**
     * The address of a slot.
     *
     * @param depth slots that a queue has
     */
    static long address(int queue, int depth, int slot, int bytes) {
        int strideBits = Math.max(
                Integer.numberOfTrailingZeros(LEAST_STRIDE), 32 - Integer.numberOfLeadingZeros(Math.max(1, bytes) - 1));
        return ((long) strideBits << AREA_BITS) + ((((long) queue * depth) + slot) << strideBits);
    }
}
