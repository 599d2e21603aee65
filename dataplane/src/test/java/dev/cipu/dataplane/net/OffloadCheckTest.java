package dev.cipu.dataplane.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.conformance.Conforms;
import dev.cipu.virtio.net.NetFeature;
import dev.cipu.virtio.net.NetHeader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a driver may ask for, and every way to ask for what it may not. */
class OffloadCheckTest {
    private static final int MAX_FRAME = 1518;
    private static final FeatureSet ALL = FeatureSet.of(
            NetFeature.CSUM,
            NetFeature.HOST_TSO4,
            NetFeature.HOST_TSO6,
            NetFeature.HOST_ECN,
            NetFeature.HOST_UFO,
            NetFeature.HOST_USO,
            NetFeature.GUEST_HDRLEN);

    private final Arena arena = Arena.ofConfined();
    private final MemorySegment slot = arena.allocate(PacketPool.LARGEST_FRAME + 64, 64);

    @AfterEach
    void close() {
        arena.close();
    }

    private long judge(FeatureSet features, byte[] frame, long first, int last) {
        OffloadCheck check = new OffloadCheck();
        check.negotiated(features, MAX_FRAME);
        MemorySegment.copy(frame, 0, slot, ValueLayout.JAVA_BYTE, 0, frame.length);
        return check.judge(first, last, slot.address(), frame.length);
    }

    private long judge(Datagram one, int type, int size) {
        return judge(ALL, one.frame(false), one.header(type, size), one.checksumOffset());
    }

    private static Datagram tcp4() {
        return Datagram.tcp(false, Datagram.data(10_000, 1));
    }

    private static Datagram udp6() {
        return Datagram.udp(true, Datagram.data(10_000, 1));
    }

    @Test
    void eachTypeIsTakenForTheHeadersItFits() {
        for (int vlans = 0; vlans < 3; vlans++) {
            for (int extra : new int[] {0, 8, 40}) {
                for (boolean six : new boolean[] {false, true}) {
                    Datagram tcp = Datagram.tcp(six, Datagram.data(10_000, 1));
                    tcp.tcpOptions = 12;
                    Datagram udp = Datagram.udp(six, Datagram.data(10_000, 1));
                    for (Datagram each : List.of(tcp, udp)) {
                        each.vlans = vlans;
                        each.extra = extra;
                    }
                    int type = six ? NetHeader.GSO_TCPV6 : NetHeader.GSO_TCPV4;
                    long taken = judge(tcp, type, 1400);
                    assertThat(taken).isEqualTo(Offload.large(type, 1400, tcp.transport(), 16));
                    assertThat(judge(tcp, six ? NetHeader.GSO_TCPV4 : NetHeader.GSO_TCPV6, 1400))
                            .isEqualTo(OffloadCheck.REFUSED);
                    assertThat(judge(tcp, NetHeader.GSO_UDP_L4, 1400)).isEqualTo(OffloadCheck.REFUSED);
                    for (int kind : new int[] {NetHeader.GSO_UDP, NetHeader.GSO_UDP_L4}) {
                        assertThat(judge(udp, kind, 1400)).isEqualTo(Offload.large(kind, 1400, udp.transport(), 6));
                        assertThat(judge(tcp, kind, 1400)).isEqualTo(OffloadCheck.REFUSED);
                        assertThat(judge(udp, kind | NetHeader.GSO_ECN, 1400)).isEqualTo(OffloadCheck.REFUSED);
                    }
                    assertThat(judge(udp, type, 1400)).isEqualTo(OffloadCheck.REFUSED);
                }
            }
        }
    }

    @Test
    @Conforms({"NT-020", "NT-022", "NT-023", "NT-024"})
    void line29_whatWasNotNegotiatedIsRefused() {
        int[][] typesAndBits = {
            {NetHeader.GSO_TCPV4, NetFeature.HOST_TSO4},
            {NetHeader.GSO_TCPV6, NetFeature.HOST_TSO6},
            {NetHeader.GSO_UDP, NetFeature.HOST_UFO},
            {NetHeader.GSO_UDP_L4, NetFeature.HOST_USO},
            {NetHeader.GSO_TCPV4 | NetHeader.GSO_ECN, NetFeature.HOST_ECN},
            {NetHeader.GSO_ECN, NetFeature.HOST_ECN},
            {NetHeader.GSO_TCPV4, NetFeature.CSUM},
        };
        for (int[] each : typesAndBits) {
            boolean six = each[0] == NetHeader.GSO_TCPV6;
            Datagram one = (each[0] & ~NetHeader.GSO_ECN) == NetHeader.GSO_UDP || each[0] == NetHeader.GSO_UDP_L4
                    ? Datagram.udp(six, Datagram.data(1400, 1))
                    : Datagram.tcp(six, Datagram.data(1400, 1));
            byte[] frame = one.frame(false);
            long first = one.header(each[0], 500);
            assertThat(judge(ALL, frame, first, one.checksumOffset())).isNotEqualTo(OffloadCheck.REFUSED);
            assertThat(judge(ALL.without(each[1]), frame, first, one.checksumOffset()))
                    .isEqualTo(OffloadCheck.REFUSED);
        }
        for (int type = 0; type < 256; type++) {
            if (!List.of(0, 1, 3, 4, 5, 0x80, 0x81, 0x84).contains(type)) {
                assertThat(judge(tcp4(), type, 1400)).as("type %d", type).isEqualTo(OffloadCheck.REFUSED);
                assertThat(judge(udp6(), type, 1400)).as("type %d", type).isEqualTo(OffloadCheck.REFUSED);
            }
        }
    }

