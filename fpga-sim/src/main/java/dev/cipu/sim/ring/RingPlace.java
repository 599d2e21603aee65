package dev.cipu.sim.ring;

import dev.cipu.virtio.driver.DriverQueue;

/**
 * Where a queue lies in the host's memory, as a driver tells its device.
 *
 * @param size entries
 * @param descriptors descriptor table, or the packed ring
 * @param driverArea available ring, or driver event suppression
 * @param deviceArea used ring, or device event suppression
 */
public record RingPlace(int size, long descriptors, long driverArea, long deviceArea) {
    public static RingPlace of(DriverQueue queue) {
        return new RingPlace(
                queue.size(), queue.descriptorAddress(), queue.driverAreaAddress(), queue.deviceAreaAddress());
    }
}
