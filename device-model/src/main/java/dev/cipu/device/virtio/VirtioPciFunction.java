package dev.cipu.device.virtio;

import dev.cipu.device.pci.Bar;
import dev.cipu.device.pci.ConfigDump;
import dev.cipu.device.pci.ConfigSpace;
import dev.cipu.device.pci.DeviceEvents;
import dev.cipu.device.pci.Doorbell;
import dev.cipu.device.pci.InterruptKind;
import dev.cipu.device.pci.Msix;
import dev.cipu.device.pci.PciEndpoint;
import dev.cipu.device.pci.PciFunction;
import dev.cipu.device.pci.PciHost;
import dev.cipu.device.pci.PciIds;
import dev.cipu.device.pci.PciShape;
import dev.cipu.device.pci.QueueHost;
import dev.cipu.device.pci.Region;
import dev.cipu.device.pci.RegionId;
import dev.cipu.virtio.VirtioDevice;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A virtio device on a PCI bus, for drivers of version 1.0 and later. {@code [virtio-1.4 §4.1]}
 *
 * <p>Owner: the control thread of whoever carries the bus to a host; queues interrupt from any thread.
 */
public final class VirtioPciFunction implements PciFunction, DeviceEvents {
    /** A device of type N has the id 0x1040 + N. {@code [virtio-1.4 §4.1.2.1]} */
    public static final int FIRST_DEVICE = 0x1040;

    private static final int REVISION = 1;
    private static final int NET = 1;
    private static final int BLK = 2;
    private static final int ETHERNET_CLASS = 0x020000;
    private static final int STORAGE_CLASS = 0x010000;
    private static final int OTHER_CLASS = 0xff0000;

    private final VirtioPciTraits traits;
    private final PciEndpoint endpoint;
    private final Events events;
    private final Virtqueues queues;
    private final DeviceConfig deviceConfig;
    private final CommonConfig common;
    private final Map<RegionId, Region> regions = new EnumMap<>(RegionId.class);

    /** A function as after power-on. */
    public VirtioPciFunction(VirtioDevice device, VirtioPciTraits traits, QueueHost host) {
        this.traits = traits;
        if (traits.virtual() != null) {
            device.offerVirtualFunctions();
        }
        List<Bar> bars = StructureLayout.bars(device.queueCount(), traits.shared());
        int vectors = vectors(device.queueCount(), traits);
        PciIds ids = new PciIds(
                VirtioPciTraits.VENDOR,
                FIRST_DEVICE + device.deviceId(),
                REVISION,
                classCode(device.deviceId()),
                traits.subsystemVendor(),
                traits.subsystem());
        endpoint = new PciEndpoint(
                new PciShape(traits.kind(), ids, traits.link(), traits.serial(), vectors, bars, traits.virtual()),
                new Control());
        events = new Events(endpoint.messages(), endpoint.pin());
        queues = new Virtqueues(host, events, device.queueCount(), traits.queueSize());
        deviceConfig = new DeviceConfig(device);
        common = new CommonConfig(device, deviceConfig, queues, events, endpoint::mayAccessMemory);
        StructureCapabilities structures = new StructureCapabilities(endpoint.config(), endpoint.chain());
        structures.add(device.queueCount(), device.configSize());
        structures.addWindow(new Window());
        structures.addShared(traits.shared());
        traits.vendorData().forEach(structures::addVendorData);
        endpoint.seal();
        layOut(bars, vectors);
    }

    private static int vectors(int queues, VirtioPciTraits traits) {
        return traits.vectors() == VirtioPciTraits.FITTING ? Math.min(queues + 1, Msix.MOST) : traits.vectors();
    }

    private static int classCode(int deviceId) {
        return switch (deviceId) {
            case NET -> ETHERNET_CLASS;
            case BLK -> STORAGE_CLASS;
            default -> OTHER_CLASS;
        };
    }

    /** The regions of a function for a device with so many queues, as the capability of its physical function names them. */
    public static List<Bar> bars(int queues, VirtioPciTraits traits) {
        List<Bar> bars = new ArrayList<>(StructureLayout.bars(queues, traits.shared()));
        bars.add(PciEndpoint.tableBar(vectors(queues, traits)));
        return bars;
    }

    private void layOut(List<Bar> bars, int vectors) {
        for (Bar bar : bars) {
            List<Region.Range> doorbells = bar.index() == StructureLayout.DOORBELLS_BAR
                    ? List.of(new Region.Range(0, bar.bytes()))
                    : List.of();
            regions.put(bar.region(), new Region(bar.bytes(), true, true, doorbells));
        }
        Bar table = PciEndpoint.tableBar(vectors);
        regions.put(table.region(), new Region(table.bytes(), true, true, List.of()));
        regions.put(RegionId.CONFIG, new Region(ConfigSpace.BYTES, true, true, List.of()));
    }

    private final class Control implements PciEndpoint.Device {
        @Override
        public void accessChanged() {
            common.serve();
        }

        @Override
        public void functionReset() {
            reset();
        }
    }

    private final class Window implements ConfigWindow.Bars {
        @Override
        public long bytes(RegionId region) {
            return region(region).bytes();
        }

        @Override
        public void read(RegionId region, long offset, byte[] dst) {
            VirtioPciFunction.this.read(region, offset, dst);
        }

