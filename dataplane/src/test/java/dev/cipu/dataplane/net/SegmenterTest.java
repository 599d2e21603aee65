package dev.cipu.dataplane.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.virtio.net.NetHeader;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Segments put together again are the frame that they were cut of, and each is a right frame of its own. */
class SegmenterTest {
    private static final int ROUNDS = 400;

    private final Arena arena = Arena.ofConfined();
    private final MemorySegment slot = arena.allocate(PacketPool.HEADROOM + PacketPool.LARGEST_FRAME, 64);
    private final long frame = slot.address() + PacketPool.HEADROOM;
    private final MemorySegment other = arena.allocate(PacketPool.LARGEST_FRAME, 64);
    private final Segmenter segmenter = new Segmenter();

    /** Whether segments are written to another place, or made within the frame: both in turn. */
    private boolean direct;

    @AfterEach
    void close() {
        arena.close();
    }

    private List<byte[]> cut(byte[] whole, long offload, boolean partial) {
        MemorySegment at = slot.asSlice(PacketPool.HEADROOM);
        MemorySegment.copy(whole, 0, at, ValueLayout.JAVA_BYTE, 0, whole.length);
        List<byte[]> segments = new ArrayList<>();
        segmenter.begin(frame, whole.length, offload, partial);
        direct = !direct;
        while (segmenter.next()) {
            if (direct) {
                segmenter.writeTo(other.address());
                segments.add(other.asSlice(0, segmenter.bytes()).toArray(ValueLayout.JAVA_BYTE));
                continue;
            }
            long from = segmenter.makeInPlace() - slot.address();
            segments.add(slot.asSlice(from, segmenter.bytes()).toArray(ValueLayout.JAVA_BYTE));
            // as the header of virtio-net is
            slot.asSlice(from - NetHeader.BYTES, NetHeader.BYTES).fill((byte) 0x5a);
            segmenter.back();
        }
        segmenter.end();
        assertThat(at.asSlice(0, whole.length).toArray(ValueLayout.JAVA_BYTE))
                .as("what other ports may read")
                .isEqualTo(whole);
        return segments;
    }

    private static long offload(Datagram one, int type, int size) {
        return Offload.large(type, size, one.transport(), one.checksumOffset());
    }

    private static Datagram random(SplittableRandom random, boolean tcp) {
        Datagram one = new Datagram();
        one.tcp = tcp;
        one.six = random.nextBoolean();
        one.vlans = random.nextInt(3);
        one.extra = random.nextInt(5) * 8;
        one.tcpOptions = random.nextInt(11) * 4;
        one.sequence = random.nextInt();
        one.id = random.nextInt(0x10000);
        one.flags = Datagram.ACK | (random.nextInt(256) & (Datagram.FIN | Datagram.PSH | Datagram.CWR | Datagram.ECE));
        int room = 65535 - 20 - one.extra - 20 - one.tcpOptions;
        one.data = Datagram.data(1 + (random.nextBoolean() ? random.nextInt(4000) : random.nextInt(room)), 1);
        return one;
    }

    @Test
    void tcp() {
        SplittableRandom random = new SplittableRandom(11);
        for (int round = 0; round < ROUNDS; round++) {
            Datagram one = random(random, true);
            int size = 1 + random.nextInt(Math.max(1, one.data.length / 2000), 2000);
            int type = one.six ? NetHeader.GSO_TCPV6 : NetHeader.GSO_TCPV4;
            List<byte[]> segments = cut(one.frame(false), offload(one, type, size), false);
            ByteArrayOutputStream data = new ByteArrayOutputStream();
            for (int i = 0; i < segments.size(); i++) {
                Datagram got = Datagram.read(segments.get(i));
                boolean last = i == segments.size() - 1;
                assertThat(got.sequence).isEqualTo(one.sequence + data.size());
                int allowed = ~((i > 0 ? Datagram.CWR : 0) | (last ? 0 : Datagram.FIN | Datagram.PSH));
                assertThat(got.flags).isEqualTo(one.flags & allowed);
                assertThat(got.data.length).isEqualTo(last ? one.data.length - data.size() : size);
                // everything else is as in the frame
                got.data = one.data;
                got.sequence = one.sequence;
                got.flags = one.flags;
                if (!one.six) {
                    assertThat(got.id).isEqualTo((one.id + i) & 0xffff);
                    got.id = one.id;
                }
                data.writeBytes(Datagram.read(segments.get(i)).data);
                assertThat(got.frame(false)).isEqualTo(one.frame(false));
            }
            assertThat(data.toByteArray()).isEqualTo(one.data);
        }
    }

