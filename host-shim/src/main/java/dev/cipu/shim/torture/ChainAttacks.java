package dev.cipu.shim.torture;

import dev.cipu.shim.probe.Exchange;
import dev.cipu.shim.probe.Part;
import dev.cipu.shim.probe.RawRing;
import dev.cipu.shim.probe.Rig;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.ring.SplitLayout;
import java.util.ArrayList;
import java.util.List;

/** Chains and indices that no driver makes: split rings. */
final class ChainAttacks {
    private static final int NEXT = SplitLayout.FLAG_NEXT;
    private static final int WRITE = SplitLayout.FLAG_WRITE;
    private static final int INDIRECT = SplitLayout.FLAG_INDIRECT;
    private static final int SIZE = Exchange.SIZE;

    /** Memory that is shared and not a ring. */
    private static final long DATA = Rig.GUEST + (4 << 20);

    private static final FeatureSet TABLES = FeatureSet.of(RingFeature.INDIRECT_DESC);

    private ChainAttacks() {}

    static List<Attack<Assault>> all() {
        return List.of(
                Attack.any(1, "a chain that leads back into itself", ChainAttacks::loop),
                Attack.any(
                        2,
                        "a next field outside the table",
                        a -> a.onChain(r -> r.descriptor(0, DATA, 64, NEXT, SIZE))),
                Attack.any(3, "a chain as long as the ring, then one that never ends", ChainAttacks::longest),
                Attack.any(4, "an address whose end wraps", a -> a.onChain(r -> two(r, -16L, 64))),
                Attack.any(5, "lengths whose sum wraps", ChainAttacks::sumWraps),
                Attack.any(6, "addresses before, after and across the end of memory", ChainAttacks::outside),
                Attack.any(7, "a buffer over two regions", ChainAttacks::seam),
                Attack.any(8, "buffers without a byte", ChainAttacks::empty),
                Attack.any(9, "writable before readable, and nothing to write at all", ChainAttacks::order),
                Attack.any(10, "an available index far ahead", ChainAttacks::indexJump),
                Attack.any(
                        11,
                        "an index that goes back, a head outside the table, the same head twice",
                        ChainAttacks::heads),
                Attack.any(12, "a ring full of chains again and again without taking any back", ChainAttacks::flood),
                Attack.any(13, "indirect without the feature, nested, and going on", ChainAttacks::indirectWrong),
                Attack.any(14, "indirect tables of no, an odd and a huge size", ChainAttacks::indirectSize),
                Attack.any(15, "an indirect table over two regions", ChainAttacks::indirectSeam),
                Attack.any(16, "an indirect descriptor with the write flag", ChainAttacks::indirectWrite));
    }

    private static void two(RawRing ring, long address, int length) {
        ring.descriptor(0, address, length, NEXT, 1);
        ring.descriptor(1, DATA, 64, WRITE, 0);
    }

    private static void loop(Assault assault) {
        assault.onChain(ring -> ring.descriptor(0, DATA, 16, NEXT, 0));
        assault.onChain(ring -> {
            for (int i = 0; i < SIZE; i++) {
                ring.descriptor(i, DATA, 16, NEXT, (i + 1) % SIZE);
            }
        });
    }

    private static void longest(Assault assault) {
        assault.onChain(ring -> {
            for (int i = 0; i < SIZE; i++) {
                boolean last = i == SIZE - 1;
                ring.descriptor(i, DATA + 16L * i, 16, last ? WRITE : NEXT, last ? 0 : i + 1);
            }
        });
        loop(assault);
    }

    private static void sumWraps(Assault assault) {
        assault.onChain(ring -> {
            for (int i = 0; i < 4; i++) {
                ring.descriptor(i, DATA, 0x7fffffff, i == 3 ? 0 : NEXT, i + 1);
            }
        });
        assault.onChain(ring -> {
            ring.descriptor(0, DATA, -1, NEXT, 1);
            ring.descriptor(1, DATA, 17, NEXT | WRITE, 2);
            ring.descriptor(2, DATA, -1, WRITE, 0);
        });
    }

    private static void outside(Assault assault) {
        long end = Rig.GUEST + Rig.BYTES;
        for (long address : new long[] {0, Rig.GUEST - 1, end - 63, end, Rig.USER, Long.MAX_VALUE, 1L << 63}) {
            assault.onChain(ring -> two(ring, address, 64));
            assault.onChain(ring -> {
                ring.descriptor(0, DATA, 16, NEXT, 1);
                ring.descriptor(1, address, 64, WRITE, 0);
            });
        }
    }

    private static void seam(Assault assault) {
        assault.onChain(ring -> {
            ring.descriptor(0, Rig.GUEST + Rig.SEAM - 5, 16, NEXT, 1);
            ring.descriptor(1, Rig.GUEST + Rig.SEAM - 300, 513, WRITE, 0);
        });
    }

