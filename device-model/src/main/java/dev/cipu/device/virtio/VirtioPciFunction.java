package dev.cipu.device.virtio;

import dev.cipu.device.pci.ConfigSpace;
import dev.cipu.device.pci.DeviceEvents;
import dev.cipu.device.pci.Doorbell;
import dev.cipu.device.pci.Endpoint;
import dev.cipu.device.pci.InterruptKind;
import dev.cipu.device.pci.MsixTable;
import dev.cipu.device.pci.PciFunction;
import dev.cipu.device.pci.PciHost;
import dev.cipu.device.pci.PciIdentity;
import dev.cipu.device.pci.PcieLink;
import dev.cipu.device.pci.QueueHost;
import dev.cipu.device.pci.Region;
import dev.cipu.device.pci.RegionId;
import dev.cipu.virtio.VirtioDevice;
import java.util.ArrayList;
import java.util.List;

/**
 * A virtio device as a PCI function that a modern driver finds. {@code [virtio-1.4 §4.1]} It has a doorbell and a vector of its own
 * for each queue, and one vector more for its configuration.
 *
 * <p>Owner: the control thread of who carries its bus; interrupts are raised by workers.
 */
public final class VirtioPciFunction implements PciFunction, DeviceEvents {
    private static final int VENDOR = 0x1af4;
    private static final int DEVICE_BASE = 0x1040;
    private static final int NET = 1;
    private static final int CLASS_NETWORK = 0x02_0000;
    private static final int CLASS_STORAGE = 0x01_8000;

    /** The most descriptors that a queue is offered with. */
    public static final int QUEUE_SIZE = 1024;

    private final VirtioDevice device;
    private final ConfigSpace config = new ConfigSpace();
    private final Endpoint endpoint;
    private final MsixTable msix;
    private final Interrupts interrupts;
    private final CommonConfig common;
    private final Window window;
    private final Region structures;
    private final Region vectors;

    /**
     * @param device what it is; nobody else drives it
     * @param host who runs its queues
     * @param serial of the card
     */
    public VirtioPciFunction(VirtioDevice device, QueueHost host, PcieLink link, long serial) {
        this.device = device;
        msix = new MsixTable(Math.min(device.queueCount() + 1, MsixTable.LIMIT));
        endpoint = new Endpoint(config, identity(device), link, msix.vectors(), Structures.VECTORS_BAR, 0, serial);
        interrupts = new Interrupts(msix, device.queueCount(), endpoint::pinStatus);
        common = new CommonConfig(device, host, interrupts, QUEUE_SIZE);
        long vectorBytes = Math.max(Structures.PAGE, Long.highestOneBit(2L * msix.bytes() - 1));
        int doorbells = Structures.doorbellBytes(device);
        structures = new Region(
                Structures.barBytes(device), true, true, List.of(new Region.Range(Structures.DOORBELLS, doorbells)));
        vectors = new Region(vectorBytes, true, true, List.of());
        endpoint.bar(Structures.VECTORS_BAR, vectors.bytes(), false);
        endpoint.bar(Structures.BAR, structures.bytes(), true);
        Capabilities.add(config, Capabilities.COMMON, Structures.COMMON, Structures.COMMON_BYTES);
        Capabilities.add(config, Capabilities.ISR, Structures.ISR, Structures.ISR_BYTES);
        Capabilities.add(config, Capabilities.DEVICE, Structures.DEVICE, device.configSize());
        Capabilities.addNotify(config, Structures.DOORBELLS, doorbells, Structures.DOORBELL_BYTES);
        window = new Window(config, Capabilities.addWindow(config), this);
        reset();
    }

    private static PciIdentity identity(VirtioDevice device) {
        int id = DEVICE_BASE + device.deviceId();
        int classCode = device.deviceId() == NET ? CLASS_NETWORK : CLASS_STORAGE;
        // [virtio-1.4 §4.1.2.1] a revision and a subsystem that no transitional device has
        return new PciIdentity(VENDOR, id, 1, classCode, VENDOR, id);
    }

    @Override
    public Region region(RegionId id) {
        return switch (id) {
            case CONFIG -> new Region(ConfigSpace.BYTES, true, true, List.of());
            case BAR1 -> vectors;
            case BAR4 -> structures;
            default -> Region.NONE;
        };
    }

    @Override
    public void read(RegionId region, long offset, byte[] dst) {
        int at = (int) offset;
        switch (region) {
            case CONFIG -> {
                window.beforeRead(at, dst.length);
                config.read(at, dst);
            }
            case BAR1 -> msix.read(at, dst);
            case BAR4 -> readStructure(at, dst);
            default -> {}
        }
    }

    private void readStructure(int at, byte[] dst) {
        if (at < Structures.COMMON_BYTES) {
            byte[] all = new byte[Math.min(dst.length, Structures.COMMON_BYTES - at)];
            common.read(at, all);
            System.arraycopy(all, 0, dst, 0, all.length);
        } else if (at == Structures.ISR) {
            dst[0] = (byte) interrupts.takeIsr();
        } else if (at >= Structures.DEVICE && at < Structures.DEVICE + device.configSize()) {
            int inside = at - Structures.DEVICE;
            byte[] bytes = new byte[Math.min(dst.length, device.configSize() - inside)];
            device.readConfig(inside, bytes);
            System.arraycopy(bytes, 0, dst, 0, bytes.length);
        }
    }

    @Override
    public void write(RegionId region, long offset, byte[] src) {
        int at = (int) offset;
        switch (region) {
            case CONFIG -> writeConfig(at, src);
            case BAR1 -> msix.write(at, src);
            case BAR4 -> writeStructure(at, src);
            default -> {}
        }
    }

    private void writeConfig(int at, byte[] src) {
        config.write(at, src);
        if (endpoint.asksForReset(at, src)) {
            reset();
            return;
        }
        interrupts.control(endpoint.mayAssertPin(), endpoint.msixEnabled(), endpoint.msixMasked());
        common.master(endpoint.isMaster());
        window.afterWrite(at, src.length);
    }

    private void writeStructure(int at, byte[] src) {
        if (at < Structures.COMMON_BYTES) {
            common.write(at, src);
        } else if (at >= Structures.DOORBELLS) {
            // the value says nothing that the place does not; what it adds is a hint
            common.kick((at - Structures.DOORBELLS) / Structures.DOORBELL_BYTES);
        } else if (at >= Structures.DEVICE) {
            device.writeConfig(at - Structures.DEVICE, src);
        }
    }

    @Override
    public List<Doorbell> doorbells(RegionId region) {
        if (region != Structures.BAR) {
            return List.of();
        }
        List<Doorbell> bells = new ArrayList<>();
        for (int i = 0; i < device.queueCount(); i++) {
            bells.add(new Doorbell(Structures.DOORBELLS + (long) i * Structures.DOORBELL_BYTES, i));
        }
        return bells;
    }

    @Override
    public int interrupts(InterruptKind kind) {
        return switch (kind) {
            case INTX -> 1;
            case MSI -> 0;
            case MSIX -> msix.vectors();
        };
    }

    @Override
    public void connect(PciHost host) {
        interrupts.connect(host);
    }

    @Override
    public void mask(InterruptKind kind, int vector, boolean masked) {
        interrupts.mask(kind, vector, masked);
    }

    @Override
    public void reset() {
        common.resetDevice();
        config.reset();
        interrupts.reset();
        common.master(endpoint.isMaster());
    }

    @Override
    public void configChanged() {
        common.configChanged();
    }

    @Override
    public void needsReset() {
        common.needsReset();
    }

    /** Configuration space, for who shows it. */
    public ConfigSpace config() {
        return config;
    }
}
