package dev.cipu.shim.assembly;

import dev.cipu.device.card.CardProfile;
import dev.cipu.device.pci.FunctionKind;
import dev.cipu.device.pci.PciLink;
import dev.cipu.device.pci.VirtualFunctions;
import dev.cipu.device.virtio.VirtioPciFunction;
import dev.cipu.device.virtio.VirtioPciTraits;
import dev.cipu.shim.card.CardFunction;
import dev.cipu.shim.vfio.server.CardQueues;
import dev.cipu.shim.vfio.server.VfioDevice;
import dev.cipu.virtio.VirtioDevice;
import org.jspecify.annotations.Nullable;

/** Presents devices of one card as the PCI functions that drivers of virtio look for. Any thread. */
final class PciFunctions {
    /** The bit of an EUI-64 that says so. */
    private static final long LOCAL = 1L << 57;

    /** Virtual functions follow their physical one, which has a bus of its own, one by one. */
    private static final int OFFSET = 1;

    private static final int STRIDE = 1;

    private final PciLink link;

    /**
     * @param card the generation, null for none
     */
    PciFunctions(@Nullable CardProfile card) {
        link = CardBounds.link(card);
    }

    /** A function of its own. */
    VfioDevice physical(CardFunction card) {
        return present(card, traits());
    }

    /** A function that can have virtual ones. */
    VfioDevice physical(CardFunction card, int total, VirtualFunctions.Factory factory) {
        VirtioDevice device = card.device();
        VirtioPciTraits each = traits().kind(FunctionKind.VIRTUAL).build();
        return present(
                card,
                traits().virtual(new VirtualFunctions(
                        total,
                        VirtioPciFunction.FIRST_DEVICE + device.deviceId(),
                        OFFSET,
                        STRIDE,
                        VirtioPciFunction.bars(device.queueCount(), each),
                        factory)));
    }

    /** A virtual function, which its client has alone: with ids and BARs. */
    VfioDevice virtual(CardFunction card) {
        return present(card, traits().kind(FunctionKind.ASSIGNED));
    }

    private VirtioPciTraits.Builder traits() {
        return VirtioPciTraits.builder().link(link).serial(serial());
    }

    private static VfioDevice present(CardFunction card, VirtioPciTraits.Builder traits) {
        CardQueues queues = new CardQueues(card);
        VirtioPciFunction pci = new VirtioPciFunction(card.device(), traits.build(), queues);
        return new VfioDevice(pci, pci, card, queues);
    }

    /** Of this card: a number that none of another process has, marked as given by no registrar. [IEEE EUI-64] */
    private static long serial() {
        return LOCAL | ProcessHandle.current().pid();
    }
}
