package dev.cipu.dataplane.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.dataplane.Allocation;
import dev.cipu.dataplane.CounterGroup;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.conformance.Conforms;
import dev.cipu.virtio.driver.DriverQueue;
import dev.cipu.virtio.net.NetFeature;
import dev.cipu.virtio.net.NetHeader;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Large frames from guest to guest, whatever each of them takes. */
class GuestOffloadTest {
    private static final FeatureSet PLAIN = FeatureSet.of(RingFeature.VERSION_1, NetFeature.MAC, NetFeature.MTU);
    private static final FeatureSet SENDER = PLAIN.or(FeatureSet.of(
            NetFeature.CSUM,
            NetFeature.HOST_TSO4,
            NetFeature.HOST_TSO6,
            NetFeature.HOST_ECN,
            NetFeature.HOST_UFO,
            NetFeature.HOST_USO));
    private static final FeatureSet TAKER = PLAIN.or(FeatureSet.of(
            NetFeature.GUEST_CSUM,
            NetFeature.GUEST_TSO4,
            NetFeature.GUEST_TSO6,
            NetFeature.GUEST_ECN,
            NetFeature.GUEST_UFO,
            NetFeature.GUEST_USO4,
            NetFeature.GUEST_USO6,
            NetFeature.MRG_RXBUF));
    private static final int HUGE = 66_000;
    private static final int MSS = 1448;

    private final Arena arena = Arena.ofShared();
    private final PacketPool pool = new PacketPool(arena, 512, 1518, 16);
    private final L2Switch l2 = new L2Switch(pool, System::nanoTime, CounterGroup.unlisted(L2Switch.COUNTERS));
    private final TestGuest a = guest(Frames.MAC_A, SENDER, 16, HUGE);

    /** A frame as a driver sees it: its header, and what all its buffers hold. */
    private static final class Got {
        private final ByteBuffer header;
        private final byte[] frame;

        Got(ByteBuffer header, byte[] frame) {
            this.header = header;
            this.frame = frame;
        }

        ByteBuffer header() {
            return header;
        }

        byte[] frame() {
            return frame;
        }

        int flags() {
            return header.get(0);
        }

        int type() {
            return header.get(1) & 0xff;
        }

        int field(int at) {
            return Short.toUnsignedInt(header.getShort(at));
        }
    }

    @AfterEach
    void noSlotIsLost() {
        assertThat(pool.available()).isEqualTo(pool.capacity());
        assertThat(pool.availableLarge()).isEqualTo(pool.capacityLarge());
        arena.close();
    }

    private TestGuest guest(byte[] mac, FeatureSet features, int ring, int bufferBytes) {
        TestGuest guest = new TestGuest(arena, pool, mac, 1, features, ring, bufferBytes);
        l2.add(guest.port, mac);
        return guest;
    }

    private static List<Got> received(TestGuest guest) {
        List<Got> frames = new ArrayList<>();
        List<byte[]> buffers = guest.received();
        for (int i = 0; i < buffers.size(); ) {
            ByteBuffer header = ByteBuffer.wrap(buffers.get(i)).order(ByteOrder.LITTLE_ENDIAN);
            int count = header.getShort((int) NetHeader.NUM_BUFFERS);
            assertThat(count).isPositive();
            ByteArrayOutputStream whole = new ByteArrayOutputStream();
            for (int j = 0; j < count; j++) {
                whole.writeBytes(buffers.get(i + j));
                assertThat(j == count - 1 || buffers.get(i + j).length == buffers.get(i).length)
                        .as("all buffers but the last are full")
                        .isTrue();
            }
            frames.add(new Got(header, TestGuest.body(whole.toByteArray())));
            i += count;
        }
        return frames;
    }

    private void send(Datagram one, int type, int size) {
        a.send(0, one.frame(false), one.header(type, size), one.checksumOffset());
        l2.poll();
    }

    private static Datagram large(boolean tcp, boolean six, int bytes) {
        Datagram one = Datagram.tcp(six, Datagram.data(bytes, 1));
        one.tcp = tcp;
        one.tcpOptions = 12;
        return one;
    }

    private static byte[] dataOf(List<Got> segments) {
        ByteArrayOutputStream data = new ByteArrayOutputStream();
        segments.forEach(each -> data.writeBytes(Datagram.read(each.frame()).data));
        return data.toByteArray();
    }

