package dev.cipu.dataplane.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.virtio.conformance.Conforms;
import dev.cipu.virtio.net.HashConfig;
import dev.cipu.virtio.net.NetHash;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Hashes against the vectors that Microsoft publishes to verify receive-side scaling, and which headers they are made of. */
@Conforms("NT-093")
class FlowHashTest {
    private static final byte[] KEY =
            HexFormat.of().parseHex("6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b477cb2da38030f20c6a42b73bbeac01fa");

    private static final byte[] ETHERNET = HexFormat.of().parseHex("02000000000b02000000000a");
    private static final int TCP = 6;
    private static final int UDP = 17;
    private static final String SOURCE4 = "66.9.149.187";
    private static final String TARGET4 = "161.142.100.80";
    private static final String SOURCE6 = "3ffe:2501:200:1fff::7";
    private static final String TARGET6 = "3ffe:2501:200:3::1";
    private static final int HASH4 = 0x323e8fc2;
    private static final int TCP4 = 0x51ccc178;
    private static final int HASH6 = 0x2cc18cd5;
    private static final int TCP6 = 0x40207d3d;

    private final Arena arena = Arena.ofConfined();

    @AfterEach
    void free() {
        arena.close();
    }

    private long hash(int types, int tunnels, byte[] frame) {
        FlowHash hash = new FlowHash();
        hash.configure(new HashConfig(types, KEY), tunnels);
        MemorySegment memory = arena.allocate(frame.length, 1).copyFrom(MemorySegment.ofArray(frame));
        return hash.of(memory.address(), frame.length);
    }

    private static long of(int type, int value) {
        return (long) NetHash.report(type) << 32 | Integer.toUnsignedLong(value);
    }

