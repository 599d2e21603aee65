package dev.cipu.shim.vfio.server;

import dev.cipu.device.pci.DeviceEvents;
import dev.cipu.device.pci.PciFunction;
import dev.cipu.shim.card.CardFunction;

/**
 * A device of the card as a PCI function that clients may have.
 *
 * @param pci its registers
 * @param events the way into those registers for what the card finds
 * @param card what moves data
 * @param queues made for {@code card}, and what {@code pci} starts its queues with
 */
public record VfioDevice(PciFunction pci, DeviceEvents events, CardFunction card, CardQueues queues) {}
