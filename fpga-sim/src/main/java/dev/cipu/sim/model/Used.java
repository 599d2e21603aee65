package dev.cipu.sim.model;

/**
 * What was used of a card and its guests in a while, of which there may be several side by side.
 *
 * @param guestPicos in which guests' cores did something useful
 * @param hostCores cores of the host that did the card's work, busy
 * @param roundTrips reads of a ring that waited for another
 * @param wireBytesUp bytes on the link to the host
 * @param wireBytesDown bytes on the link to the card
 */
record Used(
        long guestPicos,
        double hostCores,
        long interrupts,
        long doorbells,
        long roundTrips,
        long iotlbMisses,
        long wireBytesUp,
        long wireBytesDown) {
    Used and(Used other) {
        return new Used(
                guestPicos + other.guestPicos,
                hostCores + other.hostCores,
                interrupts + other.interrupts,
                doorbells + other.doorbells,
                roundTrips + other.roundTrips,
                iotlbMisses + other.iotlbMisses,
                wireBytesUp + other.wireBytesUp,
                wireBytesDown + other.wireBytesDown);
    }
}
