package dev.cipu.shim.torture;

import dev.cipu.shim.probe.Exchange;
import dev.cipu.shim.probe.Part;
import dev.cipu.shim.probe.Rig;
import dev.cipu.shim.probe.RigQueue;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.memory.Le;
import dev.cipu.virtio.net.NetFeature;
import dev.cipu.virtio.net.NetHeader;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** Frame headers that lie, and receive buffers of no use. */
final class NetAttacks {
    private static final FeatureSet OFFLOADS =
            FeatureSet.of(NetFeature.CSUM, NetFeature.HOST_TSO4, NetFeature.HOST_TSO6, NetFeature.HOST_UFO);

    private static final String NO_CONTROL = "the control queue is the front-end's";

    private NetAttacks() {}

    static List<Attack<Assault>> all() {
        return List.of(
                Attack.net(28, "checksum offsets beyond the frame", NetAttacks::checksums),
                Attack.net(
                        29,
                        "segmentation that was not negotiated, of size 0, without a checksum",
                        NetAttacks::segments),
                Attack.net(30, "headers in pieces, and chains shorter than a header", NetAttacks::pieces),
                Attack.net(31, "receive buffers too small for a header", NetAttacks::smallBuffers),
                Attack.net(32, "frames without a receive buffer", NetAttacks::starve),
                Attack.net(33, "hash reports and merged buffers together", NetAttacks::hashes),
                Attack.net(34, "an indirection table of a wrong size", a -> a.need(false, NO_CONTROL)),
                Attack.net(35, "control commands of no class and no length", a -> a.need(false, NO_CONTROL)),
                Attack.net(36, "receive buffers taken back and reused while frames arrive", NetAttacks::reuse));
    }

    private static void header(Exchange victim, Exchange.Sample sample, long first, int last) {
        MemorySegment header = victim.rig().memory().slice(sample.out(), NetHeader.BYTES);
        header.set(Le.LONG_UNALIGNED, 0, first);
        header.set(Le.INT_UNALIGNED, 8, last);
    }

    private static void checksums(Assault assault) {
        assault.onRing(OFFLOADS, victim -> {
            for (int start : new int[] {0, 13, 50, 60, 0xffff}) {
                for (int offset : new int[] {0, 9, 59, 0xffff}) {
                    Exchange.Sample sample = victim.sample();
                    header(victim, sample, NetHeader.first(NetHeader.FLAG_NEEDS_CSUM, 0, 0, 0, start), offset);
                    victim.serveRaw(sample);
                }
            }
        });
    }

    private static void segments(Assault assault) {
        assault.onRing(OFFLOADS, victim -> {
            for (int type : new int[] {1, 3, 4, 5, 0x21, 0x7f, 0x81, 0xff}) {
                for (int flags = 0; flags < 2; flags++) {
                    Exchange.Sample sample = victim.sample();
                    header(victim, sample, NetHeader.first(flags, type, 0xffff, type & 1, 34), 16);
                    victim.serveRaw(sample);
                }
            }
        });
    }

    private static void pieces(Assault assault) {
        assault.onRing(FeatureSet.NONE, victim -> {
            for (int bytes = 1; bytes <= NetHeader.BYTES + 1; bytes++) {
                Exchange.Sample sample = victim.sample();
                victim.queue().raw().give(List.of(Part.readable(sample.out(), bytes)));
                victim.queue().kick();
                victim.queue().raw().give(Part.readable(sample.out(), 72).cut(1, 2, bytes));
            }
        });
    }

    /** Both rings with frames on their way; the receiveq is filled by {@code buffers}. */
    private static void receive(Assault assault, FeatureSet more, int[] lengths) {
        Rig rig = assault.ready(more);
        RigQueue in = rig.rawQueue(0, Exchange.SIZE);
        RigQueue out = rig.queue(1, Exchange.SIZE, 0);
        long buffers = rig.allocate(1 << 16);
        for (int i = 0; i < lengths.length; i++) {
            in.raw().give(List.of(Part.writable(buffers + 1024L * i, lengths[i])));
        }
        rig.start(in, 0);
        rig.start(out, 0);
        rig.driverOk();
        in.kick();
        long frame = rig.allocate(2048);
        for (int i = 0; i < 200; i++) {
            if (out.add(List.of(Part.readable(frame, NetHeader.BYTES + 60 + i * 7))) >= 0) {
                out.publish();
                out.kick();
            }
            out.take(java.time.Duration.ofMillis(2));
            if (i % 20 == 0) {
                in.raw().scribbleUsed((byte) i);
            }
        }
        report(assault, rig, in, out);
    }

    private static void report(Assault assault, Rig rig, RigQueue in, RigQueue out) {
        if (in.takeError() || out.takeError()) {
            assault.refused("ring stopped, error event");
        } else if (!assault.isAnswering(rig)) {
            assault.refused("session closed");
        } else {
            assault.note("frames dropped, session goes on");
        }
    }

    private static void smallBuffers(Assault assault) {
        List<Integer> lengths = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            lengths.add(i % 14);
        }
        int[] all = lengths.stream().mapToInt(Integer::intValue).toArray();
        receive(assault, FeatureSet.NONE, all);
        receive(assault, FeatureSet.of(NetFeature.MRG_RXBUF), all);
    }

    private static void starve(Assault assault) {
        receive(assault, FeatureSet.NONE, new int[0]);
    }

    private static void hashes(Assault assault) {
        assault.need(assault.offered().has(NetFeature.HASH_REPORT), "HASH_REPORT is not offered");
        receive(assault, FeatureSet.of(NetFeature.HASH_REPORT, NetFeature.MRG_RXBUF), new int[] {12, 20, 64, 64});
    }

    private static void reuse(Assault assault) {
        receive(assault, FeatureSet.of(NetFeature.MRG_RXBUF), new int[] {64, 64, 64, 64, 64, 64, 64, 64});
    }
}
