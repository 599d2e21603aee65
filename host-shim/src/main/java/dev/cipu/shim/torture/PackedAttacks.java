package dev.cipu.shim.torture;

import dev.cipu.shim.probe.Exchange;
import dev.cipu.shim.probe.RawRing;
import dev.cipu.shim.probe.Rig;
import dev.cipu.shim.probe.RigQueue;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import java.util.List;
import java.util.function.Consumer;

/**
 * Broken packed rings. {@code [virtio-1.4 §2.8]} A packed descriptor is as long as a split one: address, length, then the buffer id
 * where the flags of a split one are and the flags where its next field is. The driver's event structure lies where a split ring has its
 * available ring.
 */
final class PackedAttacks {
    private static final int AVAIL = 1 << 7;
    private static final int USED = 1 << 15;
    private static final int NEXT = 1;
    private static final int INDIRECT = 4;
    private static final long DATA = Rig.GUEST + (4 << 20);

    private PackedAttacks() {}

    static List<Attack<Assault>> all() {
        return List.of(
                Attack.any(
                        17,
                        "packed: buffer ids outside the ring",
                        a -> onRing(a, ring -> {
                            for (int i = 0; i < 8; i++) {
                                descriptor(ring, i, 64, 0xfff8 + i, AVAIL);
                            }
                        })),
                Attack.any(
                        18,
                        "packed: an indirect descriptor that goes on",
                        a -> onRing(a, ring -> {
                            descriptor(ring, 0, 32, 0, AVAIL | INDIRECT | NEXT);
                            descriptor(ring, 1, 32, 0, AVAIL | INDIRECT | NEXT);
                        })),
                Attack.any(
                        19,
                        "packed: a chain that goes round the ring for ever",
                        a -> onRing(a, ring -> {
                            for (int i = 0; i < Exchange.SIZE; i++) {
                                descriptor(ring, i, 64, i, AVAIL | NEXT);
                            }
                        })),
                Attack.any(
                        20,
                        "packed: descriptors of no lap, and of two at once",
                        a -> onRing(a, ring -> {
                            descriptor(ring, 0, 64, 0, AVAIL);
                            descriptor(ring, 1, 64, 1, AVAIL | USED);
                            descriptor(ring, 2, 64, 2, USED);
                            descriptor(ring, 3, 64, 3, 0);
                        })),
                Attack.any(
                        21,
                        "packed: event flags and offsets that are reserved",
                        a -> onRing(a, ring -> {
                            ring.availFlags(0xffff);
                            ring.availIndex(3);
                            descriptor(ring, 0, 64, 0, AVAIL);
                        })),
                Attack.any(
                        22,
                        "packed: the same buffer id many times",
                        a -> onRing(a, ring -> {
                            for (int i = 0; i < 32; i++) {
                                descriptor(ring, i, 64, 5, AVAIL);
                            }
                        })));
    }

    private static void descriptor(RawRing ring, int index, int length, int id, int flags) {
        ring.descriptor(index, DATA + 4096L * index, length, id, flags);
    }

    private static void onRing(Assault assault, Consumer<RawRing> spoil) {
        assault.need(assault.offered().has(RingFeature.RING_PACKED), "RING_PACKED is not offered");
        Rig rig = assault.ready(FeatureSet.of(RingFeature.RING_PACKED));
        RigQueue other = rig.rawQueue(0, Exchange.SIZE);
        RigQueue queue = assault.kind() == dev.cipu.shim.probe.DeviceKind.NET ? rig.rawQueue(1, Exchange.SIZE) : other;
        // both laps begin with the wrap counter set
        int base = 1 << 15;
        if (queue != other) {
            rig.start(other, base);
        }
        rig.start(queue, base);
        rig.driverOk();
        spoil.accept(queue.raw());
        queue.kick();
        dev.cipu.shim.probe.Pause.of(assault.peer().quiet());
        if (queue.takeError()) {
            assault.refused("ring stopped, error event");
        } else if (!assault.isAnswering(rig)) {
            assault.refused("session closed");
        } else {
            assault.note("session goes on");
        }
    }
}