    @Test
    void line29_impossibleSizesAndFlagsAreRefused() {
        Datagram one = tcp4();
        byte[] frame = one.frame(false);
        long good = one.header(NetHeader.GSO_TCPV4, 1400);
        assertThat(judge(ALL, frame, good, 16)).isNotEqualTo(OffloadCheck.REFUSED);
        assertThat(judge(ALL, frame, one.header(NetHeader.GSO_TCPV4, 0), 16)).isEqualTo(OffloadCheck.REFUSED);
        assertThat(judge(ALL, frame, good & ~1L, 16)).as("no NEEDS_CSUM").isEqualTo(OffloadCheck.REFUSED);
        assertThat(judge(ALL, frame, (good & ~1L) | 2, 16)).isEqualTo(OffloadCheck.REFUSED);
        assertThat(judge(ALL, frame, good, 14)).isEqualTo(OffloadCheck.REFUSED);
        assertThat(judge(ALL, frame, good, 0xffff)).isEqualTo(OffloadCheck.REFUSED);
        assertThat(judge(ALL, frame, good + (1L << 48), 16)).as("csum_start").isEqualTo(OffloadCheck.REFUSED);
        assertThat(judge(ALL, frame, NetHeader.first(1, 1, frame.length + 1, 1400, 34), 16))
                .as("hdr_len")
                .isEqualTo(OffloadCheck.REFUSED);
        // a frame of 10,000 bytes in segments of four
        assertThat(judge(one, NetHeader.GSO_TCPV4, 4)).isEqualTo(OffloadCheck.REFUSED);
        assertThat(judge(one, NetHeader.GSO_TCPV4, 5)).isNotEqualTo(OffloadCheck.REFUSED);
        assertThat(judge(udp6(), NetHeader.GSO_UDP, 7)).isEqualTo(OffloadCheck.REFUSED);
        // too long for its only segment
        assertThat(judge(one, NetHeader.GSO_TCPV4, 0xffff)).isEqualTo(OffloadCheck.REFUSED);
    }

    @Test
    @Conforms({"NT-018", "NT-019"})
    void theHeaderLengthIsNotBelieved() {
        Datagram one = tcp4();
        byte[] frame = one.frame(false);
        long offload = judge(one, NetHeader.GSO_TCPV4, 1400);
        for (int lie : new int[] {0, 1, 33, 54, 55, 1000, frame.length}) {
            assertThat(judge(ALL, frame, NetHeader.first(1, 1, lie, 1400, 34), 16))
                    .isEqualTo(offload);
        }
    }

    @Test
    @Conforms("NT-015")
    void unknownFlagsAreIgnored() {
        Datagram one = tcp4();
        byte[] frame = one.frame(false);
        long good = one.header(NetHeader.GSO_TCPV4, 1400);
        assertThat(judge(ALL, frame, good | 0xfe, 16)).isEqualTo(judge(ALL, frame, good, 16));
        byte[] small = Datagram.tcp(false, Datagram.data(100, 1)).frame(true);
        assertThat(judge(ALL, small, 0xfe, 0)).isEqualTo(Offload.NONE);
    }

    @Test
    @Conforms("NT-016")
    void withoutTheFlagThePlacesMeanNothing() {
        byte[] small = Datagram.tcp(false, Datagram.data(100, 1)).frame(true);
        assertThat(judge(ALL, small, NetHeader.first(0, 0, 0xffff, 0xffff, 0xffff), 0xffff))
                .isEqualTo(Offload.NONE);
    }