    private static byte[] join(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    private static byte[] hex(String digits) {
        return HexFormat.of().parseHex(digits.replace(" ", ""));
    }

    private static byte[] address(String text) {
        try {
            return InetAddress.getByName(text).getAddress();
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(e);
        }
    }

    /** Ports in front of zeros: long enough for TCP. */
    private static byte[] ports(int source, int target) {
        return ByteBuffer.allocate(20)
                .putShort((short) source)
                .putShort((short) target)
                .array();
    }

    private static byte[] ipv4(String source, String target, int protocol, byte[] body) {
        byte[] header = hex("4500 0000 0000 4000 40 00 0000");
        header[9] = (byte) protocol;
        return join(header, address(source), address(target), body);
    }

    private static byte[] ipv6(String source, String target, int next, byte[] body) {
        byte[] header = hex("60000000 0000 00 40");
        header[6] = (byte) next;
        return join(header, address(source), address(target), body);
    }

    private static byte[] frame(int type, byte[] packet) {
        return join(ETHERNET, new byte[] {(byte) (type >> 8), (byte) type}, packet);
    }

    private static byte[] frame4(byte[] packet) {
        return frame(0x0800, packet);
    }

    private static byte[] frame6(byte[] packet) {
        return frame(0x86dd, packet);
    }

    @ParameterizedTest
    @CsvSource({
        "161.142.100.80, 1766, 66.9.149.187, 2794, 323e8fc2, 51ccc178",
        "65.69.140.83, 4739, 199.92.111.2, 14230, d718262a, c626b0ea",
        "12.22.207.184, 38024, 24.19.198.95, 12898, d2d0a5de, 5c2b394a",
        "209.142.163.6, 2217, 38.27.205.30, 48228, 82989176, afc7327f",
        "202.188.127.2, 1303, 153.39.163.191, 44251, 5d1809c5, 10e828a2"
    })
    void theVectorsForIpv4(String target, int targetPort, String source, int sourcePort, String alone, String ports) {
        byte[] tcp = frame4(ipv4(source, target, TCP, ports(sourcePort, targetPort)));
        byte[] udp = frame4(ipv4(source, target, UDP, ports(sourcePort, targetPort)));
        int alone4 = HexFormat.fromHexDigits(alone);
        int ports4 = HexFormat.fromHexDigits(ports);
        assertThat(hash(NetHash.ALL_TYPES, 0, tcp)).isEqualTo(of(NetHash.TCPV4, ports4));
        assertThat(hash(NetHash.ALL_TYPES, 0, udp)).isEqualTo(of(NetHash.UDPV4, ports4));
        assertThat(hash(NetHash.IPV4, 0, tcp)).isEqualTo(of(NetHash.IPV4, alone4));
        assertThat(hash(NetHash.IPV4 | NetHash.UDPV4, 0, tcp)).isEqualTo(of(NetHash.IPV4, alone4));
        assertThat(hash(NetHash.UDPV4 | NetHash.IPV6, 0, tcp)).isEqualTo(FlowHash.NONE);
    }

    @ParameterizedTest
    @CsvSource({
        "3ffe:2501:200:3::1, 1766, 3ffe:2501:200:1fff::7, 2794, 2cc18cd5, 40207d3d",
        "ff02::1, 4739, 3ffe:501:8::260:97ff:fe40:efab, 14230, 0f0c461c, dde51bbf",
        "fe80::200:f8ff:fe21:67cf, 38024, 3ffe:1900:4545:3:200:f8ff:fe21:67cf, 44251, 4b61e985, 02d1feef"
    })
    void theVectorsForIpv6(String target, int targetPort, String source, int sourcePort, String alone, String ports) {
        byte[] tcp = frame6(ipv6(source, target, TCP, ports(sourcePort, targetPort)));
        byte[] udp = frame6(ipv6(source, target, UDP, ports(sourcePort, targetPort)));
        int alone6 = HexFormat.fromHexDigits(alone);
        int ports6 = HexFormat.fromHexDigits(ports);
        assertThat(hash(NetHash.ALL_TYPES, 0, tcp)).isEqualTo(of(NetHash.TCPV6, ports6));
        assertThat(hash(NetHash.ALL_TYPES, 0, udp)).isEqualTo(of(NetHash.UDPV6, ports6));
        assertThat(hash(NetHash.IPV6, 0, tcp)).isEqualTo(of(NetHash.IPV6, alone6));
        assertThat(hash(NetHash.IP_EX, 0, tcp)).isEqualTo(FlowHash.NONE);
    }

    @Test
    void extensionHeadersNameOtherAddressesForTheTypesThatLookAtThem() {
        // destination options with a home address behind padding, then a routing header of type 2
        byte[] options = join(hex("2b 02 01 00 c9 10"), address(SOURCE6), hex("01 00"));
        byte[] routing = join(hex("06 02 02 01 00000000"), address(TARGET6));
        byte[] packet = ipv6("fe80::1", "fe80::2", 60, join(options, routing, ports(2794, 1766)));
        assertThat(hash(NetHash.ALL_TYPES, 0, frame6(packet))).isEqualTo(of(NetHash.TCP_EX, TCP6));
        assertThat(hash(NetHash.IP_EX | NetHash.TCPV6, 0, frame6(packet))).isEqualTo(of(NetHash.IP_EX, HASH6));
        long plain = hash(NetHash.IPV6, 0, frame6(ipv6("fe80::1", "fe80::2", TCP, ports(1, 2))));
        assertThat(hash(NetHash.IPV6 | NetHash.TCP_EX, 0, frame6(packet)))
                .as("TCP wins")
                .isEqualTo(of(NetHash.TCP_EX, TCP6));
        assertThat(hash(NetHash.IPV6, 0, frame6(packet)))
                .as("extensions skipped")
                .isEqualTo(plain);
    }

    @Test
    void extensionHeadersWithoutAddressesLeaveThePacketsOwn() {
        byte[] hop = hex("06 00 0104 00000000");
        byte[] packet = ipv6(SOURCE6, TARGET6, 0, join(hop, ports(2794, 1766)));
        assertThat(hash(NetHash.ALL_TYPES, 0, frame6(packet))).isEqualTo(of(NetHash.TCP_EX, TCP6));
        assertThat(hash(NetHash.ALL_TYPES & ~NetHash.TCP_EX, 0, frame6(packet))).isEqualTo(of(NetHash.IP_EX, HASH6));
        assertThat(hash(NetHash.TCPV6, 0, frame6(packet))).isEqualTo(of(NetHash.TCPV6, TCP6));
    }

    @Test
    void fragmentsAreHashedByAddressAlone() {
        byte[] v4 = frame4(ipv4(SOURCE4, TARGET4, TCP, ports(2794, 1766)));
        v4[20] = 0x20;
        assertThat(hash(NetHash.ALL_TYPES, 0, v4)).as("first").isEqualTo(of(NetHash.IPV4, HASH4));
        v4[20] = 1;
        assertThat(hash(NetHash.ALL_TYPES, 0, v4)).as("later").isEqualTo(of(NetHash.IPV4, HASH4));
        byte[] fragment = hex("06 00 0001 00000001");
        byte[] v6 = frame6(ipv6(SOURCE6, TARGET6, 44, join(fragment, ports(2794, 1766))));
        assertThat(hash(NetHash.ALL_TYPES, 0, v6)).isEqualTo(of(NetHash.IP_EX, HASH6));
        v6[14 + 40 + 3] = 0;
        assertThat(hash(NetHash.ALL_TYPES, 0, v6)).as("the whole packet").isEqualTo(of(NetHash.TCP_EX, TCP6));
    }

    @Test
    void tagsAreSkippedAndWhatIsNotIpIsNotHashed() {
        byte[] packet = ipv4(SOURCE4, TARGET4, TCP, ports(2794, 1766));
        byte[] tagged = frame(0x8100, join(hex("0064 0800"), packet));
        byte[] twice = frame(0x88a8, join(hex("0064 8100 0001 0800"), packet));
        byte[] thrice = frame(0x88a8, join(hex("0064 8100 0001 8100 0001 0800"), packet));
        assertThat(hash(NetHash.ALL_TYPES, 0, tagged)).isEqualTo(of(NetHash.TCPV4, TCP4));
        assertThat(hash(NetHash.ALL_TYPES, 0, twice)).isEqualTo(of(NetHash.TCPV4, TCP4));
        assertThat(hash(NetHash.ALL_TYPES, 0, thrice)).isEqualTo(FlowHash.NONE);
        assertThat(hash(NetHash.ALL_TYPES, 0, frame(0x0806, packet))).isEqualTo(FlowHash.NONE);
        assertThat(hash(NetHash.ALL_TYPES, 0, frame6(packet))).isEqualTo(FlowHash.NONE);
    }

    /** The inner packet in each tunnel; the types under which it is found. */
    @Test
    @Conforms("NT-070")
    void theInnerHeaderIsHashedForTheEnabledTunnelsAndTheOuterOneForOthers() {
        byte[] inner = ipv4(SOURCE4, TARGET4, TCP, ports(2794, 1766));
        byte[] innerFrame = frame4(inner);
        byte[] inner6 = ipv6(SOURCE6, TARGET6, TCP, ports(2794, 1766));
        check(NetHash.GRE_2784, outer(47, join(hex("0000 0800"), inner)), TCP4);
        check(NetHash.GRE_2784, outer(47, join(hex("8000 0800 00000000"), inner)), TCP4);
        check(NetHash.GRE_2890, outer(47, join(hex("2000 0800 00000001"), inner)), TCP4);
        check(NetHash.GRE_2890, outer(47, join(hex("b000 0800 000000000000000100000002"), inner)), TCP4);
        check(NetHash.GRE_2890 | NetHash.NVGRE, outer(47, join(hex("2000 6558 00000001"), innerFrame)), TCP4);
        check(NetHash.GRE_2784 | NetHash.GRE_7676, outer(47, join(hex("0000 86dd"), inner6)), TCP6);
        check(NetHash.GRE_UDP, outerUdp(4754, join(hex("0000 0800"), inner)), TCP4);
        check(NetHash.VXLAN, outerUdp(4789, join(hex("08000000 00000100"), innerFrame)), TCP4);
        check(NetHash.VXLAN_GPE, outerUdp(4790, join(hex("0c000001 00000100"), inner)), TCP4);
        check(NetHash.VXLAN_GPE, outerUdp(4790, join(hex("0c000002 00000100"), inner6)), TCP6);
        check(NetHash.VXLAN_GPE, outerUdp(4790, join(hex("0c000003 00000100"), innerFrame)), TCP4);
        check(NetHash.VXLAN_GPE, outerUdp(4790, join(hex("08000000 00000100"), innerFrame)), TCP4);
        check(NetHash.GENEVE, outerUdp(6081, join(hex("0100 6558 00000100 00000000"), innerFrame)), TCP4);
        check(NetHash.GENEVE, outerUdp(6081, join(hex("0000 86dd 00000100"), inner6)), TCP6);
        check(NetHash.IPIP, outer(4, inner), TCP4);
        byte[] overIpv6 = frame6(ipv6("fe80::1", "fe80::2", 47, join(hex("0000 0800"), inner)));
        check(NetHash.GRE_2784 | NetHash.GRE_7676, overIpv6, TCP4);
    }

    private static byte[] outer(int protocol, byte[] body) {
        return frame4(ipv4("10.0.0.1", "10.0.0.2", protocol, body));
    }

    private static byte[] outerUdp(int port, byte[] body) {
        byte[] header = ByteBuffer.allocate(8)
                .putShort((short) 50_000)
                .putShort((short) port)
                .array();
        return outer(UDP, join(header, body));
    }

    private void check(int types, byte[] frame, int value) {
        long inside = of(value == TCP6 ? NetHash.TCPV6 : NetHash.TCPV4, value);
        long outside = hash(NetHash.ALL_TYPES, 0, frame);
        assertThat(outside).isNotEqualTo(inside).isNotEqualTo(FlowHash.NONE);
        for (int type = 1; type <= NetHash.ALL_TUNNELS; type <<= 1) {
            assertThat(hash(NetHash.ALL_TYPES, type, frame))
                    .as("tunnel type %d", type)
                    .isEqualTo((types & type) != 0 ? inside : outside);
        }
    }

    @Test
    @Conforms("NT-070")
    void aTunnelThatHoldsNoIpIsHashedOutside() {
        byte[][] frames = {
            outer(47, hex("0000 0806 0001")),
            outer(47, hex("4000 0800 0001")),
            outer(47, hex("0001 0800 0001")),
            outer(47, hex("0000")),
            outer(4, hex("00")),
            outerUdp(4789, hex("00000000 00000100")),
            outerUdp(4789, hex("08000000")),
            outerUdp(6081, hex("4000 0800 00000100")),
            outerUdp(6081, hex("3f00 0800 00000100")),
            outerUdp(4790, hex("0c000007 00000100"))
        };
        for (byte[] frame : frames) {
            assertThat(hash(NetHash.ALL_TYPES, NetHash.ALL_TUNNELS, frame))
                    .isNotEqualTo(FlowHash.NONE)
                    .isEqualTo(hash(NetHash.ALL_TYPES, 0, frame));
        }
    }

    /** Frames cut anywhere and with any bytes changed: no access outside, and never an exception. */
    @Test
    void whateverAFrameHoldsItIsHashedWithinItsEnd() {
        byte[] inner = frame6(ipv6(SOURCE6, TARGET6, 60, join(hex("2b 00 01 04 00000000"), ports(1, 2))));
        byte[] whole = outerUdp(4789, join(hex("08000000 00000100"), inner));
        Random random = new Random(1);
        FlowHash hash = new FlowHash();
        hash.configure(new HashConfig(NetHash.ALL_TYPES, KEY), NetHash.ALL_TUNNELS);
        MemorySegment memory = arena.allocate(whole.length, 1);
        for (int i = 0; i < 200_000; i++) {
            byte[] frame = whole.clone();
            for (int j = random.nextInt(4); j > 0; j--) {
                frame[12 + random.nextInt(frame.length - 12)] = (byte) random.nextInt();
            }
            memory.copyFrom(MemorySegment.ofArray(frame));
            int length = 14 + random.nextInt(frame.length - 13);
            long first = hash.of(memory.address(), length);
            // what lies behind the end makes no difference
            memory.asSlice(length).fill((byte) random.nextInt());
            assertThat(hash.of(memory.address(), length)).isEqualTo(first);
        }
    }

    @Test
    void aShortKeyIsFollowedByZeros() {
        byte[] frame = frame4(ipv4(SOURCE4, TARGET4, TCP, ports(2794, 1766)));
        FlowHash hash = new FlowHash();
        MemorySegment memory = arena.allocate(frame.length, 1).copyFrom(MemorySegment.ofArray(frame));
        hash.configure(new HashConfig(NetHash.IPV4, new byte[0]), 0);
        assertThat(hash.of(memory.address(), frame.length)).isEqualTo(of(NetHash.IPV4, 0));
    }
}
