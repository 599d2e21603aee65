package dev.cipu.shim.vfio.client;

import dev.cipu.device.pci.CapabilityChain;
import dev.cipu.device.virtio.CommonLayout;
import dev.cipu.device.virtio.StructureCapabilities;
import dev.cipu.shim.probe.LinkException;
import dev.cipu.shim.probe.LinkException.Kind;
import dev.cipu.virtio.FeatureSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The structures of a virtio function that somebody else serves. {@code [virtio-1.4 §4.1.4]} Owned by one thread. */
public final class VirtioRegisters {
    private final VfioClient client;
    private final PciRegisters config;
    private final List<Structure> structures;
    private final Map<Integer, Long> barBytes = new HashMap<>();

    public VirtioRegisters(VfioClient client) {
        this.client = client;
        config = new PciRegisters(client);
        structures = config.walk().capabilities().stream()
                .filter(one -> one.id() == CapabilityChain.VENDOR_SPECIFIC)
                .map(one -> Structure.read(config, one.at()))
                .toList();
    }

    public PciRegisters config() {
        return config;
    }

    /** All of a type, in the order of their list. */
    public List<Structure> structures(int type) {
        return structures.stream().filter(one -> one.type() == type).toList();
    }

    public List<Structure> structures() {
        return structures;
    }

    /** Whether a structure lies inside of its BAR. */
    public boolean isInside(Structure structure) {
        if (structure.bar() >= PciRegisters.BARS) {
            return false;
        }
        long bytes = barBytes.computeIfAbsent(structure.bar(), client::regionBytes);
        return structure.bytes() > 0 && structure.offset() <= bytes && structure.bytes() <= bytes - structure.offset();
    }

    /** The first of a type that a driver can use, or null. */
    public @Nullable Structure usable(int type) {
        return structures(type).stream().filter(this::isInside).findFirst().orElse(null);
    }

    /** As {@link #usable}. @throws LinkException if there is none */
    private Structure need(int type) {
        Structure found = usable(type);
        if (found == null) {
            throw new LinkException(Kind.REFUSED, "no structure of type " + type + " lies inside of a BAR");
        }
        return found;
    }

    /** Reads a register of the common configuration, see {@link CommonLayout}. */
    public int common(int register) {
        Structure at = need(StructureCapabilities.COMMON);
        return (int) client.get(at.bar(), at.offset() + register, CommonLayout.bytes(register));
    }

    public void common(int register, long value) {
        Structure at = need(StructureCapabilities.COMMON);
        client.set(at.bar(), at.offset() + register, CommonLayout.bytes(register), value);
    }

    /** Whether the common configuration reaches so far: older ones end earlier. */
    public boolean reaches(int register) {
        return need(StructureCapabilities.COMMON).bytes() >= register + CommonLayout.bytes(register);
    }

    /** A register of a queue. */
    public int queue(int queue, int register) {
        common(CommonLayout.QUEUE_SELECT, queue);
        return common(register);
    }

    public void queue(int queue, int register, long value) {
        common(CommonLayout.QUEUE_SELECT, queue);
        common(register, value);
    }

    /** An address of a queue, of which each half is a register. */
    public void address(int queue, int register, long value) {
        queue(queue, register, value & 0xffff_ffffL);
        queue(queue, register + 4, value >>> 32);
    }

    public int offeredWord(int select) {
        common(CommonLayout.DEVICE_FEATURE_SELECT, Integer.toUnsignedLong(select));
        return common(CommonLayout.DEVICE_FEATURE);
    }

    public int acceptedWord(int select) {
        common(CommonLayout.DRIVER_FEATURE_SELECT, Integer.toUnsignedLong(select));
        return common(CommonLayout.DRIVER_FEATURE);
    }

    public void accept(int select, int word) {
        common(CommonLayout.DRIVER_FEATURE_SELECT, Integer.toUnsignedLong(select));
        common(CommonLayout.DRIVER_FEATURE, Integer.toUnsignedLong(word));
    }

    public FeatureSet offered() {
        long[] half = new long[2];
        for (int i = 0; i < 4; i++) {
            half[i / 2] |= Integer.toUnsignedLong(offeredWord(i)) << (32 * (i % 2));
        }
        return new FeatureSet(half[0], half[1]);
    }

    /** A word of features, as the registers number them. */
    public static int word(FeatureSet features, int select) {
        long half = select < 2 ? features.low() : features.high();
        return (int) (half >>> (32 * (select % 2)));
    }

    /** Reads the interrupt status, which clears it. */
    public int isr() {
        Structure at = need(StructureCapabilities.ISR);
        return (int) client.get(at.bar(), at.offset(), 1);
    }

    /** Bytes of the device's own configuration. */
    public byte[] device(int offset, int count) {
        Structure at = need(StructureCapabilities.DEVICE);
        return client.read(at.bar(), at.offset() + offset, count);
    }

    public void device(int offset, byte[] data) {
        Structure at = need(StructureCapabilities.DEVICE);
        client.write(at.bar(), at.offset() + offset, data);
    }

    /** Bytes that the device's own configuration has at least. */
    public int deviceBytes() {
        return (int) Math.min(need(StructureCapabilities.DEVICE).bytes(), CapabilityChain.FIRST_EXTENDED);
    }

    /** Notifies a queue. */
    public void kick(int queue) {
        Structure bells = need(StructureCapabilities.NOTIFY);
        client.set(bells.bar(), doorbell(bells, queue), 2, queue);
    }

    /** What notifies a queue without waiting for an answer, found out once. */
    public Runnable doorbell(int queue) {
        Structure bells = need(StructureCapabilities.NOTIFY);
        long at = doorbell(bells, queue);
        return () -> client.post(bells.bar(), at, queue);
    }

    private long doorbell(Structure bells, int queue) {
        return bells.offset() + queue(queue, CommonLayout.QUEUE_NOTIFY_OFF) * bells.more();
    }
}
