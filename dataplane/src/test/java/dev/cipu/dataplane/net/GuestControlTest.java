package dev.cipu.dataplane.net;

import static dev.cipu.virtio.net.control.NetControlLayout.ERR;
import static dev.cipu.virtio.net.control.NetControlLayout.OK;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.dataplane.CounterGroup;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.conformance.Conforms;
import dev.cipu.virtio.driver.NetControl;
import dev.cipu.virtio.memory.Le;
import dev.cipu.virtio.net.NetFeature;
import dev.cipu.virtio.net.NetHash;
import dev.cipu.virtio.net.NetHeader;
import dev.cipu.virtio.net.control.NetControlLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a driver says through the control queue, and what its guest then receives. Guest {@code a} sends, {@code b} commands. */
class GuestControlTest {
    private static final FeatureSet PLAIN = FeatureSet.of(RingFeature.VERSION_1, NetFeature.MAC, NetFeature.MTU);
    private static final FeatureSet CONTROL = PLAIN.with(NetFeature.CTRL_VQ);
    private static final FeatureSet FILTERS =
            CONTROL.with(NetFeature.CTRL_RX).with(NetFeature.CTRL_RX_EXTRA).with(NetFeature.CTRL_MAC_ADDR);
    private static final FeatureSet PAIRS = CONTROL.with(NetFeature.MQ);
    private static final FeatureSet SCALING = PAIRS.with(NetFeature.RSS);

    private static final byte[] GROUP = {1, 0, 0x5e, 0, 0, 1};
    private static final byte[] KEY =
            HexFormat.of().parseHex("6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b477cb2da38030f20c6a42b73bbeac01fa");

    private final Arena arena = Arena.ofShared();
    private final PacketPool pool = new PacketPool(arena, 512, 2048);
    private final L2Switch l2 = new L2Switch(pool, System::nanoTime, CounterGroup.unlisted(L2Switch.COUNTERS));
    private final TestGuest a = guest(Frames.MAC_A, 1, PLAIN);

    @AfterEach
    void noSlotIsLost() {
        assertThat(pool.available()).isEqualTo(pool.capacity());
        arena.close();
    }

    private TestGuest guest(byte[] mac, int pairs, FeatureSet features) {
        TestGuest guest = new TestGuest(arena, pool, mac, pairs, features, 64, 2048);
        l2.add(guest.port);
        return guest;
    }

    private NetControl control(TestGuest guest) {
        return guest.control(l2::poll);
    }

    /** Whether a frame for this address arrives at {@code b}. */
    private boolean arrives(TestGuest b, byte[] to) {
        a.send(Frames.frame(to, Frames.MAC_A, 100, 1));
        l2.poll();
        return !b.received().isEmpty();
    }

    private boolean arrivesTagged(TestGuest b, int tag) {
        byte[] frame = Frames.frame(Frames.MAC_B, Frames.MAC_A, 100, 1);
        ByteBuffer.wrap(frame).putShort(12, (short) 0x8100).putShort(14, (short) tag);
        a.send(frame);
        l2.poll();
        return !b.received().isEmpty();
    }

    @Test
    void aDriverWithoutAControlQueueGetsEverything() {
        TestGuest b = guest(Frames.MAC_B, 1, FILTERS.with(NetFeature.CTRL_VLAN));
        for (byte[] to : List.of(Frames.MAC_B, Frames.MAC_C, GROUP, Frames.BROADCAST)) {
            assertThat(arrives(b, to)).isTrue();
        }
        assertThat(arrivesTagged(b, 7)).isTrue();
    }

