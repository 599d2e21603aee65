package dev.cipu.shim.assembly;

import dev.cipu.device.virtio.VirtioPciFunction;
import dev.cipu.device.virtio.VirtioPciTraits;
import dev.cipu.shim.card.CardFunction;
import dev.cipu.shim.vfio.server.CardQueues;
import dev.cipu.shim.vfio.server.VfioDevice;

/** Makes the PCI functions as which devices are presented over vfio-user. */
@FunctionalInterface
public interface PciFunctions {
    /** The bit of an EUI-64 that says so. */
    long LOCAL = 1L << 57;

    /** Functions with the registers that drivers of virtio look for. */
    PciFunctions VIRTIO = (spec, card, queues) -> {
        VirtioPciFunction pci =
                new VirtioPciFunction(card.device(), VirtioPciTraits.usual().withSerial(serial()), queues);
        return new VfioDevice(pci, pci, card, queues);
    };

    /**
     * A function with the registers of a device.
     *
     * @param card the device, and what moves its data
     * @param queues runs what a driver sets up through those registers
     */
    VfioDevice present(DeviceSpec spec, CardFunction card, CardQueues queues);

    /** Of this card: a number that none of another process has, marked as given by no registrar. [IEEE EUI-64] */
    private static long serial() {
        return LOCAL | ProcessHandle.current().pid();
    }
}