    private static void empty(Assault assault) {
        assault.onChain(ring -> ring.descriptor(0, DATA, 0, 0, 0));
        assault.onChain(ring -> {
            for (int i = 0; i < SIZE; i++) {
                boolean last = i == SIZE - 1;
                ring.descriptor(i, 0, 0, (last ? 0 : NEXT) | (i > SIZE / 2 ? WRITE : 0), last ? 0 : i + 1);
            }
        });
    }

    private static void order(Assault assault) {
        assault.onChain(ring -> {
            ring.descriptor(0, DATA, 64, WRITE | NEXT, 1);
            ring.descriptor(1, DATA + 64, 64, 0, 0);
        });
        assault.onChain(ring -> ring.descriptor(0, DATA, 64, WRITE, 0));
        assault.onChain(ring -> ring.descriptor(0, DATA, 64, 0, 0));
    }

    private static void indexJump(Assault assault) {
        for (int jump : new int[] {SIZE + 1, 0x7fff, 0x8000, 0xffff}) {
            assault.onRing(FeatureSet.NONE, victim -> victim.queue().raw().availIndex(jump));
        }
    }

    private static void heads(Assault assault) {
        assault.onRing(FeatureSet.NONE, victim -> {
            victim.serveRaw(victim.sample());
            victim.serveRaw(victim.sample());
            victim.queue().raw().availIndex(1);
        });
        for (int head : new int[] {SIZE, 0x7fff, 0xffff}) {
            assault.onRing(FeatureSet.NONE, victim -> {
                victim.queue().raw().offer(head);
                victim.queue().raw().publish();
            });
        }
        assault.onRing(FeatureSet.NONE, victim -> {
            int head = victim.queue().raw().chain(victim.sample().parts());
            for (int i = 0; i < SIZE; i++) {
                victim.queue().raw().offer(head);
            }
            victim.queue().raw().publish();
        });
    }

    private static void flood(Assault assault) {
        assault.onRing(FeatureSet.NONE, victim -> {
            RawRing ring = victim.queue().raw();
            int head = ring.chain(victim.sample().parts());
            for (int lap = 0; lap < 200; lap++) {
                for (int i = 0; i < SIZE; i++) {
                    ring.offer(head);
                }
                ring.publish();
                victim.queue().kick();
            }
        });
    }

    private static void indirectWrong(Assault assault) {
        assault.onRing(FeatureSet.NONE, victim -> indirect(victim, INDIRECT, 32, 0));
        assault.onRing(TABLES, victim -> indirect(victim, INDIRECT | NEXT, 32, 0));
        assault.onRing(TABLES, victim -> {
            RawRing ring = victim.queue().raw();
            long table = DATA + 4096;
            ring.descriptorAt(table, table, 16, INDIRECT, 0);
            ring.descriptor(0, table, 16, INDIRECT, 0);
            ring.offer(0);
            ring.publish();
        });
    }

    private static void indirect(Exchange victim, int flags, int bytes, int next) {
        RawRing ring = victim.queue().raw();
        long table = ring.table(List.of(Part.readable(DATA, 16), Part.writable(DATA + 64, 64)));
        ring.descriptor(0, table, bytes, flags, next);
        ring.offer(0);
        ring.publish();
    }

    private static void indirectSize(Assault assault) {
        assault.need(assault.offered().has(RingFeature.INDIRECT_DESC), "INDIRECT_DESC is not offered");
        for (int bytes : new int[] {0, 1, 15, 17, 8 << 20, 0x7ffffff0, -16}) {
            assault.onRing(TABLES, victim -> indirect(victim, INDIRECT, bytes, 0));
        }
    }

    private static void indirectSeam(Assault assault) {
        assault.need(assault.offered().has(RingFeature.INDIRECT_DESC), "INDIRECT_DESC is not offered");
        assault.onRing(TABLES, victim -> {
            RawRing ring = victim.queue().raw();
            List<Part> parts = new ArrayList<>(victim.sample().parts());
            long table = Rig.GUEST + Rig.SEAM - 16;
            for (int i = 0; i < parts.size(); i++) {
                Part part = parts.get(i);
                boolean last = i == parts.size() - 1;
                int flags = (part.writable() ? WRITE : 0) | (last ? 0 : NEXT);
                ring.descriptorAt(table + 16L * i, part.address(), part.length(), flags, last ? 0 : i + 1);
            }
            ring.descriptor(0, table, 16 * parts.size(), INDIRECT, 0);
            ring.offer(0);
            ring.publish();
        });
    }

    private static void indirectWrite(Assault assault) {
        assault.need(assault.offered().has(RingFeature.INDIRECT_DESC), "INDIRECT_DESC is not offered");
        assault.onRing(TABLES, victim -> indirect(victim, INDIRECT | WRITE, 32, 0));
    }
}
