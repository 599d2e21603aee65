package dev.cipu.device.virtio;

import dev.cipu.device.pci.CapabilityChain;
import dev.cipu.device.pci.ConfigSpace;
import java.util.List;

/** The capabilities that tell a driver where the structures are. {@code [virtio-1.4 §4.1.4]} */
public final class StructureCapabilities {
    public static final int COMMON = 1;
    public static final int NOTIFY = 2;
    public static final int ISR = 3;
    public static final int DEVICE = 4;
    public static final int WINDOW = 5;
    public static final int SHARED_MEMORY = 8;
    public static final int VENDOR_DATA = 9;

    /** Of a capability that says nothing more than where a structure is. */
    public static final int BYTES = 16;

    /** Of the whole capability. */
    public static final int LENGTH = 2;

    public static final int TYPE = 3;
    public static final int BAR = 4;
    public static final int ID = 5;
    public static final int STRUCTURE_OFFSET = 8;
    public static final int STRUCTURE_LENGTH = 12;
    private static final int MULTIPLIER = 16;
    private static final int OFFSET_HIGH = 16;
    private static final int LENGTH_HIGH = 20;
    private static final int VENDOR = 4;
    private static final int DATA = 6;

    private final ConfigSpace config;
    private final CapabilityChain chain;

    StructureCapabilities(ConfigSpace config, CapabilityChain chain) {
        this.config = config;
        this.chain = chain;
    }

    void add(int queues, int configBytes) {
        structure(COMMON, BYTES, StructureLayout.REGISTERS_BAR, StructureLayout.COMMON, CommonLayout.BYTES);
        int doorbells = queues * StructureLayout.DOORBELL;
        int notify = structure(NOTIFY, BYTES + Integer.BYTES, StructureLayout.DOORBELLS_BAR, 0, doorbells);
        config.u32(notify + MULTIPLIER, StructureLayout.DOORBELL);
        structure(ISR, BYTES, StructureLayout.REGISTERS_BAR, StructureLayout.ISR, 1);
        structure(DEVICE, BYTES, StructureLayout.REGISTERS_BAR, StructureLayout.DEVICE, configBytes);
    }

    /** The window into the BARs. */
    ConfigWindow addWindow(ConfigWindow.Bars bars) {
        int at = structure(WINDOW, BYTES + Integer.BYTES, 0, 0, 0);
        return new ConfigWindow(config, bars, at + BAR, at + STRUCTURE_OFFSET, at + STRUCTURE_LENGTH, at + BYTES);
    }

    void addShared(List<SharedMemory> shared) {
        long[] offsets = StructureLayout.offsets(shared);
        for (int i = 0; i < shared.size(); i++) {
            SharedMemory memory = shared.get(i);
            long bytes = memory.bytes().byteSize();
            int at = structure(
                    SHARED_MEMORY, BYTES + Long.BYTES, StructureLayout.SHARED_BAR, (int) offsets[i], (int) bytes);
            config.u8(at + ID, memory.id());
            config.u32(at + OFFSET_HIGH, (int) (offsets[i] >>> Integer.SIZE));
            config.u32(at + LENGTH_HIGH, (int) (bytes >>> Integer.SIZE));
        }
    }

    private int structure(int type, int bytes, int bar, int offset, int length) {
        int at = chain.add(CapabilityChain.VENDOR_SPECIFIC, bytes);
        config.u8(at + LENGTH, bytes);
        config.u8(at + TYPE, type);
        config.u8(at + BAR, bar);
        config.u32(at + STRUCTURE_OFFSET, offset);
        config.u32(at + STRUCTURE_LENGTH, length);
        return at;
    }

    void addVendorData(VendorData vendor) {
        byte[] data = vendor.data();
        // [virtio-1.4 §4.1.4.8.1] whole words
        int bytes = DATA + data.length + Integer.BYTES - 1 & -Integer.BYTES;
        int at = chain.add(CapabilityChain.VENDOR_SPECIFIC, bytes);
        config.u8(at + LENGTH, bytes);
        config.u8(at + TYPE, VENDOR_DATA);
        config.u16(at + VENDOR, vendor.vendor());
        for (int i = 0; i < data.length; i++) {
            config.u8(at + DATA + i, data[i]);
        }
    }
}