    @Test
    @Conforms({"NT-074", "NT-075", "NT-077", "NT-078", "NT-079", "NT-080", "NT-084"})
    void receiveModes() {
        TestGuest b = guest(Frames.MAC_B, 1, FILTERS);
        NetControl control = control(b);
        // own, other, group, broadcast
        expect(b, true, true, true, true);
        assertThat(control.mode(NetControlLayout.RX_PROMISC, false)).isEqualTo(OK);
        expect(b, true, false, false, true);
        control.mode(NetControlLayout.RX_ALLMULTI, true);
        expect(b, true, false, true, true);
        control.mode(NetControlLayout.RX_ALLUNI, true);
        expect(b, true, true, true, true);
        control.mode(NetControlLayout.RX_NOMULTI, true);
        expect(b, true, true, false, true);
        control.mode(NetControlLayout.RX_NOUNI, true);
        expect(b, false, false, false, true);
        control.mode(NetControlLayout.RX_NOBCAST, true);
        expect(b, false, false, false, false);
        control.mode(NetControlLayout.RX_PROMISC, true);
        expect(b, true, true, true, true);
        assertThat(b.counters.get("rx_filtered")).isEqualTo(11);
        assertThat(b.counters.get("ctrl_commands")).isEqualTo(7);
    }

    private void expect(TestGuest b, boolean own, boolean other, boolean group, boolean broadcast) {
        assertThat(List.of(
                        arrives(b, Frames.MAC_B),
                        arrives(b, Frames.MAC_C),
                        arrives(b, GROUP),
                        arrives(b, Frames.BROADCAST)))
                .containsExactly(own, other, group, broadcast);
    }

    @Test
    @Conforms({"NT-081", "NT-082", "NT-083", "NT-084"})
    void addressesOfTheTableAndTheDriversOwn() {
        TestGuest b = guest(Frames.MAC_B, 1, FILTERS);
        NetControl control = control(b);
        control.mode(NetControlLayout.RX_PROMISC, false);
        assertThat(control.macTable(new byte[][] {Frames.MAC_C}, new byte[][] {GROUP}))
                .isEqualTo(OK);
        expect(b, true, true, true, true);
        assertThat(control.macTable(new byte[][] {}, new byte[][] {})).isEqualTo(OK);
        expect(b, true, false, false, true);
        assertThat(control.mac(Frames.MAC_C)).isEqualTo(OK);
        byte[] config = new byte[6];
        b.device.readConfig(0, config);
        assertThat(config).isEqualTo(Frames.MAC_C);
        expect(b, false, true, false, true);
    }

    @Test
    @Conforms({"NT-085", "NT-086", "NT-087", "NT-074"})
    void vlans() {
        TestGuest b = guest(Frames.MAC_B, 1, FILTERS.with(NetFeature.CTRL_VLAN));
        NetControl control = control(b);
        assertThat(arrivesTagged(b, 5)).as("promiscuous").isTrue();
        control.mode(NetControlLayout.RX_PROMISC, false);
        assertThat(arrivesTagged(b, 5)).isFalse();
        assertThat(arrives(b, Frames.MAC_B)).as("no tag").isTrue();
        assertThat(control.vlan(5, true)).isEqualTo(OK);
        assertThat(arrivesTagged(b, 5)).isTrue();
        assertThat(arrivesTagged(b, 0xe005)).as("with a priority").isTrue();
        assertThat(arrivesTagged(b, 6)).isFalse();
        control.vlan(5, false);
        assertThat(arrivesTagged(b, 5)).isFalse();
        TestGuest c = guest(Frames.MAC_C, 1, CONTROL.with(NetFeature.CTRL_VLAN));
        control(c);
        l2.remove(b.port);
        assertThat(arrives(c, Frames.MAC_B)).as("no receive modes").isTrue();
        assertThat(arrivesTagged(c, 5)).isFalse();
    }

