package dev.cipu.shim.vfio.server;

import dev.cipu.device.pci.DeviceEvents;
import dev.cipu.device.pci.Doorbell;
import dev.cipu.device.pci.InterruptKind;
import dev.cipu.device.pci.PciFunction;
import dev.cipu.device.pci.PciHost;
import dev.cipu.device.pci.QueueHost;
import dev.cipu.device.pci.QueueSetup;
import dev.cipu.device.pci.Region;
import dev.cipu.device.pci.RegionId;
import dev.cipu.virtio.DeviceStatus;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.VirtioDevice;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A function with registers that are easy to write: 40 bytes at {@link #START} start a queue (queue, size, three addresses), a
 * word at {@link #STOP} stops one, words in the doorbell page kick.
 */
public final class FakePciFunction implements PciFunction, DeviceEvents {
    static final int BAR = 0x4000;
    static final int START = 0x100;
    static final int STARTED = 0x140;
    static final int STOP = 0x144;
    static final int BELLS = 0x1000;
    static final int VECTORS = 4;
    private static final int CONFIG = 4096;

    private final VirtioDevice device;
    private final QueueHost queues;
    private final FeatureSet features;
    private final byte[] bar = new byte[BAR];
    private final byte[] config = new byte[CONFIG];
    private final Map<InterruptKind, Set<Integer>> masked = new EnumMap<>(InterruptKind.class);
    private final Map<InterruptKind, Set<Integer>> pending = new EnumMap<>(InterruptKind.class);
    final List<String> writes = new ArrayList<>();
    final List<String> events = new ArrayList<>();
    private PciHost host = PciHost.NONE;
    private int resets;

    public FakePciFunction(VirtioDevice device, QueueHost queues, FeatureSet features) {
        this.device = device;
        this.queues = queues;
        this.features = features;
        for (InterruptKind kind : InterruptKind.values()) {
            masked.put(kind, new HashSet<>());
            pending.put(kind, new HashSet<>());
        }
    }

    @Override
    public Region region(RegionId id) {
        return switch (id) {
            case BAR0 -> new Region(BAR, true, true, List.of(new Region.Range(BELLS, 4096)));
            case BAR2 -> new Region(256, true, false, List.of());
            case BAR3 -> new Region(256, false, true, List.of());
            case CONFIG -> new Region(CONFIG, true, true, List.of());
            default -> Region.NONE;
        };
    }

    @Override
    public List<Doorbell> doorbells(RegionId region) {
        return region == RegionId.BAR0 ? List.of(new Doorbell(BELLS, 0), new Doorbell(BELLS + 4, 1)) : List.of();
    }

    @Override
    public synchronized void read(RegionId region, long offset, byte[] dst) {
        System.arraycopy(region == RegionId.CONFIG ? config : bar, (int) offset, dst, 0, dst.length);
    }

    @Override
    public synchronized void write(RegionId region, long offset, byte[] src) {
        writes.add(region + "+" + offset + ":" + src.length);
        System.arraycopy(src, 0, region == RegionId.CONFIG ? config : bar, (int) offset, src.length);
        ByteBuffer data = ByteBuffer.wrap(src).order(ByteOrder.LITTLE_ENDIAN);
        if (region == RegionId.BAR0 && offset == START && src.length == 40) {
            start(data);
        } else if (region == RegionId.BAR0 && offset == STOP && src.length == 4) {
            queues.stop(data.getInt());
        } else if (region == RegionId.BAR0 && offset >= BELLS && offset < BELLS + 4096) {
            queues.kick((int) (offset - BELLS) / 4);
        }
    }

    private void start(ByteBuffer data) {
        device.setStatus(DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER);
        device.negotiate(features);
        device.setStatus(15);
        int queue = data.getInt();
        QueueSetup setup = new QueueSetup(data.getInt(), data.getLong(), data.getLong(), data.getLong());
        boolean started = queues.start(queue, setup, () -> interrupt(InterruptKind.MSIX, queue));
        bar[STARTED] = (byte) (started ? 1 : 2);
    }

    @Override
    public int interrupts(InterruptKind kind) {
        return switch (kind) {
            case INTX -> 1;
            case MSI -> 2;
            case MSIX -> VECTORS;
        };
    }

    @Override
    public synchronized void connect(PciHost next) {
        host = next;
        masked.values().forEach(Set::clear);
    }

    @Override
    public synchronized void mask(InterruptKind kind, int vector, boolean on) {
        if (on) {
            set(masked, kind).add(vector);
        } else if (set(masked, kind).remove(vector) && set(pending, kind).remove(vector)) {
            host.interrupt(kind, vector);
        }
    }

    /** Has something to say. Any thread. */
    synchronized void interrupt(InterruptKind kind, int vector) {
        if (set(masked, kind).contains(vector)) {
            set(pending, kind).add(vector);
        } else {
            host.interrupt(kind, vector);
        }
    }

    synchronized boolean isPending(InterruptKind kind, int vector) {
        return set(pending, kind).contains(vector);
    }

    private static Set<Integer> set(Map<InterruptKind, Set<Integer>> of, InterruptKind kind) {
        return of.getOrDefault(kind, Set.of());
    }

    @Override
    public synchronized void reset() {
        resets++;
        for (int i = 0; i < device.queueCount(); i++) {
            queues.stop(i);
        }
        pending.values().forEach(Set::clear);
        device.reset();
        java.util.Arrays.fill(bar, (byte) 0);
    }

    synchronized int resets() {
        return resets;
    }

    @Override
    public synchronized void configChanged() {
        events.add("configuration");
    }

    @Override
    public synchronized void needsReset() {
        events.add("needs reset");
        device.markNeedsReset();
    }

    synchronized List<String> events() {
        return List.copyOf(events);
    }
}