    @Test
    @Conforms({"NT-028", "NT-031", "NT-032", "NT-033", "NT-046", "NT-047", "NT-053", "NT-054", "NT-058", "NT-059"})
    void aGuestThatTakesLargeFramesGetsThemWhole() {
        TestGuest b = guest(Frames.MAC_B, TAKER, 128, 1536);
        for (boolean six : new boolean[] {false, true}) {
            Object[][] kinds = {
                {true, six ? NetHeader.GSO_TCPV6 : NetHeader.GSO_TCPV4},
                {false, NetHeader.GSO_UDP_L4},
                {false, NetHeader.GSO_UDP},
            };
            for (Object[] kind : kinds) {
                Datagram one = large((boolean) kind[0], six, 65_000);
                send(one, (int) kind[1], MSS);
                List<Got> got = received(b);
                assertThat(got).hasSize(1);
                assertThat(got.get(0).frame()).isEqualTo(one.frame(false));
                assertThat(got.get(0).flags()).isEqualTo(NetHeader.FLAG_NEEDS_CSUM);
                assertThat(got.get(0).type()).isEqualTo((int) kind[1]);
                assertThat(got.get(0).field(2)).isEqualTo(one.payload());
                assertThat(got.get(0).field(4)).isEqualTo(MSS);
                assertThat(got.get(0).field(6)).isEqualTo(one.transport());
                assertThat(got.get(0).field(8)).isEqualTo(one.checksumOffset());
                assertThat(got.get(0).field(10)).isEqualTo((65_000 + one.payload() + 12 + 1535) / 1536);
            }
        }
    }

    @Test
    @Conforms("NT-030")
    void framesOf64KPassInOneBufferAndInMany() {
        TestGuest many = guest(Frames.MAC_B, TAKER, 128, 1526);
        TestGuest one = guest(Frames.MAC_C, TAKER.without(NetFeature.MRG_RXBUF), 16, HUGE);
        Datagram largest = large(false, true, 65535 - 8);
        largest.vlans = 2;
        send(largest, NetHeader.GSO_UDP_L4, 1400);
        assertThat(received(many).get(0).frame())
                .hasSize(PacketPool.LARGEST_FRAME)
                .isEqualTo(largest.frame(false));
        largest.to = Frames.MAC_C;
        send(largest, NetHeader.GSO_UDP_L4, 1400);
        Got got = received(one).get(0);
        assertThat(got.frame()).isEqualTo(largest.frame(false));
        assertThat(got.field(10)).isEqualTo(1);
    }

    @Test
    void aLargeFrameMaySpanDescriptors() {
        TestGuest b = guest(Frames.MAC_B, TAKER, 128, 2048);
        Datagram one = large(true, false, 60_000);
        byte[] frame = one.frame(false);
        long at = a.memory.allocate(HUGE, 64);
        ByteBuffer whole = ByteBuffer.allocate(12 + frame.length).order(ByteOrder.LITTLE_ENDIAN);
        whole.putLong(one.header(NetHeader.GSO_TCPV4, MSS)).putInt(16).put(frame);
        a.memory.slice(at, whole.capacity()).copyFrom(MemorySegment.ofArray(whole.array()));
        DriverQueue raw = a.driver().transmitq();
        raw.add(
                new long[] {at, at + 7, at + 12, at + 4096, at + 40_000},
                new int[] {7, 5, 4084, 35_904, whole.capacity() - 40_000},
                5,
                5);
        raw.publish();
        l2.poll();
        assertThat(received(b).get(0).frame()).isEqualTo(frame);
        assertThat(raw.poll()).isNotNegative();
    }

    @Test
    @Conforms({"NT-034", "NT-035", "NT-036", "NT-037", "NT-038", "NT-039", "NT-052"})
    void aGuestWithoutOffloadsGetsCompleteSegments() {
        TestGuest b = guest(Frames.MAC_B, PLAIN, 128, 2048);
        for (boolean six : new boolean[] {false, true}) {
            for (boolean tcp : new boolean[] {false, true}) {
                Datagram one = large(tcp, six, 64_000);
                int type = !tcp ? NetHeader.GSO_UDP_L4 : six ? NetHeader.GSO_TCPV6 : NetHeader.GSO_TCPV4;
                send(one, type, 1400);
                List<Got> got = received(b);
                assertThat(got)
                        .hasSize((64_000 + 1399) / 1400)
                        .allMatch(each -> each.header().getLong(0) == 0);
                assertThat(dataOf(got)).isEqualTo(one.data);
            }
            Datagram one = large(false, six, 64_000);
            send(one, NetHeader.GSO_UDP, 1400);
            List<Got> fragments = received(b);
            assertThat(fragments)
                    .hasSize((64_008 + 1399) / 1400)
                    .allMatch(each -> each.header().getLong(0) == 0);
        }
        assertThat(b.counters.get("rx_packets")).isEqualTo(6 * 46);
    }