    @Test
    @Conforms({"NT-069", "NT-089", "NT-090"})
    void automaticSteeringKeepsToThePairsInUse() {
        TestGuest b = guest(Frames.MAC_B, 4, PAIRS);
        NetControl control = control(b);
        assertThat(pairsOfFourFlows(b)).containsExactly(4, 0, 0, 0);
        assertThat(control.pairs(4)).isEqualTo(OK);
        assertThat(pairsOfFourFlows(b)).containsExactly(1, 1, 1, 1);
        assertThat(control.pairs(2)).isEqualTo(OK);
        int[] two = pairsOfFourFlows(b);
        assertThat(two[0] + two[1]).isEqualTo(4);
        assertThat(two[1]).isEqualTo(1);
        assertThat(control.pairs(5)).isEqualTo(ERR);
        assertThat(control.pairs(0)).isEqualTo(ERR);
    }

    /** Sends four flows on four pairs; on which pairs their answers come. */
    private int[] pairsOfFourFlows(TestGuest b) {
        for (int pair = 0; pair < 4; pair++) {
            b.send(pair, Frames.udp(Frames.MAC_A, Frames.MAC_B, 2, 1, 1000 + pair, 80, 10), 0, 0);
        }
        l2.poll();
        a.received();
        for (int pair = 0; pair < 4; pair++) {
            a.send(Frames.udp(Frames.MAC_B, Frames.MAC_A, 1, 2, 80, 1000 + pair, 10));
        }
        l2.poll();
        return receivedByPair(b);
    }

    private static int[] receivedByPair(TestGuest b) {
        return b.pairs.stream()
                .mapToInt(pair -> b.received(b.pairs.indexOf(pair)).size())
                .toArray();
    }

    @Test
    @Conforms({"NT-091", "NT-092"})
    void automaticSteeringChoosesAnotherQueueWhileThereIsOne() {
        TestGuest b = guest(Frames.MAC_B, 2, PAIRS);
        control(b).pairs(2);
        b.port.enable(0, false);
        assertThat(arrives(b, Frames.MAC_B)).isFalse();
        assertThat(b.received(1)).hasSize(1);
        b.port.enable(2, false);
        a.send(Frames.frame(Frames.MAC_B, Frames.MAC_A, 100, 1));
        l2.poll();
        assertThat(receivedByPair(b)).containsExactly(0, 0);
        assertThat(b.counters.get("rx_dropped_no_buffer")).isEqualTo(1);
    }

    @Test
    void withOnePairTheControlQueueIsTheThird() {
        TestGuest b = guest(Frames.MAC_B, 1, FILTERS);
        assertThat(b.device.controlQueue()).isEqualTo(2);
        assertThat(control(b).mode(NetControlLayout.RX_ALLMULTI, true)).isEqualTo(OK);
    }

    @Test
    @Conforms({"NT-094", "NT-095", "NT-096"})
    void receiveSideScaling() {
        TestGuest b = guest(Frames.MAC_B, 4, SCALING);
        NetControl control = control(b);
        // 161.142.100.80:1766 <- 66.9.149.187:2794 hashes to 51ccc178
        byte[] frame = Frames.udp(Frames.MAC_B, Frames.MAC_A, 0x420995bb, 0xa18e6450, 2794, 1766, 10);
        int[] table = new int[128];
        Arrays.fill(table, 3);
        table[0x78] = 2;
        assertThat(control.rss(NetHash.UDPV4, table, 1, 4, KEY)).isEqualTo(OK);
        a.send(frame);
        a.send(Frames.frame(Frames.MAC_B, Frames.MAC_A, 100, 1));
        a.send(Frames.udp(Frames.MAC_B, Frames.MAC_A, 0x420995bb, 0xa18e6450, 2795, 1766, 10));
        l2.poll();
        assertThat(receivedByPair(b)).containsExactly(0, 1, 1, 1);
        b.port.enable(4, false);
        a.send(frame);
        l2.poll();
        assertThat(receivedByPair(b)).containsExactly(0, 0, 0, 0);
        assertThat(b.counters.get("rx_dropped_no_buffer")).isEqualTo(1);
        assertThat(control.rss(NetHash.TCPV4, new int[] {3}, 0, 4, KEY)).isEqualTo(OK);
        a.send(frame);
        l2.poll();
        assertThat(receivedByPair(b)).as("not hashed").containsExactly(1, 0, 0, 0);
        assertThat(control.pairs(1)).as("the last command decides").isEqualTo(OK);
        a.send(frame);
        l2.poll();
        assertThat(receivedByPair(b)).containsExactly(1, 0, 0, 0);
    }

