package dev.cipu.shim.load;

/** Names the next request of a load. Owned by the load's thread. */
interface BlkSource {
    /** No request now; perhaps later. */
    long NONE = -1;

    /** The block of the next request, or {@link #NONE}. */
    long next();

    /** Whether the request that {@link #next} named reads; else it writes. */
    boolean reads();
}
