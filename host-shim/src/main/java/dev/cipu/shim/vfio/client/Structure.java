package dev.cipu.shim.vfio.client;

import dev.cipu.device.virtio.StructureCapabilities;

/**
 * What a capability of virtio says. {@code [virtio-1.4 §4.1.4]}
 *
 * @param at where the capability begins
 * @param capBytes its bytes, as it says
 * @param type see {@link StructureCapabilities}
 * @param id of several of a type
 * @param offset in its BAR
 * @param bytes of the structure
 * @param more the word behind, 0 if the capability ends before: of doorbells, from one to the next
 */
public record Structure(int at, int capBytes, int type, int bar, int id, long offset, long bytes, long more) {
    private static final int UPPER_LENGTH = StructureCapabilities.BYTES + 4;

    /** Reads the capability that begins there. */
    static Structure read(PciRegisters config, int at) {
        int capBytes = (int) config.get(at + StructureCapabilities.LENGTH, 1);
        int type = (int) config.get(at + StructureCapabilities.TYPE, 1);
        long offset = config.get(at + StructureCapabilities.STRUCTURE_OFFSET, 4);
        long bytes = config.get(at + StructureCapabilities.STRUCTURE_LENGTH, 4);
        long more = capBytes >= StructureCapabilities.BYTES + 4 ? config.get(at + StructureCapabilities.BYTES, 4) : 0;
        if (type == StructureCapabilities.SHARED_MEMORY) {
            // [virtio-1.4 §4.1.4.7] shared memory may be larger than 4 GiB
            offset |= more << 32;
            bytes |= config.get(at + UPPER_LENGTH, 4) << 32;
        }
        return new Structure(
                at,
                capBytes,
                type,
                (int) config.get(at + StructureCapabilities.BAR, 1),
                (int) config.get(at + StructureCapabilities.ID, 1),
                offset,
                bytes,
                more);
    }

    /** Bytes that a capability of this type has at least. */
    public int leastCapBytes() {
        return switch (type) {
            case StructureCapabilities.NOTIFY, StructureCapabilities.WINDOW -> StructureCapabilities.BYTES + 4;
            case StructureCapabilities.SHARED_MEMORY -> UPPER_LENGTH + 4;
            default -> StructureCapabilities.BYTES;
        };
    }

    /** Where it lies, for people. */
    public String place() {
        return "BAR " + bar + " at 0x" + Long.toHexString(offset) + "+0x" + Long.toHexString(bytes);
    }
}