    @Test
    @Conforms({"NT-067", "NT-093"})
    void line33_hashesAreReportedBehindALongerHeader() {
        FeatureSet reporting = CONTROL.with(NetFeature.HASH_REPORT);
        for (FeatureSet features : List.of(reporting, reporting.with(NetFeature.MRG_RXBUF))) {
            TestGuest b = guest(Frames.MAC_B, 1, features);
            NetControl control = control(b);
            byte[] udp = Frames.udp(Frames.MAC_B, Frames.MAC_A, 0x420995bb, 0xa18e6450, 2794, 1766, 10);
            assertThat(reported(b, udp)).as("nothing configured").isZero();
            assertThat(control.hash(NetHash.ALL_TYPES, KEY)).isEqualTo(OK);
            assertThat(reported(b, udp)).isEqualTo(3L << 32 | 0x51ccc178L);
            assertThat(reported(b, Frames.frame(Frames.MAC_B, Frames.MAC_A, 60, 1)))
                    .isZero();
            assertThat(control.hash(NetHash.IPV4, KEY)).isEqualTo(OK);
            assertThat(reported(b, udp)).isEqualTo(1L << 32 | 0x323e8fc2L);
            // and the longer header on the way out
            byte[] back = Frames.frame(Frames.MAC_A, Frames.MAC_B, 70, 2);
            b.send(back);
            l2.poll();
            assertThat(TestGuest.body(a.received().get(0))).isEqualTo(back);
            l2.remove(b.port);
        }
    }

    /** The end of the header that a frame arrives with. */
    private long reported(TestGuest b, byte[] frame) {
        a.send(frame);
        l2.poll();
        byte[] got = b.received().get(0);
        assertThat(Arrays.copyOfRange(got, NetHeader.HASH_BYTES, got.length)).isEqualTo(frame);
        assertThat(got[(int) NetHeader.NUM_BUFFERS]).isEqualTo((byte) 1);
        return MemorySegment.ofArray(got).get(Le.LONG_UNALIGNED, NetHeader.HASH_VALUE);
    }

    @Test
    void line33_aFrameOverSeveralBuffersHasItsHashInTheFirst() {
        FeatureSet features = CONTROL.with(NetFeature.HASH_REPORT).with(NetFeature.MRG_RXBUF);
        TestGuest b = new TestGuest(arena, pool, Frames.MAC_B, 1, features, 64, 128);
        l2.add(b.port);
        assertThat(control(b).hash(NetHash.ALL_TYPES, KEY)).isEqualTo(OK);
        byte[] udp = Frames.udp(Frames.MAC_B, Frames.MAC_A, 0x420995bb, 0xa18e6450, 2794, 1766, 258);
        a.send(udp);
        l2.poll();
        List<byte[]> parts = b.received();
        assertThat(parts).hasSize(3);
        ByteBuffer whole = ByteBuffer.allocate(NetHeader.HASH_BYTES + udp.length);
        parts.forEach(whole::put);
        byte[] got = whole.array();
        assertThat(got[(int) NetHeader.NUM_BUFFERS]).isEqualTo((byte) 3);
        assertThat(MemorySegment.ofArray(got).get(Le.LONG_UNALIGNED, NetHeader.HASH_VALUE))
                .isEqualTo(3L << 32 | 0x51ccc178L);
        assertThat(Arrays.copyOfRange(got, NetHeader.HASH_BYTES, got.length)).isEqualTo(udp);
    }