    @Test
    void headersThatNobodyUnderstandsAreRefused() {
        Datagram four = tcp4();
        byte[] good = four.frame(false);
        long first = four.header(NetHeader.GSO_TCPV4, 1400);
        int[][] atAndValue = {
            {12, 0x12}, // ethertype
            {14, 0x55}, // version
            {14, 0x44}, // header shorter than a header
            {20, 0x20}, // more fragments
            {21, 1}, // a later fragment
            {23, 47}, // protocol
            {46, 0x40}, // TCP header shorter than a header
            {47, Datagram.SYN}, // what opens a connection
            {47, 4}, // what breaks it off
        };
        for (int[] each : atAndValue) {
            byte[] bad = good.clone();
            bad[each[0]] = (byte) each[1];
            assertThat(judge(ALL, bad, first, 16)).as("byte %d", each[0]).isEqualTo(OffloadCheck.REFUSED);
        }
        for (int bytes = 14; bytes < 54; bytes++) {
            byte[] cut = java.util.Arrays.copyOf(good, bytes);
            assertThat(judge(ALL, cut, NetHeader.first(1, 1, 0, 1400, 34), 16)).isEqualTo(OffloadCheck.REFUSED);
        }
        Datagram six = udp6();
        six.extra = 16;
        byte[] extended = six.frame(false);
        long sixFirst = six.header(NetHeader.GSO_UDP_L4, 1400);
        for (int next : new int[] {44, 50, 51, 59, 255}) {
            byte[] bad = extended.clone();
            bad[20] = (byte) next;
            assertThat(judge(ALL, bad, sixFirst, 6)).isEqualTo(OffloadCheck.REFUSED);
        }
        byte[] endless = extended.clone();
        endless[54] = 60;
        assertThat(judge(ALL, endless, sixFirst, 6)).isEqualTo(OffloadCheck.REFUSED);
        byte[] routed = extended.clone();
        routed[20] = 43;
        routed[57] = 1;
        assertThat(judge(ALL, routed, sixFirst, 6)).as("on its way").isEqualTo(OffloadCheck.REFUSED);
    }

    @Test
    void lengthsAndSumsThatLieAreMadeRight() {
        Datagram one = tcp4();
        byte[] good = one.frame(false);
        byte[] lie = good.clone();
        lie[16] = 0;
        lie[17] = 0;
        lie[24] ^= 1;
        lie[50] ^= 1;
        assertThat(judge(ALL, lie, one.header(NetHeader.GSO_TCPV4, 1400), 16)).isNotEqualTo(OffloadCheck.REFUSED);
        assertThat(slot.asSlice(0, good.length).toArray(ValueLayout.JAVA_BYTE)).isEqualTo(good);
    }

    @Test
    void theMarkIsThatOfTheFrame() {
        Datagram one = tcp4();
        int marked = NetHeader.GSO_TCPV4 | NetHeader.GSO_ECN;
        assertThat(Offload.gsoType(judge(one, marked, 1400))).isEqualTo(NetHeader.GSO_TCPV4);
        one.flags |= Datagram.CWR;
        assertThat(Offload.gsoType(judge(one, marked, 1400))).isEqualTo(marked);
        assertThat(Offload.gsoType(judge(one, NetHeader.GSO_TCPV4, 1400))).isEqualTo(marked);
    }

    @Test
    void aFrameOfOneSegmentIsAnOrdinaryOne() {
        Datagram one = Datagram.tcp(false, Datagram.data(1000, 1));
        assertThat(judge(one, NetHeader.GSO_TCPV4, 1400)).isEqualTo(Offload.checksum(34, 16));
        Datagram empty = Datagram.udp(true, new byte[0]);
        assertThat(judge(empty, NetHeader.GSO_UDP_L4, 1400)).isEqualTo(Offload.checksum(54, 6));
    }

    @Test
    void framesOf64KAreTakenAndNoLargerOnes() {
        Datagram six = Datagram.udp(true, Datagram.data(65535 - 8, 1));
        six.vlans = 2;
        assertThat(six.frame(false)).hasSize(PacketPool.LARGEST_FRAME);
        assertThat(judge(six, NetHeader.GSO_UDP_L4, 1400)).isNotEqualTo(OffloadCheck.REFUSED);
        Datagram four = Datagram.udp(false, Datagram.data(65535 - 28, 1));
        assertThat(judge(four, NetHeader.GSO_UDP_L4, 1400)).isNotEqualTo(OffloadCheck.REFUSED);
        four.data = Datagram.data(65535 - 27, 1);
        assertThat(judge(four, NetHeader.GSO_UDP_L4, 1400)).isEqualTo(OffloadCheck.REFUSED);
    }
}
