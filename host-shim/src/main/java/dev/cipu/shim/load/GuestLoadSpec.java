package dev.cipu.shim.load;

import org.jspecify.annotations.Nullable;

/**
 * What a guest does on one processor: packets, block requests, or both.
 *
 * @param net the network device and its frames, null for none; its rate and its run are not looked at
 * @param blk the disk and its requests, null for none; not verified, its run is not looked at
 * @param orders when things are done; null for as soon as the ones before are
 * @param run how long and on what; with orders their plan says how long
 */
public record GuestLoadSpec(
        @Nullable NetLoadSpec net,
        @Nullable BlkLoadSpec blk,
        @Nullable OrderPlan orders,
        RunSpec run) {
    public GuestLoadSpec {
        if (net == null && blk == null) {
            throw new IllegalArgumentException("a guest has packets or requests");
        }
        if (blk != null && (blk.verify() || blk.reconnect())) {
            throw new IllegalArgumentException("a guest's requests are neither verified nor repeated");
        }
        if (orders != null
                && ((orders.packetsPerOrder() > 0 && net == null) || (orders.requestsPerOrder() > 0 && blk == null))) {
            throw new IllegalArgumentException("orders need a device for all that they consist of");
        }
    }

    /** How long is measured. */
    long nanos() {
        return orders == null ? run.nanos() : orders.nanos();
    }
}