    @Test
    void anOffloadThatTheDriverTurnsOffIsDoneForIt() {
        FeatureSet features = CONTROL.with(NetFeature.GUEST_CSUM).with(NetFeature.CTRL_GUEST_OFFLOADS);
        TestGuest b = guest(Frames.MAC_B, 1, features);
        TestGuest c = guest(Frames.MAC_C, 1, PLAIN.with(NetFeature.CSUM));
        b.send(Frames.frame(Frames.MAC_A, Frames.MAC_B, 60, 1));
        l2.poll();
        NetControl control = control(b);
        byte[] frame = Frames.udp(Frames.MAC_B, Frames.MAC_C, 1, 2, 3, 4, 20);
        c.send(0, frame, NetHeader.partialChecksum(34), 6);
        l2.poll();
        assertThat(b.received().get(0)[0]).isEqualTo((byte) NetHeader.FLAG_NEEDS_CSUM);
        assertThat(control.offloads(0)).isEqualTo(OK);
        c.send(0, frame, NetHeader.partialChecksum(34), 6);
        l2.poll();
        assertThat(b.received().get(0)[0]).isZero();
        assertThat(control.offloads(1L << NetFeature.GUEST_CSUM)).isEqualTo(OK);
        assertThat(control.offloads(1L << NetFeature.GUEST_TSO4)).isEqualTo(ERR);
        c.send(0, frame, NetHeader.partialChecksum(34), 6);
        l2.poll();
        assertThat(b.received().get(0)[0]).isEqualTo((byte) NetHeader.FLAG_NEEDS_CSUM);
    }

    @Test
    void line35_chainsOfAnyFormAreAnsweredOrGivenBackEmpty() {
        TestGuest b = guest(Frames.MAC_B, 1, FILTERS);
        NetControl control = control(b);
        var ring = control.ring();
        long at = b.memory.allocate(1 << 15, 64);
        MemorySegment memory = b.memory.slice(at, 1 << 15);
        memory.fill((byte) 0);
        memory.set(ValueLayout.JAVA_BYTE, 0, (byte) NetControlLayout.RX);
        memory.set(ValueLayout.JAVA_BYTE, 1, (byte) NetControlLayout.RX_ALLMULTI);
        memory.set(ValueLayout.JAVA_BYTE, 2, (byte) 1);
        long ack = at + 100;
        // the ack is not writable; no command at all; half of one; one byte a descriptor; longer than any; ack of two
        // bytes
        long[][] addresses = {{at}, {ack}, {at, ack}, {at, at + 1, at + 2, ack}, {at, ack}, {at, at + 1, ack, ack + 1}};
        int[][] lengths = {{3}, {1}, {1, 1}, {1, 1, 1, 1}, {20_000, 1}, {1, 2, 1, 1}};
        int[] readable = {1, 0, 1, 3, 1, 2};
        int[] written = {0, 1, 1, 1, 1, 1};
        int[] acks = {7, ERR, ERR, OK, ERR, OK};
        for (int i = 0; i < addresses.length; i++) {
            memory.set(ValueLayout.JAVA_BYTE, 100, (byte) 7);
            ring.add(addresses[i], lengths[i], readable[i], addresses[i].length);
            ring.publish();
            l2.poll();
            assertThat(ring.poll()).isNotNegative();
            assertThat(ring.usedLength()).as("chain %d", i).isEqualTo(written[i]);
            assertThat(memory.get(ValueLayout.JAVA_BYTE, 100)).as("chain %d", i).isEqualTo((byte) acks[i]);
        }
        assertThat(b.counters.get("ctrl_errors")).isEqualTo(4);
        assertThat(control.mode(NetControlLayout.RX_ALLMULTI, true)).isEqualTo(OK);
        ring.add(new long[] {0x10}, new int[] {3}, 1, 1);
        ring.publish();
        l2.poll();
        assertThat(b.violations).hasSize(1);
        assertThat(arrives(b, Frames.MAC_B)).as("its other queues go on").isTrue();
    }