    @Test
    void eachOffloadAloneMattersForItsTypeOnly() {
        int[] bits = {
            NetFeature.GUEST_TSO4,
            NetFeature.GUEST_TSO6,
            NetFeature.GUEST_USO4,
            NetFeature.GUEST_USO6,
            NetFeature.GUEST_UFO
        };
        for (int i = 0; i < bits.length; i++) {
            TestGuest b = guest(Frames.MAC_B, TAKER.without(bits[i]), 128, 2048);
            for (int j = 0; j < bits.length; j++) {
                boolean six = j == 1 || j == 3;
                Datagram one = large(j < 2, six, 10_000);
                int type = switch (j) {
                    case 0 -> NetHeader.GSO_TCPV4;
                    case 1 -> NetHeader.GSO_TCPV6;
                    case 2, 3 -> NetHeader.GSO_UDP_L4;
                    default -> NetHeader.GSO_UDP;
                };
                send(one, type, 1400);
                List<Got> got = received(b);
                assertThat(got).as("%d without %d", j, i).hasSize(i == j ? 8 : 1);
                if (i == j && j < 4) {
                    // these take a partial checksum, so they get one
                    assertThat(got).allMatch(each -> each.flags() == NetHeader.FLAG_NEEDS_CSUM && each.type() == 0);
                    assertThat(got.get(7).field(6)).isEqualTo(one.transport());
                }
            }
            l2.remove(b.port);
        }
    }

    @Test
    @Conforms({"NT-042", "NT-043"})
    void congestionMarksGoOnlyToThoseWhoTakeThem() {
        TestGuest b = guest(Frames.MAC_B, TAKER, 128, 2048);
        TestGuest c = guest(Frames.MAC_C, TAKER.without(NetFeature.GUEST_ECN), 128, 2048);
        Datagram one = large(true, false, 10_000);
        one.flags |= Datagram.CWR;
        int marked = NetHeader.GSO_TCPV4 | NetHeader.GSO_ECN;
        send(one, marked, 1400);
        assertThat(received(b).get(0).type()).isEqualTo(marked);
        one.to = Frames.MAC_C;
        send(one, marked, 1400);
        List<Got> got = received(c);
        assertThat(got).hasSize(8);
        for (int i = 0; i < 8; i++) {
            assertThat(got.get(i).frame()[47] & Datagram.CWR).isEqualTo(i == 0 ? Datagram.CWR : 0);
        }
    }

    @Test
    @Conforms({"NT-055", "NT-056", "NT-057"})
    void aCoalescedFrameCountsItsSegmentsWhereThatWasAgreed() {
        FeatureSet rsc = TAKER.or(FeatureSet.of(NetFeature.CSUM, NetFeature.HOST_TSO4, NetFeature.RSC_EXT));
        TestGuest b = guest(Frames.MAC_B, rsc, 128, 2048);
        send(large(true, false, 10_000), NetHeader.GSO_TCPV4, 1400);
        Got got = received(b).get(0);
        assertThat(got.flags()).isEqualTo(NetHeader.FLAG_NEEDS_CSUM | NetHeader.FLAG_RSC_INFO);
        assertThat(got.field(6)).as("segments").isEqualTo(8);
        assertThat(got.field(8)).as("duplicated acknowledgements").isZero();
        a.send(Datagram.tcp(false, Datagram.data(100, 1)).frame(true));
        l2.poll();
        assertThat(received(b).get(0).flags()).isZero();
    }

    @Test
    void everyPortOfAFloodGetsWhatItTakes() {
        TestGuest takes = guest(Frames.MAC_B, TAKER, 128, 2048);
        TestGuest plain = guest(Frames.MAC_C, PLAIN, 128, 2048);
        byte[] fourth = {2, 0, 0, 0, 0, 0x0d};
        TestGuest last = guest(fourth, TAKER, 128, 2048);
        Datagram one = large(false, false, 30_000);
        one.to = Frames.BROADCAST;
        for (int type : new int[] {NetHeader.GSO_UDP_L4, NetHeader.GSO_UDP}) {
            send(one, type, 1400);
            assertThat(received(takes).get(0).frame()).isEqualTo(one.frame(false));
            assertThat(received(plain)).hasSize(22);
            assertThat(received(last).get(0).frame()).isEqualTo(one.frame(false));
        }
    }

