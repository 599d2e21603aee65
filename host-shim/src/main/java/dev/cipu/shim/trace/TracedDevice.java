package dev.cipu.shim.trace;

import dev.cipu.virtio.blk.BlkDevice;
import dev.cipu.virtio.net.NetDevice;

/**
 * A device of the card that was recorded.
 *
 * @param number by which its records name it
 * @param kind its virtio device id
 * @param id its name in the card
 */
public record TracedDevice(int number, int kind, String id, int queues) {
    public boolean isNetwork() {
        return kind == NetDevice.DEVICE_ID;
    }

    /** The word for its kind, as in a card's description. */
    public String kindName() {
        return switch (kind) {
            case NetDevice.DEVICE_ID -> "net";
            case BlkDevice.DEVICE_ID -> "blk";
            default -> "device " + kind;
        };
    }
}