    @Test
    void aBurstOfCommandsTakesSeveralTurns() {
        TestGuest b = guest(Frames.MAC_B, 1, FILTERS);
        var ring = control(b).ring();
        long at = b.memory.allocate(64, 64);
        for (int i = 0; i < 16; i++) {
            ring.add(new long[] {at}, new int[] {2}, 0, 1);
        }
        ring.publish();
        l2.poll();
        assertThat(b.counters.get("ctrl_commands")).isEqualTo(8);
        l2.poll();
        assertThat(b.counters.get("ctrl_errors")).isEqualTo(16);
    }

    @Test
    void theControlQueueWakesASleepingWorker() {
        TestGuest b = guest(Frames.MAC_B, 1, FILTERS);
        NetControl control = control(b);
        assertThat(l2.arm()).isTrue();
        long at = b.memory.allocate(64, 64);
        control.ring().add(new long[] {at}, new int[] {2}, 0, 1);
        assertThat(control.ring().publish()).as("a kick is wanted").isTrue();
        assertThat(b.port.arm()).isFalse();
        l2.disarm();
        l2.poll();
        assertThat(control.ring().poll()).isNotNegative();
        control.ring().add(new long[] {at}, new int[] {2}, 0, 1);
        assertThat(control.ring().publish()).isFalse();
        l2.poll();
    }

    @Test
    void filtersAndScalingAllocateNothing() {
        FeatureSet features = SCALING.or(FILTERS)
                .with(NetFeature.CTRL_VLAN)
                .with(NetFeature.HASH_REPORT)
                .with(NetFeature.HASH_TUNNEL)
                .with(NetFeature.NOTF_COAL);
        TestGuest b = guest(Frames.MAC_B, 2, features);
        NetControl control = control(b);
        control.mode(NetControlLayout.RX_PROMISC, false);
        control.macTable(new byte[][] {Frames.MAC_C}, new byte[][] {GROUP});
        control.rss(NetHash.ALL_TYPES, new int[] {0, 1, 0, 1}, 0, 2, KEY);
        control.tunnels(NetHash.ALL_TUNNELS);
        control.coalesce(NetControlLayout.COAL_RX_SET, 10, 10);
        byte[] frame = Frames.udp(Frames.MAC_B, Frames.MAC_A, 1, 2, 3, 4, 20);
        a.send(frame);
        l2.poll();
        receivedByPair(b);
        Burst burst = new Burst();
        int slot = pool.take();
        MemorySegment.copy(frame, 0, pool.slab(), ValueLayout.JAVA_BYTE, pool.frameOffset(slot), frame.length);
        for (int i = 0; i < 32; i++) {
            burst.add(slot, frame.length, Offload.NONE);
        }
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        long allocated = Long.MAX_VALUE;
        for (int round = 0; round < 6 && allocated > 0; round++) {
            // a round in which a method is compiled anew may allocate in the JVM's name
            long before = threads.getCurrentThreadAllocatedBytes();
            long overhead = threads.getCurrentThreadAllocatedBytes() - before;
            before = threads.getCurrentThreadAllocatedBytes();
            run(b, burst, 20_000);
            allocated = threads.getCurrentThreadAllocatedBytes() - before - overhead;
        }
        assertThat(allocated).isZero();
        assertThat(b.counters.get("rx_packets")).isGreaterThanOrEqualTo(20_000 * 32);
        burst.clear();
        burst.add(slot, frame.length, Offload.NONE);
        burst.release(pool);
    }

    private void run(TestGuest b, Burst burst, int turns) {
        for (int i = 0; i < turns; i++) {
            b.port.transmit(burst);
            b.port.settle();
            for (int pair = 0; pair < 2; pair++) {
                var driver = b.pairs.get(pair);
                while (driver.receive() >= 0) {
                    driver.recycle();
                }
                driver.publishReceive();
            }
        }
    }
}