    @Test
    @Conforms({"NT-005", "NT-006"})
    void theMtuLimitsOnlyFramesThatAreNotToBeCut() {
        TestGuest b = guest(Frames.MAC_B, TAKER, 128, 2048);
        a.send(Datagram.tcp(false, Datagram.data(1460, 1)).frame(true));
        l2.poll();
        assertThat(received(b)).hasSize(1);
        a.send(Datagram.tcp(false, Datagram.data(1465, 1)).frame(true));
        a.send(0, Datagram.tcp(false, Datagram.data(1465, 1)).frame(false), NetHeader.partialChecksum(34), 16);
        l2.poll();
        assertThat(received(b)).isEmpty();
        assertThat(a.counters.get("tx_dropped_bad")).isEqualTo(2);
        // with the mark of congestion alone it is such a frame, too
        a.send(0, Datagram.tcp(false, Datagram.data(1460, 1)).frame(true), NetHeader.first(0, 0x80, 0, 0, 0), 0);
        l2.poll();
        assertThat(received(b)).hasSize(1);
        send(large(true, false, 10_000), NetHeader.GSO_TCPV4, 1448);
        assertThat(received(b)).hasSize(1);
    }

    @Test
    void segmentsBeyondAReceiversMtuAreDroppedAndCounted() {
        TestGuest b = guest(Frames.MAC_B, PLAIN, 128, 2048);
        send(large(true, false, 10_000), NetHeader.GSO_TCPV4, 4000);
        assertThat(received(b)).isEmpty();
        assertThat(b.counters.get("rx_dropped_too_big")).isEqualTo(1);
    }

    @Test
    void line29_malformedOnesAreDroppedAndCounted() {
        TestGuest b = guest(Frames.MAC_B, TAKER, 128, 2048);
        Datagram one = large(true, false, 10_000);
        byte[] frame = one.frame(false);
        long good = one.header(NetHeader.GSO_TCPV4, 1400);
        a.send(0, frame, good & ~1L, 16);
        a.send(0, frame, one.header(NetHeader.GSO_TCPV4, 0), 16);
        a.send(0, frame, one.header(NetHeader.GSO_TCPV6, 1400), 16);
        a.send(0, frame, one.header(0x21, 1400), 16);
        a.send(0, frame, good, 0xffff);
        l2.poll();
        assertThat(received(b)).isEmpty();
        assertThat(a.counters.get("tx_dropped_offload")).isEqualTo(5);
        assertThat(a.violations).isEmpty();
    }

    @Test
    void line31_aRingTooSmallForALargeFrameDoesNotStall() {
        TestGuest whole = guest(Frames.MAC_B, TAKER, 8, 2048);
        TestGuest cut = guest(Frames.MAC_C, PLAIN, 8, 2048);
        for (int round = 0; round < 3; round++) {
            Datagram one = large(true, false, 60_000);
            send(one, NetHeader.GSO_TCPV4, 1400);
            one.to = Frames.MAC_C;
            send(one, NetHeader.GSO_TCPV4, 1400);
            assertThat(received(whole)).isEmpty();
            assertThat(received(cut))
                    .as("as many segments as there are buffers")
                    .hasSize(8);
            for (byte[] mac : List.of(Frames.MAC_B, Frames.MAC_C)) {
                a.send(Frames.frame(mac, Frames.MAC_A, 100, round));
            }
            l2.poll();
            assertThat(received(whole)).hasSize(1);
            assertThat(received(cut)).hasSize(1);
        }
        assertThat(whole.counters.get("rx_dropped_no_buffer")).isEqualTo(3);
        assertThat(cut.counters.get("rx_dropped_no_buffer")).isEqualTo(3);
    }