        @Override
        public void write(RegionId region, long offset, byte[] src) {
            VirtioPciFunction.this.write(region, offset, src);
        }
    }

    @Override
    public Region region(RegionId id) {
        return regions.getOrDefault(id, Region.NONE);
    }

    @Override
    public void read(RegionId region, long offset, byte[] dst) {
        check(region, offset, dst.length);
        switch (region) {
            case CONFIG -> endpoint.config().read((int) offset, dst);
            case BAR0 -> readRegisters((int) offset, dst);
            case BAR1 -> endpoint.messages().read(offset, dst);
            case BAR4 -> shared(offset, dst, true);
            default -> Arrays.fill(dst, (byte) 0);
        }
    }

    @Override
    public void write(RegionId region, long offset, byte[] src) {
        check(region, offset, src.length);
        switch (region) {
            case CONFIG -> endpoint.writeConfig((int) offset, src);
            case BAR0 -> writeRegisters((int) offset, src);
            case BAR1 -> endpoint.messages().write(offset, src);
            case BAR2 -> ring(offset, src.length);
            case BAR4 -> shared(offset, src, false);
            default -> {}
        }
    }

    private void check(RegionId region, long offset, int bytes) {
        Objects.checkFromIndexSize(offset, bytes, region(region).bytes());
    }

    /** What is behind the end of a structure reads as zeroes. */
    private void readRegisters(int offset, byte[] dst) {
        Arrays.fill(dst, (byte) 0);
        if (touches(offset, dst.length, StructureLayout.COMMON, CommonLayout.BYTES)) {
            copy(common.read(), StructureLayout.COMMON, offset, dst);
        }
        if (touches(offset, dst.length, StructureLayout.ISR, 1)) {
            copy(new byte[] {(byte) events.take()}, StructureLayout.ISR, offset, dst);
        }
        if (touches(offset, dst.length, StructureLayout.DEVICE, deviceConfig.bytes())) {
            copy(deviceConfig.read(), StructureLayout.DEVICE, offset, dst);
        }
    }

    private static boolean touches(int offset, int count, int structure, int bytes) {
        return offset < structure + bytes && structure < offset + count;
    }

    /** Copies the part of a structure that is asked for. */
    private static void copy(byte[] from, int structure, int offset, byte[] dst) {
        int first = Math.max(offset, structure);
        int end = Math.min(offset + dst.length, structure + from.length);
        System.arraycopy(from, first - structure, dst, first - offset, end - first);
    }

    private void writeRegisters(int offset, byte[] src) {
        if (offset + src.length <= StructureLayout.COMMON + CommonLayout.BYTES) {
            common.write(offset - StructureLayout.COMMON, src);
        } else if (offset >= StructureLayout.DEVICE) {
            deviceConfig.write(offset - StructureLayout.DEVICE, src);
        }
    }

    /** A doorbell is its place: a host that carries it as an event does not tell what was written. */
    private void ring(long offset, int bytes) {
        if (offset % StructureLayout.DOORBELL == 0 && (bytes == Short.BYTES || bytes == Integer.BYTES)) {
            queues.kick((int) (offset / StructureLayout.DOORBELL));
        }
    }

    private void shared(long offset, byte[] bytes, boolean read) {
        if (read) {
            Arrays.fill(bytes, (byte) 0);
        }
        List<SharedMemory> memories = traits.shared();
        long[] offsets = StructureLayout.offsets(memories);
        for (int i = 0; i < memories.size(); i++) {
            MemorySegment memory = memories.get(i).bytes();
            long first = Math.max(offset, offsets[i]);
            long count = Math.min(offset + bytes.length, offsets[i] + memory.byteSize()) - first;
            if (count > 0) {
                MemorySegment there = memory.asSlice(first - offsets[i], count);
                MemorySegment here = MemorySegment.ofArray(bytes).asSlice(first - offset, count);
                (read ? here : there).copyFrom(read ? there : here);
            }
        }
    }

    @Override
    public int interrupts(InterruptKind kind) {
        return endpoint.interrupts(kind);
    }

    @Override
    public void connect(PciHost host) {
        endpoint.connect(host);
    }

    @Override
    public void mask(InterruptKind kind, int vector, boolean masked) {
        endpoint.mask(kind, vector, masked);
    }

    @Override
    public List<Doorbell> doorbells(RegionId region) {
        List<Doorbell> doorbells = new ArrayList<>();
        for (int i = 0; region == RegionId.BAR2 && i < queues.count(); i++) {
            doorbells.add(new Doorbell((long) i * StructureLayout.DOORBELL, i));
        }
        return doorbells;
    }

    @Override
    public void reset() {
        // first, so that no DMA is under way when registers change
        common.reset();
        endpoint.reset();
        common.serve();
    }

    @Override
    public void configChanged() {
        common.configChanged();
    }

    @Override
    public void needsReset() {
        common.needsReset();
    }

    /** The virtual functions that are on the bus now. */
    public List<PciFunction> virtualFunctions() {
        return endpoint.virtualFunctions();
    }

    /** Configuration space as text for {@code lspci -F}; reading it has no side effects. */
    public String dump(String slot) {
        return ConfigDump.of(slot, endpoint.config().image());
    }
}
