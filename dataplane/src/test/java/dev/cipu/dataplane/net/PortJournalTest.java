package dev.cipu.dataplane.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.dataplane.Allocation;
import dev.cipu.dataplane.CounterGroup;
import dev.cipu.dataplane.journal.Capture;
import dev.cipu.dataplane.journal.Capture.Payload;
import dev.cipu.dataplane.journal.QueueJournal;
import dev.cipu.dataplane.journal.RecordLayout;
import dev.cipu.dataplane.journal.Records;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.driver.NetControl;
import dev.cipu.virtio.net.NetFeature;
import dev.cipu.virtio.net.NetHeader;
import dev.cipu.virtio.net.control.NetControlLayout;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PortJournalTest {
    private static final FeatureSet PLAIN = FeatureSet.of(RingFeature.VERSION_1, NetFeature.MAC, NetFeature.MTU);
    private static final FeatureSet MERGING = PLAIN.with(NetFeature.MRG_RXBUF);
    private static final Capture ALL = new Capture(Payload.ALL, Capture.DEFAULT_HEADER_BYTES);

    private final Arena arena = Arena.ofShared();
    private final PacketPool pool = new PacketPool(arena, 256, 2048, 4);
    private final L2Switch l2 = new L2Switch(pool, System::nanoTime, CounterGroup.unlisted(L2Switch.COUNTERS));
    private final Records records = new Records(arena);
    private long clock = 1_000;

    @AfterEach
    void free() {
        assertThat(pool.available()).isEqualTo(pool.capacity());
        arena.close();
    }

    private TestGuest guest(byte[] mac, FeatureSet features, int bufferBytes, int firstQueue, Capture capture) {
        TestGuest guest = new TestGuest(arena, pool, mac, 1, features, 64, bufferBytes);
        List<QueueJournal> queues = new ArrayList<>();
        for (int i = 0; i < guest.device.queueCount(); i++) {
            queues.add(records.queue(firstQueue + i));
        }
        guest.port.record(new PortJournal(queues, capture, () -> clock += 10));
        l2.add(guest.port);
        return guest;
    }

    /** Lengths around each way of copying, with the whole frame or the first bytes of it. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void eachFrameIsRecordedWhereItComesInAndWhereItGoesOut(boolean packed) {
        FeatureSet features = packed ? PLAIN.with(RingFeature.RING_PACKED) : PLAIN;
        TestGuest a = guest(Frames.MAC_A, features, 2048, 10, ALL);
        TestGuest b = guest(Frames.MAC_B, features, 2048, 20, Capture.HEADERS);
        List<byte[]> frames = new ArrayList<>();
        for (int bytes : new int[] {14, 15, 31, 32, 63, 64, 65, 128, 129, 1000, 1514}) {
            frames.add(Frames.frame(Frames.MAC_B, Frames.MAC_A, bytes, bytes));
        }
        frames.forEach(a::enqueue);
        a.driver().publishTransmit();
        l2.poll();
        assertThat(b.received()).hasSize(frames.size());

        List<Records.One> all = records.take();
        assertThat(all).hasSize(2 * frames.size());
        for (int i = 0; i < frames.size(); i++) {
            byte[] frame = frames.get(i);
            Records.One sent = all.get(i);
            assertThat(sent.kind()).isEqualTo(RecordLayout.TRANSMIT);
            assertThat(sent.queue()).isEqualTo(11);
            assertThat(sent.status()).isEqualTo(RecordLayout.PASSED);
            assertThat(sent.readable()).isEqualTo(NetHeader.BYTES + frame.length);
            assertThat(sent.writable()).isZero();
            assertThat(sent.length()).isEqualTo(frame.length);
            assertThat(sent.captured()).isEqualTo(frame);
            assertThat(sent.completed()).isGreaterThan(sent.taken());

            Records.One got = all.get(frames.size() + i);
            assertThat(got.kind()).isEqualTo(RecordLayout.RECEIVE);
            assertThat(got.queue()).isEqualTo(20);
            assertThat(got.readable()).isZero();
            assertThat(got.writable()).isEqualTo(2048);
            assertThat(got.written()).isEqualTo(NetHeader.BYTES + frame.length);
            assertThat(got.length()).isEqualTo(frame.length);
            assertThat(got.captured()).isEqualTo(Arrays.copyOf(frame, Math.min(64, frame.length)));
            assertThat(got.taken()).isGreaterThanOrEqualTo(sent.completed());
        }
        assertThat(all.stream().limit(frames.size()).map(Records.One::id).distinct())
                .as("heads of chains that were available together")
                .hasSize(frames.size());
    }

    /** The frames behind a dropped one must not be taken for it. */
    @Test
    void aDroppedFrameIsRecordedInItsPlace() {
        TestGuest a = guest(Frames.MAC_A, PLAIN, 2048, 0, ALL);
        byte[] first = Frames.frame(Frames.MAC_B, Frames.MAC_A, 100, 1);
        byte[] last = Frames.frame(Frames.MAC_B, Frames.MAC_A, 200, 2);
        a.enqueue(first);
        a.enqueue(first, 13);
        a.enqueue(last);
        a.driver().publishTransmit();
        l2.poll();
        List<Records.One> all = records.take();
        assertThat(all).extracting(Records.One::status).containsExactly(0, RecordLayout.DROPPED, 0);
        assertThat(all.get(0).captured()).isEqualTo(first);
        assertThat(all.get(1).length()).isZero();
        assertThat(all.get(1).readable()).isEqualTo(NetHeader.BYTES + 13);
        assertThat(all.get(2).captured()).isEqualTo(last);

        a.enqueue(last);
        a.driver().publishTransmit();
        l2.poll();
        assertThat(records.take()).extracting(Records.One::status).containsExactly(RecordLayout.PASSED);
    }

    @Test
    void aFrameOverSeveralBuffersIsOneFrameAndSeveralChains() {
        TestGuest a = guest(Frames.MAC_A, PLAIN, 2048, 0, ALL);
        guest(Frames.MAC_B, MERGING, 256, 10, ALL);
        byte[] frame = Frames.frame(Frames.MAC_B, Frames.MAC_A, 700, 3);
        a.send(frame);
        l2.poll();
        List<Records.One> got = records.take().stream()
                .filter(each -> each.kind() == RecordLayout.RECEIVE)
                .toList();
        assertThat(got).extracting(Records.One::written).containsExactly(256L, 256L, 200L);
        assertThat(got)
                .extracting(Records.One::flags)
                .containsExactly(0, RecordLayout.CONTINUED, RecordLayout.CONTINUED);
        assertThat(got.get(0).captured()).isEqualTo(frame);
        assertThat(got.get(0).length()).isEqualTo(frame.length);
        assertThat(got.get(1).length()).isZero();
    }

    @Test
    void bufferThatNobodyCanUseIsRecordedAsDropped() {
        TestGuest a = guest(Frames.MAC_A, PLAIN, 2048, 0, ALL);
        guest(Frames.MAC_B, MERGING, 1, 10, ALL);
        a.send(Frames.frame(Frames.MAC_B, Frames.MAC_A, 100, 1));
        l2.poll();
        assertThat(records.take())
                .filteredOn(each -> each.kind() == RecordLayout.RECEIVE)
                .isNotEmpty()
                .allMatch(each -> each.status() == RecordLayout.DROPPED && each.written() == 0 && each.length() == 0);
    }

    /** A frame that a guest leaves the checksum of to the card: who takes it so gets the same header, who does not a whole frame. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatIsToBeDoneToAFrameIsRecorded(boolean taken) {
        FeatureSet sums = PLAIN.with(NetFeature.CSUM);
        TestGuest a = guest(Frames.MAC_A, sums, 2048, 0, ALL);
        TestGuest b = guest(Frames.MAC_B, taken ? sums.with(NetFeature.GUEST_CSUM) : sums, 2048, 10, ALL);
        long first = NetHeader.partialChecksum(34);
        a.send(0, Frames.udp(Frames.MAC_B, Frames.MAC_A, 1, 2, 3, 4, 50), first, 6);
        l2.poll();
        List<Records.One> all = records.take();
        assertThat(all).extracting(Records.One::queue).containsExactly(1, 10);
        assertThat(all).extracting(Records.One::subject).containsExactly(first, taken ? first : 0);
        assertThat(all).extracting(Records.One::detail).containsExactly(6, taken ? 6 : 0);
        assertThat(all.get(1).captured()).isEqualTo(TestGuest.body(b.received().getFirst()));
    }

    @Test
    void segmentsAreRecordedAsTheGuestGetsThem() {
        FeatureSet sending = PLAIN.with(NetFeature.CSUM).with(NetFeature.HOST_USO);
        TestGuest a = new TestGuest(arena, pool, Frames.MAC_A, 1, sending, 64, 9000);
        l2.add(a.port);
        TestGuest b = guest(Frames.MAC_B, PLAIN, 2048, 10, ALL);
        byte[] frame = Frames.udp(Frames.MAC_B, Frames.MAC_A, 1, 2, 3, 4, 4000);
        a.send(0, frame, NetHeader.first(NetHeader.FLAG_NEEDS_CSUM, NetHeader.GSO_UDP_L4, 42, 1000, 34), 6);
        l2.poll();
        List<byte[]> got = b.received().stream().map(TestGuest::body).toList();
        assertThat(got).hasSize(4);
        assertThat(records.take()).extracting(Records.One::captured).containsExactlyElementsOf(got);
    }

    @Test
    void commandsAreRecordedWithTheirAcks() {
        TestGuest a =
                guest(Frames.MAC_A, PLAIN.with(NetFeature.CTRL_VQ).with(NetFeature.CTRL_RX), 2048, 0, Capture.HEADERS);
        NetControl control = a.control(l2::poll);
        assertThat(control.send(NetControlLayout.RX, NetControlLayout.RX_PROMISC, new byte[] {1}))
                .isEqualTo(NetControlLayout.OK);
        assertThat(control.send(9, 7, new byte[] {})).isEqualTo(NetControlLayout.ERR);
        List<Records.One> all = records.take();
        assertThat(all).extracting(Records.One::kind).containsOnly(RecordLayout.CONTROL);
        assertThat(all).extracting(Records.One::status).containsExactly(NetControlLayout.OK, NetControlLayout.ERR);
        assertThat(all).extracting(Records.One::detail).containsExactly(NetControlLayout.RX_PROMISC, 9 << 8 | 7);
        assertThat(all.get(0).captured()).containsExactly(NetControlLayout.RX, NetControlLayout.RX_PROMISC, 1);
        assertThat(all.get(0).written()).isEqualTo(1);
    }

    @Test
    void nothingOfAFrameIsRecordedWhereNothingIsWanted() {
        TestGuest a = guest(Frames.MAC_A, PLAIN, 2048, 0, new Capture(Payload.NONE, Capture.DEFAULT_HEADER_BYTES));
        a.send(Frames.frame(Frames.MAC_B, Frames.MAC_A, 100, 1));
        l2.poll();
        List<Records.One> all = records.take();
        assertThat(all).hasSize(1);
        assertThat(all.getFirst().captured()).isEmpty();
        assertThat(all.getFirst().length()).isEqualTo(100);
    }

    @Test
    void aRecordedFrameAllocatesNothing() {
        TestGuest a = guest(Frames.MAC_A, PLAIN, 2048, 0, Capture.HEADERS);
        TestGuest b = guest(Frames.MAC_B, PLAIN, 2048, 10, Capture.HEADERS);
        byte[] frame = Frames.frame(Frames.MAC_B, Frames.MAC_A, 64, 1);
        int[] got = {0};
        long bytes = Allocation.inSteadyState(() -> {
            for (int round = 0; round < 500; round++) {
                for (int i = 0; i < 20; i++) {
                    a.enqueue(frame);
                }
                a.driver().publishTransmit();
                l2.poll();
                a.completed();
                while (b.driver().receive() >= 0) {
                    got[0]++;
                    b.driver().recycle();
                }
                b.driver().publishReceive();
                records.discard();
            }
        });
        assertThat(bytes).isZero();
        // the driver gets its last completions late, so that the first rounds may have found a full ring
        assertThat(got[0]).isGreaterThan(5_000);
        assertThat(records.counters.get("records")).isEqualTo(a.counters.get("tx_packets") + got[0]);
    }
}