    @Test
    void udpDatagrams() {
        SplittableRandom random = new SplittableRandom(12);
        for (int round = 0; round < ROUNDS; round++) {
            Datagram one = random(random, false);
            int size = 1 + random.nextInt(Math.max(1, one.data.length / 2000), 2000);
            List<byte[]> segments = cut(one.frame(false), offload(one, NetHeader.GSO_UDP_L4, size), false);
            ByteArrayOutputStream data = new ByteArrayOutputStream();
            for (byte[] segment : segments) {
                Datagram got = Datagram.read(segment);
                assertThat(got.data).hasSize(Math.min(size, one.data.length - data.size()));
                data.writeBytes(got.data);
            }
            assertThat(data.toByteArray()).isEqualTo(one.data);
        }
    }

    @Test
    void fragmentsOfOneDatagram() {
        SplittableRandom random = new SplittableRandom(13);
        for (int round = 0; round < ROUNDS; round++) {
            Datagram one = random(random, false);
            int size = 8 + random.nextInt(one.data.length / 2000, 2000);
            List<byte[]> fragments = cut(one.frame(false), offload(one, NetHeader.GSO_UDP, size), true);
            assertThat(reassemble(one, fragments)).isEqualTo(one.frame(true));
        }
    }

    /** Puts fragments together as a receiver does, into the frame that was never cut. */
    private static byte[] reassemble(Datagram one, List<byte[]> fragments) {
        byte[] whole = one.frame(true);
        Arrays.fill(whole, one.transport(), whole.length, (byte) 0);
        int network = one.network();
        int at = 0;
        int id = -1;
        for (int i = 0; i < fragments.size(); i++) {
            byte[] fragment = fragments.get(i);
            ByteBuffer buffer = ByteBuffer.wrap(fragment);
            int more = i < fragments.size() - 1 ? 1 : 0;
            int headers;
            if (one.six) {
                headers = one.transport() + 8;
                assertThat(buffer.getShort(network + 4) & 0xffff).isEqualTo(fragment.length - network - 40);
                assertThat(fragment[one.extra > 0 ? network + 40 : network + 6]).isEqualTo((byte) 44);
                assertThat(fragment[one.transport()]).isEqualTo((byte) 17);
                assertThat(buffer.getShort(one.transport() + 2) & 0xffff).isEqualTo(at | more);
                int thisId = buffer.getInt(one.transport() + 4);
                assertThat(thisId).isEqualTo(i == 0 ? thisId : id);
                id = thisId;
            } else {
                headers = one.transport();
                assertThat(buffer.getShort(network + 2) & 0xffff).isEqualTo(fragment.length - network);
                assertThat(buffer.getShort(network + 4) & 0xffff).isEqualTo(one.id);
                assertThat(buffer.getShort(network + 6)).isEqualTo((short) (at / 8 + more * 0x2000));
                assertThat(Datagram.sum(fragment, network, headers, 0)).isEqualTo(0xffff);
            }
            System.arraycopy(fragment, headers, whole, one.transport() + at, fragment.length - headers);
            at += fragment.length - headers;
        }
        assertThat(at).isEqualTo(whole.length - one.transport());
        return whole;
    }

    @Test
    void onlySomeOptionsGoWithEveryFragment() {
        Datagram one = Datagram.udp(false, Datagram.data(3000, 1));
        one.extra = 12;
        byte[] whole = one.frame(false);
        // record route, 3 bytes; one to be copied, 4 bytes; a broken one that says it is longer than the header
        byte[] options = {7, 3, 4, (byte) 0x94, 4, 1, 2, 1, 68, 99, 5, 6};
        System.arraycopy(options, 0, whole, 34, options.length);
        List<byte[]> fragments = cut(whole, offload(one, NetHeader.GSO_UDP, 1480), false);
        assertThat(fragments).hasSize(3);
        assertThat(Arrays.copyOfRange(fragments.get(0), 34, 46)).isEqualTo(options);
        byte[] copied = {1, 1, 1, (byte) 0x94, 4, 1, 2, 1, 1, 1, 1, 1};
        for (byte[] later : fragments.subList(1, 3)) {
            assertThat(Arrays.copyOfRange(later, 34, 46)).isEqualTo(copied);
        }
    }

    @Test
    void aReceiverThatSumsItselfGetsThePseudoHeadersSum() {
        for (boolean six : new boolean[] {false, true}) {
            for (boolean tcp : new boolean[] {false, true}) {
                Datagram one = Datagram.tcp(six, Datagram.data(4000, 1));
                one.tcp = tcp;
                int type = !tcp ? NetHeader.GSO_UDP_L4 : six ? NetHeader.GSO_TCPV6 : NetHeader.GSO_TCPV4;
                direct = six;
                List<byte[]> summed = cut(one.frame(false), offload(one, type, 1300), false);
                List<byte[]> partial = cut(one.frame(false), offload(one, type, 1300), true);
                assertThat(partial).hasSize(4);
                for (int i = 0; i < 4; i++) {
                    byte[] completed = partial.get(i).clone();
                    int sum = ~Datagram.sum(completed, one.transport(), completed.length, 0);
                    ByteBuffer.wrap(completed).putShort(one.transport() + one.checksumOffset(), (short) sum);
                    assertThat(completed).isEqualTo(summed.get(i));
                }
            }
        }
    }
}
