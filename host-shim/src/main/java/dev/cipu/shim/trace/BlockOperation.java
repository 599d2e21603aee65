package dev.cipu.shim.trace;

import dev.cipu.virtio.blk.BlkRequest;

/** The words for what a block request wants. */
public final class BlockOperation {
    private BlockOperation() {}

    /** The word for a type of {@link BlkRequest}; its number if there is none. */
    public static String name(int type) {
        return switch (type) {
            case -1 -> "none";
            case BlkRequest.IN -> "read";
            case BlkRequest.OUT -> "write";
            case BlkRequest.FLUSH -> "flush";
            case BlkRequest.GET_ID -> "get-id";
            case BlkRequest.GET_LIFETIME -> "get-lifetime";
            case BlkRequest.DISCARD -> "discard";
            case BlkRequest.WRITE_ZEROES -> "write-zeroes";
            case BlkRequest.SECURE_ERASE -> "secure-erase";
            case BlkRequest.ZONE_APPEND -> "zone-append";
            case BlkRequest.ZONE_REPORT -> "zone-report";
            case BlkRequest.ZONE_OPEN -> "zone-open";
            case BlkRequest.ZONE_CLOSE -> "zone-close";
            case BlkRequest.ZONE_FINISH -> "zone-finish";
            case BlkRequest.ZONE_RESET -> "zone-reset";
            case BlkRequest.ZONE_RESET_ALL -> "zone-reset-all";
            default -> Integer.toUnsignedString(type);
        };
    }
}