    @Test
    void withoutMergingALargeFrameInSmallBuffersIsDropped() {
        TestGuest b = guest(Frames.MAC_B, TAKER.without(NetFeature.MRG_RXBUF), 8, 2048);
        send(large(true, false, 60_000), NetHeader.GSO_TCPV4, 1400);
        assertThat(received(b)).isEmpty();
        assertThat(b.counters.get("rx_dropped_too_big")).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whenTheLargeSlotsAreGoneFramesWaitInTheRing(boolean packed) {
        FeatureSet ring = packed ? FeatureSet.of(RingFeature.RING_PACKED) : FeatureSet.NONE;
        TestGuest b = guest(Frames.MAC_B, TAKER.or(ring), 1024, 2048);
        TestGuest sender = guest(Frames.MAC_C, SENDER.or(ring), 16, HUGE);
        Datagram one = large(true, false, 20_000);
        one.from = Frames.MAC_C;
        List<Integer> taken = new ArrayList<>();
        for (int i = 0; i < 14; i++) {
            taken.add(pool.takeLarge());
        }
        for (int i = 0; i < 5; i++) {
            sender.send(0, one.frame(false), one.header(NetHeader.GSO_TCPV4, 1400), 16);
        }
        for (int expected : new int[] {2, 2, 1, 0}) {
            l2.poll();
            assertThat(received(b)).hasSize(expected);
        }
        taken.forEach(pool::release);
        assertThat(sender.counters.get("tx_packets")).isEqualTo(5);
    }

    @Test
    void aTurnTakesSoMuchWorkAndNotMore() {
        TestGuest b = guest(Frames.MAC_B, PLAIN, 2048, 2048);
        Datagram one = large(true, false, 1400);
        byte[] frame = one.frame(false);
        for (int i = 0; i < 5; i++) {
            a.send(0, frame, one.header(NetHeader.GSO_TCPV4, 4), 16);
        }
        l2.poll();
        assertThat(received(b)).hasSize(3 * 350);
        l2.poll();
        assertThat(received(b)).hasSize(2 * 350);
    }

    @Test
    void neighboursReachAGuestJoinedIfItsPortMay() {
        TestGuest b = guest(
                Frames.MAC_B,
                TAKER.or(FeatureSet.of(NetFeature.CSUM, NetFeature.HOST_TSO4, NetFeature.RSC_EXT)),
                128,
                2048);
        for (boolean on : new boolean[] {false, true}) {
            b.port.coalesce(on);
            for (int i = 0; i < 10; i++) {
                Datagram one = large(true, false, 1400);
                one.sequence += 1400 * i;
                one.id += i;
                a.enqueue(one.frame(true));
            }
            a.driver().publishTransmit();
            l2.poll();
            a.completed();
            List<Got> got = received(b);
            assertThat(got).hasSize(on ? 1 : 10);
            if (on) {
                assertThat(got.get(0).type()).isEqualTo(NetHeader.GSO_TCPV4);
                assertThat(got.get(0).field(4)).isEqualTo(1400);
                assertThat(got.get(0).field(6)).as("segments").isEqualTo(10);
            }
        }
    }

    @Test
    void framesOf64KAllocateNothing() {
        TestGuest whole = guest(Frames.MAC_B, TAKER, 128, 2048);
        TestGuest cut = guest(Frames.MAC_C, PLAIN, 128, 2048);
        Datagram one = large(true, false, 60_000);
        a.send(0, one.frame(false), one.header(NetHeader.GSO_TCPV4, 1400), 16);
        l2.poll();
        drain(whole);
        int bytes = one.frame(false).length;
        long header = one.header(NetHeader.GSO_TCPV4, 1400);
        for (TestGuest target : List.of(whole, cut)) {
            one.to = target.device.mac();
            for (int i = 0; i < 16; i++) {
                // in the end all buffers hold the frame
                a.send(0, one.frame(false), header, 16);
                l2.poll();
                drain(target);
            }
            assertThat(Allocation.inSteadyState(() -> {
                        for (int i = 0; i < 2_000; i++) {
                            while (a.driver().reclaim()) {
                                // take everything back
                            }
                            a.driver().send(bytes, header, 16);
                            a.driver().publishTransmit();
                            l2.poll();
                            drain(target);
                        }
                    }))
                    .isZero();
        }
        assertThat(whole.counters.get("rx_packets")).isGreaterThan(2_000);
        assertThat(cut.counters.get("rx_packets")).isGreaterThan(2_000 * 43);
    }

    private static void drain(TestGuest guest) {
        while (guest.driver().receive() >= 0) {
            guest.driver().recycle();
        }
        guest.driver().publishReceive();
    }
}
