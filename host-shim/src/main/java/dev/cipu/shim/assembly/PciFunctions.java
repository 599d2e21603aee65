package dev.cipu.shim.assembly;

import dev.cipu.shim.card.CardFunction;
import dev.cipu.shim.vfio.server.CardQueues;
import dev.cipu.shim.vfio.server.VfioDevice;

/** Makes the PCI functions as which devices are presented over vfio-user. */
@FunctionalInterface
public interface PciFunctions {
    /** A card whose devices are queues alone. */
    PciFunctions NONE = (spec, card, queues) -> {
        throw new CardSpecException(
                spec.id() + ": key 'transport' is vfio-user, but this card has no PCI functions; say vhost-user");
    };

    /**
     * A function with the registers of a device.
     *
     * @param card the device, and what moves its data
     * @param queues runs what a driver sets up through those registers
     */
    VfioDevice present(DeviceSpec spec, CardFunction card, CardQueues queues);
}
