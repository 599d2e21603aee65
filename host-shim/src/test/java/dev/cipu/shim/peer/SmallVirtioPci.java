package dev.cipu.shim.peer;

import dev.cipu.device.pci.DeviceEvents;
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
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * As little of a virtio PCI function as Linux's driver is content with: for tests of the transport that carries it. BAR 0 has the
 * common registers at 0, the device's configuration at 0x1000, doorbells at 0x2000 and the vectors at 0x3000.
 */
final class SmallVirtioPci implements PciFunction, DeviceEvents {
    private static final int BAR = 0x4000;
    private static final int DEVICE = 0x1000;
    private static final int BELLS = 0x2000;
    private static final int TABLE = 0x3000;
    private static final int PENDING = 0x3800;
    private static final int NO_VECTOR = 0xffff;
    private static final int PCIE = 0x90;

    private final VirtioDevice device;
    private final QueueHost host;
    private final int vectors;
    private final ByteBuffer config = ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN);
    private final ByteBuffer mask = ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN);
    private final byte[] table = new byte[BAR - TABLE];
    private final Set<Integer> masked = new HashSet<>();
    private final Set<Integer> pending = new HashSet<>();
    private final Ring[] rings;
    private PciHost bus = PciHost.NONE;
    private FeatureSet driver = FeatureSet.NONE;
    private int deviceSelect;
    private int driverSelect;
    private int configVector = NO_VECTOR;
    private int generation;
    private int selected;
    private int flrs;

    private static final class Ring {
        int size = 256;
        int vector = NO_VECTOR;
        boolean enabled;
        boolean running;
        final long[] parts = new long[3];
    }

    SmallVirtioPci(VirtioDevice device, QueueHost host) {
        this.device = device;
        this.host = host;
        vectors = device.queueCount() + 1;
        rings = new Ring[device.queueCount()];
        reset();
    }

    private void layOut() {
        config.clear().put(new byte[4096]);
        mask.clear().put(new byte[4096]);
        config.putShort(0, (short) 0x1af4).putShort(2, (short) (0x1040 + device.deviceId()));
        config.putShort(6, (short) 0x10).put(8, (byte) 1);
        config.put(11, (byte) (device.deviceId() == 1 ? 2 : 1));
        config.putShort(0x2c, (short) 0x1af4).putShort(0x2e, (short) 0x1100).put(0x34, (byte) 0x40);
        config.put(0x3d, (byte) 1);
        mask.putShort(4, (short) 0x407).putInt(0x10, -BAR).put(0x3c, (byte) -1);
        capability(0x40, 0x50, 16, 1, 0, 0x38);
        capability(0x50, 0x60, 16, 3, 0x800, 4);
        capability(0x60, 0x70, 16, 4, DEVICE, device.configSize());
        capability(0x70, 0x84, 20, 2, BELLS, 4096);
        config.putInt(0x80, 4);
        config.put(0x84, (byte) 0x11).put(0x85, (byte) PCIE).putShort(0x86, (short) (vectors - 1));
        config.putInt(0x88, TABLE).putInt(0x8c, PENDING);
        mask.putShort(0x86, (short) 0xc000);
        // an endpoint that can be reset
        config.put(PCIE, (byte) 0x10).putShort(PCIE + 2, (short) 2).putInt(PCIE + 4, 1 << 28);
        mask.putShort(PCIE + 8, (short) 0x7fff);
    }

    private void capability(int at, int next, int bytes, int kind, int offset, int length) {
        config.put(at, (byte) 9)
                .put(at + 1, (byte) next)
                .put(at + 2, (byte) bytes)
                .put(at + 3, (byte) kind);
        config.putInt(at + 8, offset).putInt(at + 12, length);
    }

    @Override
    public Region region(RegionId id) {
        return switch (id) {
            case BAR0 -> new Region(BAR, true, true, List.of(new Region.Range(BELLS, 4096)));
            case CONFIG -> new Region(4096, true, true, List.of());
            default -> Region.NONE;
        };
    }

    @Override
    public synchronized void read(RegionId region, long offset, byte[] dst) {
        ByteBuffer out = ByteBuffer.wrap(dst).order(ByteOrder.LITTLE_ENDIAN);
        int at = (int) offset;
        if (region == RegionId.CONFIG) {
            config.get(at, dst);
        } else if (at >= TABLE) {
            System.arraycopy(table, at - TABLE, dst, 0, dst.length);
        } else if (at >= DEVICE && at + dst.length <= DEVICE + device.configSize()) {
            device.readConfig(at - DEVICE, dst);
        } else if (at < 0x38) {
            long value = common(at);
            for (int i = 0; i < dst.length; i++) {
                out.put(i, (byte) (value >>> (8 * i)));
            }
        }
    }

    private long common(int at) {
        Ring ring = selected < rings.length ? rings[selected] : new Ring();
        return switch (at) {
            case 0 -> deviceSelect;
            case 4 -> word(device.offered(), deviceSelect);
            case 8 -> driverSelect;
            case 0xc -> word(driver, driverSelect);
            case 0x10 -> configVector;
            case 0x12 -> rings.length;
            case 0x14 -> device.status();
            case 0x15 -> generation;
            case 0x16 -> selected;
            case 0x18 -> selected < rings.length ? ring.size : 0;
            case 0x1a -> ring.vector;
            case 0x1c -> ring.enabled ? 1 : 0;
            case 0x1e -> selected;
            default -> at >= 0x20 ? ring.parts[(at - 0x20) / 8] >>> (8 * (at % 8)) : 0;
        };
    }

    private static int word(FeatureSet features, int select) {
        return switch (select) {
            case 0 -> (int) features.low();
            case 1 -> (int) (features.low() >>> 32);
            default -> 0;
        };
    }

    @Override
    public synchronized void write(RegionId region, long offset, byte[] src) {
        int at = (int) offset;
        long value = 0;
        for (int i = 0; i < Math.min(8, src.length); i++) {
            value |= (src[i] & 0xffL) << (8 * i);
        }
        if (region == RegionId.CONFIG) {
            for (int i = 0; i < src.length; i++) {
                byte changes = mask.get(at + i);
                config.put(at + i, (byte) ((config.get(at + i) & ~changes) | (src[i] & changes)));
            }
            if (at <= PCIE + 9 && at + src.length > PCIE + 9 && (src[PCIE + 9 - at] & 0x80) != 0) {
                flrs++;
                reset();
            }
        } else if (at >= TABLE) {
            System.arraycopy(src, 0, table, at - TABLE, src.length);
        } else if (at >= BELLS && at < BELLS + 4096) {
            host.kick((at - BELLS) / 4);
        } else if (at >= DEVICE && at < DEVICE + device.configSize()) {
            device.writeConfig(at - DEVICE, src);
        } else {
            common(at, value, src.length);
        }
    }

    private void common(int at, long value, int bytes) {
        Ring ring = selected < rings.length ? rings[selected] : new Ring();
        switch (at) {
            case 0 -> deviceSelect = (int) value;
            case 8 -> driverSelect = (int) value;
            case 0xc -> {
                long half = 0xffff_ffffL << (32 * driverSelect);
                driver = FeatureSet.ofLow((driver.low() & ~half) | ((value << (32 * driverSelect)) & half));
            }
            case 0x10 -> configVector = vector(value);
            case 0x14 -> status((int) value);
            case 0x16 -> selected = (int) value;
            case 0x18 -> ring.size = (int) value;
            case 0x1a -> ring.vector = vector(value);
            case 0x1c -> {
                ring.enabled = value == 1;
                startReady();
            }
            default -> {
                if (at >= 0x20 && at < 0x38) {
                    int part = (at - 0x20) / 8;
                    if (bytes == 8) {
                        ring.parts[part] = value;
                    } else {
                        int shift = 8 * (at % 8);
                        ring.parts[part] =
                                (ring.parts[part] & ~(0xffff_ffffL << shift)) | ((value & 0xffff_ffffL) << shift);
                    }
                }
            }
        }
    }

    private int vector(long value) {
        return value < vectors ? (int) value : NO_VECTOR;
    }

    private void status(int bits) {
        if (bits == 0) {
            resetDevice();
            return;
        }
        if ((bits & DeviceStatus.FEATURES_OK) != 0 && (device.status() & DeviceStatus.FEATURES_OK) == 0) {
            device.negotiate(driver);
        }
        device.setStatus(bits);
        startReady();
    }

    private void startReady() {
        for (int i = 0; i < rings.length; i++) {
            Ring ring = rings[i];
            if (ring.enabled && !ring.running && (device.status() & DeviceStatus.DRIVER_OK) != 0) {
                QueueSetup setup = new QueueSetup(ring.size, ring.parts[0], ring.parts[1], ring.parts[2]);
                ring.running = host.start(i, setup, () -> raise(ring.vector));
            }
        }
    }

    private void resetDevice() {
        for (int i = 0; i < rings.length; i++) {
            if (rings[i] != null && rings[i].running) {
                host.stop(i);
            }
            rings[i] = new Ring();
        }
        device.reset();
        driver = FeatureSet.NONE;
        configVector = NO_VECTOR;
    }

    @Override
    public int interrupts(InterruptKind kind) {
        return switch (kind) {
            case INTX -> 1;
            case MSI -> 0;
            case MSIX -> vectors;
        };
    }

    @Override
    public synchronized void connect(PciHost next) {
        bus = next;
        masked.clear();
    }

    @Override
    public void mask(InterruptKind kind, int vector, boolean on) {
        synchronized (pending) {
            if (kind == InterruptKind.MSIX && on) {
                masked.add(vector);
            } else if (kind == InterruptKind.MSIX && masked.remove(vector) && pending.remove(vector)) {
                bus.interrupt(kind, vector);
            }
        }
    }

    private void raise(int vector) {
        if (vector == NO_VECTOR) {
            return;
        }
        synchronized (pending) {
            if (masked.contains(vector)) {
                pending.add(vector);
            } else {
                bus.interrupt(InterruptKind.MSIX, vector);
            }
        }
    }

    @Override
    public synchronized void reset() {
        resetDevice();
        synchronized (pending) {
            pending.clear();
        }
        layOut();
    }

    synchronized int functionResets() {
        return flrs;
    }

    @Override
    public synchronized void configChanged() {
        generation = (generation + 1) & 0xff;
        if (device.mayNotifyOfChange()) {
            raise(configVector);
        }
    }

    @Override
    public synchronized void needsReset() {
        if (device.markNeedsReset()) {
            configChanged();
        }
    }
}
