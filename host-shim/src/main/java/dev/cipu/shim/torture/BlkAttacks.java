package dev.cipu.shim.torture;

import dev.cipu.shim.probe.Exchange;
import dev.cipu.shim.probe.Part;
import dev.cipu.shim.probe.Pause;
import dev.cipu.shim.probe.Rig;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.blk.BlkFeature;
import dev.cipu.virtio.blk.BlkRequest;
import dev.cipu.virtio.memory.Le;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** Block requests that no disk can carry out. */
final class BlkAttacks {
    private static final FeatureSet RANGES = FeatureSet.of(BlkFeature.DISCARD, BlkFeature.WRITE_ZEROES);
    private static final int UNTOUCHED = 0xee;

    private BlkAttacks() {}

    static List<Attack<Assault>> all() {
        return List.of(
                Attack.blk(37, "sectors beyond the end, and those that wrap", BlkAttacks::beyond),
                Attack.blk(38, "lengths that are no sectors, data where none belongs", BlkAttacks::lengths),
                Attack.blk(39, "ranges that are too many, too long, cut off or flagged", BlkAttacks::ranges),
                Attack.blk(40, "writes to a read-only disk", BlkAttacks::readOnly),
                Attack.blk(41, "unknown request types, SCSI commands among them", BlkAttacks::types),
                Attack.blk(42, "an identity into buffers of 1 and 4096 bytes", BlkAttacks::identity),
                Attack.blk(43, "a status byte in a large buffer", BlkAttacks::status));
    }

    /** One request; the status is the last of {@code in} writable bytes. */
    private static void request(Assault assault, Exchange victim, int type, long sector, int out, int in, int fill) {
        Rig rig = victim.rig();
        long header = rig.allocate(BlkRequest.HEADER_BYTES + Math.max(1, out));
        MemorySegment bytes = rig.memory().slice(header, BlkRequest.HEADER_BYTES + (long) out);
        bytes.fill((byte) fill);
        bytes.set(Le.INT_UNALIGNED, 0, type);
        bytes.set(Le.LONG_UNALIGNED, 8, sector);
        long answer = rig.allocate(Math.max(1, in));
        List<Part> parts = new ArrayList<>(List.of(Part.readable(header, BlkRequest.HEADER_BYTES)));
        if (out > 0) {
            parts.add(Part.readable(header + BlkRequest.HEADER_BYTES, out));
        }
        if (in > 0) {
            rig.memory().slice(answer, in).fill((byte) UNTOUCHED);
            parts.add(Part.writable(answer, in));
        }
        int used = victim.queue().raw().usedIndex();
        victim.queue().raw().give(parts);
        victim.queue().kick();
        Pause.until(
                () -> victim.queue().raw().usedIndex() != used,
                assault.peer().quiet().multipliedBy(4));
        if (victim.queue().raw().usedIndex() == used) {
            assault.note("no answer");
        } else if (in > 0) {
            int status = rig.memory().slice(answer, in).get(ValueLayout.JAVA_BYTE, in - 1L);
            if (status != BlkRequest.OK) {
                assault.refused("status " + (status & 0xff));
            }
        }
    }

    private static void beyond(Assault assault) {
        assault.onRing(FeatureSet.NONE, victim -> {
            for (long sector : new long[] {1L << 40, -1, Long.MAX_VALUE, Long.MIN_VALUE, 1L << 55}) {
                request(assault, victim, BlkRequest.IN, sector, 0, 4097, 0);
                request(assault, victim, BlkRequest.OUT, sector, 4096, 1, 0);
            }
        });
    }

    private static void lengths(Assault assault) {
        assault.onRing(FeatureSet.NONE, victim -> {
            for (int bytes : new int[] {0, 1, 511, 513}) {
                request(assault, victim, BlkRequest.IN, 0, 0, bytes + 1, 0);
                request(assault, victim, BlkRequest.FLUSH, 0, bytes, 1, 0);
            }
            request(assault, victim, BlkRequest.OUT, 1L << 40, 513, 1, 0);
        });
    }

    private static void ranges(Assault assault) {
        assault.onRing(RANGES, victim -> {
            for (int type : new int[] {BlkRequest.DISCARD, BlkRequest.WRITE_ZEROES}) {
                for (int bytes : new int[] {0, 1, 15, 16, 17, 16 * 300}) {
                    request(assault, victim, type, 0, bytes, 1, 0xff);
                }
            }
        });
    }

    private static void readOnly(Assault assault) {
        assault.need(assault.offered().has(BlkFeature.RO), "RO is not offered");
        assault.onRing(FeatureSet.NONE, victim -> request(assault, victim, BlkRequest.OUT, 0, 512, 1, 7));
    }

    private static void types(Assault assault) {
        assault.onRing(FeatureSet.NONE, victim -> {
            for (int type : new int[] {2, 3, 0x7fffffff, -1, 1 << 31, 26}) {
                request(assault, victim, type, 0, 64, 97, 0);
            }
        });
    }

    private static void identity(Assault assault) {
        assault.onRing(FeatureSet.NONE, victim -> {
            request(assault, victim, BlkRequest.GET_ID, 0, 0, 2, 0);
            request(assault, victim, BlkRequest.GET_ID, 0, 0, 4097, 0);
            request(assault, victim, BlkRequest.GET_ID, 0, 0, 0, 0);
        });
    }

    private static void status(Assault assault) {
        assault.onRing(FeatureSet.NONE, victim -> request(assault, victim, BlkRequest.FLUSH, 0, 0, 1 << 16, 0));
    }
}
