package dev.cipu.dataplane.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.conformance.Conforms;
import dev.cipu.virtio.net.NetFeature;
import dev.cipu.virtio.net.NetHeader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CoalescerTest {
    private static final int ROUNDS = 300;
    private static final FeatureSet ALL = FeatureSet.of(
            NetFeature.GUEST_CSUM,
            NetFeature.GUEST_TSO4,
            NetFeature.GUEST_TSO6,
            NetFeature.GUEST_USO4,
            NetFeature.GUEST_USO6);

    private final Arena arena = Arena.ofConfined();
    private final PacketPool pool = new PacketPool(arena, 256, 2048, 40);
    private final Coalescer coalescer = new Coalescer(pool);
    private final Segmenter segmenter = new Segmenter();
    private FeatureSet features = ALL;

    /** A frame that came out, and what is to be done to it. */
    private static final class Out {
        private final byte[] frame;
        private final long offload;

        Out(byte[] frame, long offload) {
            this.frame = frame;
            this.offload = offload;
        }

        byte[] frame() {
            return frame;
        }

        long offload() {
            return offload;
        }
    }

    @AfterEach
    void noSlotIsLost() {
        assertThat(pool.available()).isEqualTo(pool.capacity());
        assertThat(pool.availableLarge()).isEqualTo(pool.capacityLarge());
        arena.close();
    }

    private List<Out> join(List<Out> in) {
        Burst burst = new Burst();
        for (Out each : in) {
            int slot = pool.take();
            MemorySegment.copy(
                    each.frame(), 0, pool.slab(), ValueLayout.JAVA_BYTE, pool.frameOffset(slot), each.frame().length);
            burst.add(slot, each.frame().length, each.offload());
        }
        coalescer.negotiated(features);
        Burst joined = coalescer.join(burst, 0, burst.count());
        List<Out> out = new ArrayList<>();
        for (int i = 0; i < joined.count(); i++) {
            out.add(new Out(bytes(pool.frameOffset(joined.slot(i)), joined.length(i)), joined.offload(i)));
        }
        for (int i = 0; i < in.size(); i++) {
            assertThat(bytes(pool.frameOffset(burst.slot(i)), burst.length(i)))
                    .as("the frame is others', too")
                    .isEqualTo(in.get(i).frame());
        }
        coalescer.release();
        burst.release(pool);
        return out;
    }

    private byte[] bytes(long at, int count) {
        return pool.slab().asSlice(at, count).toArray(ValueLayout.JAVA_BYTE);
    }

    /** Cuts a joined frame as a guest without offloads would have it. */
    private List<byte[]> cut(Out large) {
        int slot = pool.takeLarge();
        long at = pool.frameOffset(slot);
        MemorySegment.copy(large.frame(), 0, pool.slab(), ValueLayout.JAVA_BYTE, at, large.frame().length);
        List<byte[]> segments = new ArrayList<>();
        segmenter.begin(at, large.frame().length, large.offload(), false);
        while (segmenter.next()) {
            segments.add(bytes(segmenter.makeInPlace(), segmenter.bytes()));
            segmenter.back();
        }
        segmenter.end();
        pool.release(slot);
        return segments;
    }

    private static List<Datagram> flow(boolean tcp, boolean six, int count, int size) {
        List<Datagram> flow = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Datagram one = Datagram.tcp(six, Datagram.data(size, i));
            one.tcp = tcp;
            one.sequence = 0x7fff_ff00 + i * size;
            one.id = (0xfffe + i) & 0xffff;
            flow.add(one);
        }
        return flow;
    }

    private static List<Out> complete(List<Datagram> flow) {
        return flow.stream().map(one -> new Out(one.frame(true), Offload.NONE)).toList();
    }

    @Test
    void neighboursBecomeOneFrameAndItsSegmentsAreThem() {
        SplittableRandom random = new SplittableRandom(5);
        int joins = 0;
        for (int round = 0; round < ROUNDS; round++) {
            List<Out> in = new ArrayList<>();
            List<byte[]> originals = new ArrayList<>();
            while (in.size() < 60) {
                List<Datagram> flow = flow(
                        random.nextBoolean(), random.nextBoolean(), 1 + random.nextInt(12), 1 + random.nextInt(1400));
                int port = random.nextInt(3);
                int options = random.nextInt(3) * 4;
                int extra = random.nextInt(2) * 8;
                boolean partial = random.nextBoolean();
                for (Datagram one : flow) {
                    one.sourcePort = port;
                    one.tcpOptions = options;
                    one.extra = extra;
                    spoil(one, random);
                    in.add(
                            partial
                                    ? new Out(one.frame(false), Offload.checksum(one.transport(), one.checksumOffset()))
                                    : new Out(one.frame(true), Offload.NONE));
                    originals.add(one.frame(true));
                }
            }
            List<byte[]> back = new ArrayList<>();
            for (Out out : join(in)) {
                if (Offload.isLarge(out.offload())) {
                    joins++;
                    back.addAll(cut(out));
                } else if (out.offload() != Offload.NONE) {
                    byte[] frame = out.frame();
                    int start = Offload.csumStart(out.offload());
                    int at = start + Offload.csumOffset(out.offload());
                    int sum = ~Datagram.sum(frame, start, frame.length, 0);
                    frame[at] = (byte) (sum >> 8);
                    frame[at + 1] = (byte) sum;
                    back.add(frame);
                } else {
                    back.add(out.frame());
                }
            }
            assertThat(back).hasSameSizeAs(originals);
            for (int i = 0; i < back.size(); i++) {
                assertThat(back.get(i)).as("round %d frame %d", round, i).isEqualTo(originals.get(i));
            }
        }
        assertThat(joins).isGreaterThan(ROUNDS);
    }

    /** Now and then something that a large frame could not say. */
    private static void spoil(Datagram one, SplittableRandom random) {
        switch (random.nextInt(40)) {
            case 0 -> one.flags |= Datagram.PSH;
            case 1 -> one.flags |= Datagram.FIN;
            case 2 -> one.sequence++;
            case 3 -> one.id++;
            case 4 -> one.data = Datagram.data(one.data.length / 2, 9);
            case 5 -> one.acknowledged++;
            case 6 -> one.data = Datagram.data(one.data.length + 1, 9);
            case 7 -> one.flags |= Datagram.ECE;
            default -> {
                // a good segment
            }
        }
    }

    @Test
    void aLargeFrameSaysWhatItIsMadeOf() {
        for (boolean tcp : new boolean[] {false, true}) {
            for (boolean six : new boolean[] {false, true}) {
                List<Datagram> flow = flow(tcp, six, 4, 1000);
                flow.get(3).data = Datagram.data(10, 3);
                flow.get(3).flags |= Datagram.PSH;
                List<Out> out = join(complete(flow));
                assertThat(out).hasSize(1);
                int type = !tcp ? NetHeader.GSO_UDP_L4 : six ? NetHeader.GSO_TCPV6 : NetHeader.GSO_TCPV4;
                Datagram first = flow.get(0);
                assertThat(out.get(0).offload())
                        .isEqualTo(Offload.large(type, 1000, first.transport(), first.checksumOffset()));
                Datagram whole = flow.get(0);
                byte[] data = new byte[3010];
                for (int i = 0; i < 4; i++) {
                    System.arraycopy(flow.get(i).data, 0, data, 1000 * i, flow.get(i).data.length);
                }
                whole.data = data;
                whole.flags = Datagram.ACK | Datagram.PSH;
                assertThat(out.get(0).frame()).isEqualTo(whole.frame(false));
            }
        }
    }

    private void staysApart(boolean tcp, Consumer<Datagram> change) {
        List<Datagram> flow = flow(tcp, false, 2, 500);
        change.accept(flow.get(1));
        assertThat(join(complete(flow))).hasSize(2).noneMatch(out -> Offload.isLarge(out.offload()));
    }

    @Test
    void whatDiffersStaysApart() {
        assertThat(join(complete(flow(true, false, 2, 500)))).hasSize(1);
        staysApart(true, one -> one.sequence++);
        staysApart(true, one -> one.id++);
        staysApart(true, one -> one.acknowledged++);
        staysApart(true, one -> one.sourcePort++);
        staysApart(true, one -> one.tcpOptions = 4);
        staysApart(true, one -> one.extra = 4);
        staysApart(true, one -> one.vlans = 1);
        staysApart(true, one -> one.data = Datagram.data(501, 1));
        staysApart(true, one -> one.data = new byte[0]);
        staysApart(true, one -> one.flags |= Datagram.CWR);
        staysApart(true, one -> one.flags |= Datagram.FIN);
        staysApart(true, one -> one.tcp = false);
        staysApart(false, one -> one.sourcePort++);
        staysApart(false, one -> one.from = Frames.MAC_C);
        staysApart(false, one -> one.data = Datagram.data(501, 1));
    }

    @Test
    @Conforms({"NT-026", "NT-045"})
    void aWrongChecksumStaysVisible() {
        for (boolean tcp : new boolean[] {false, true}) {
            for (int bad = 0; bad < 2; bad++) {
                for (int at : new int[] {24, 60}) {
                    List<Out> in = complete(flow(tcp, false, 2, 500));
                    in.get(bad).frame()[at] ^= 1;
                    assertThat(join(in)).hasSize(2);
                }
            }
        }
        List<Out> without = complete(flow(false, false, 2, 500));
        for (Out each : without) {
            each.frame()[40] = 0;
            each.frame()[41] = 0;
        }
        assertThat(join(without)).as("UDP without a checksum").hasSize(2);
    }

    @Test
    void paddingIsNoPayload() {
        List<Out> in = new ArrayList<>(complete(flow(true, false, 2, 5)));
        in.set(1, new Out(java.util.Arrays.copyOf(in.get(1).frame(), 60), Offload.NONE));
        assertThat(join(in)).hasSize(2);
    }

    @Test
    void onlyWhatTheGuestTakesIsJoined() {
        int[] bits = {NetFeature.GUEST_USO4, NetFeature.GUEST_USO6, NetFeature.GUEST_TSO4, NetFeature.GUEST_TSO6};
        for (int i = 0; i < bits.length; i++) {
            List<Out> in = complete(flow(i >= 2, i % 2 == 1, 3, 500));
            features = ALL.without(bits[i]);
            assertThat(join(in)).hasSize(3);
            features = FeatureSet.of(NetFeature.GUEST_CSUM, bits[i]);
            assertThat(join(in)).hasSize(1);
        }
        coalescer.negotiated(ALL.without(NetFeature.GUEST_CSUM));
        assertThat(coalescer.isWanted()).isFalse();
        coalescer.negotiated(FeatureSet.of(NetFeature.GUEST_CSUM));
        assertThat(coalescer.isWanted()).isFalse();
        coalescer.negotiated(ALL);
        assertThat(coalescer.isWanted()).isTrue();
    }

    @Test
    void aFrameGrowsToItsLimitAndWithoutLargeSlotsNotAtAll() {
        List<Out> out = join(complete(flow(true, false, 100, 1448)));
        assertThat(out).hasSize(3);
        assertThat(out.get(0).frame()).hasSize(54 + 45 * 1448);
        List<Integer> taken = new ArrayList<>();
        for (int slot = pool.takeLarge(); slot >= 0; slot = pool.takeLarge()) {
            taken.add(slot);
        }
        assertThat(join(complete(flow(true, false, 100, 1448)))).hasSize(100);
        taken.forEach(pool::release);
    }
}
