package dev.cipu.shim.probe;

import dev.cipu.virtio.memory.Le;
import dev.cipu.virtio.ring.PackedLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.List;

/**
 * The descriptors of a packed ring with every field open. {@code [virtio-1.4 §2.8]} It keeps book of nothing: positions, ids and flags
 * are the caller's. For a ring that nobody drives otherwise.
 */
public final class PackedFields {
    private static final int REST = 8;

    private final MemorySegment ring;
    private final int size;

    private PackedFields(MemorySegment ring, int size) {
        this.ring = ring;
        this.size = size;
    }

    /** Of a fresh packed ring of the driver's half. */
    public static PackedFields of(Rig rig, RigQueue queue) {
        long bytes = (long) queue.size() * PackedLayout.DESCRIPTOR_BYTES;
        return new PackedFields(rig.memory().slice(queue.ring().descriptorAddress(), bytes), queue.size());
    }

    public int size() {
        return size;
    }

    /** The position behind a chain of so many descriptors. */
    public int behind(int position, int slots) {
        return PackedLayout.advance(position, slots, size);
    }

    private static long at(int position) {
        return (long) PackedLayout.index(position) * PackedLayout.DESCRIPTOR_BYTES;
    }

    /** Makes a chain available; its first descriptor last, so that the device sees all of it or nothing. */
    public void give(int position, int id, List<Part> parts) {
        give(position, id, parts, PackedLayout.availFlags(position));
    }

    /**
     * As above, but the first descriptor claims whatever it is told to.
     *
     * @param owner the AVAIL and USED bits of the first descriptor
     */
    public void give(int position, int id, List<Part> parts, int owner) {
        for (int i = parts.size() - 1; i >= 0; i--) {
            int here = behind(position, i);
            Part part = parts.get(i);
            int flags = (part.writable() ? PackedLayout.FLAG_WRITE : 0)
                    | (i < parts.size() - 1 ? PackedLayout.FLAG_NEXT : 0)
                    | (i == 0 ? owner : PackedLayout.availFlags(here));
            ring.set(Le.LONG, at(here), part.address());
            // pairs with the device's acquire of these flags: what they lead to is visible
            Le.U64.setRelease(ring, at(here) + REST, PackedLayout.rest(part.length(), id, flags));
        }
        // pairs with the device's fence between asking for a kick and its last look at the ring
        VarHandle.fullFence();
    }

    /** A descriptor's second word: length, id and flags. */
    public long rest(int position) {
        // pairs with the device's release of these flags
        return (long) Le.U64.getAcquire(ring, at(position) + REST);
    }

    /** Whether the descriptor at this position is used, in the lap that the position says. */
    public boolean isUsed(int position) {
        return PackedLayout.isUsed(rest(position), position);
    }

    /** All descriptors as they are. */
    public byte[] bytes() {
        return ring.toArray(ValueLayout.JAVA_BYTE);
    }
}
