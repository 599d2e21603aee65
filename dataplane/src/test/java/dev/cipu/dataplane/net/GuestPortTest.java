package dev.cipu.dataplane.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.dataplane.CounterGroup;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.conformance.Conforms;
import dev.cipu.virtio.driver.DriverQueue;
import dev.cipu.virtio.memory.Le;
import dev.cipu.virtio.net.NetFeature;
import dev.cipu.virtio.net.NetHeader;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class GuestPortTest {
    private static final FeatureSet PLAIN = FeatureSet.of(RingFeature.VERSION_1, NetFeature.MAC, NetFeature.MTU);
    private static final FeatureSet MERGING = PLAIN.with(NetFeature.MRG_RXBUF);
    private static final FeatureSet CHECKSUMS = PLAIN.with(NetFeature.CSUM).with(NetFeature.GUEST_CSUM);

    private final Arena arena = Arena.ofShared();
    private final PacketPool pool = new PacketPool(arena, 256, 2048);
    private final L2Switch l2 = new L2Switch(pool, System::nanoTime, CounterGroup.unlisted(L2Switch.COUNTERS));

    @AfterEach
    void noSlotIsLost() {
        assertThat(pool.available()).isEqualTo(pool.capacity());
        arena.close();
    }

    private TestGuest guest(byte[] mac, int pairs, FeatureSet features, int ring, int bufferBytes) {
        TestGuest guest = new TestGuest(arena, pool, mac, pairs, features, ring, bufferBytes);
        l2.add(guest.port);
        return guest;
    }

    @Test
    void framesOfEverySizePassUnaltered() {
        TestGuest a = guest(Frames.MAC_A, 1, PLAIN, 64, 2048);
        TestGuest b = guest(Frames.MAC_B, 1, MERGING, 64, 2048);
        for (int bytes = 14; bytes <= 1518; bytes++) {
            byte[] frame = Frames.frame(Frames.MAC_B, Frames.MAC_A, bytes, bytes);
            a.send(frame);
            l2.poll();
            List<byte[]> got = b.received();
            assertThat(got).hasSize(1);
            assertThat(TestGuest.body(got.get(0))).isEqualTo(frame);
            assertThat(numBuffers(got.get(0))).isEqualTo(1);
        }
        assertThat(a.calls + b.calls).isZero();
        long frames = 1518 - 14 + 1;
        long bytes = frames * (14 + 1518) / 2;
        assertThat(a.counters.get("tx_packets")).isEqualTo(frames);
        assertThat(a.counters.get("tx_bytes")).isEqualTo(bytes);
        assertThat(b.counters.get("rx_packets")).isEqualTo(frames);
        assertThat(b.counters.get("rx_bytes")).isEqualTo(bytes);
    }

    @Test
    @Conforms({"NT-028", "NT-031", "NT-032"})
    void aFrameIsSpreadOverSmallBuffersWhereTheDriverMergesThem() {
        TestGuest a = guest(Frames.MAC_A, 1, PLAIN, 64, 2048);
        TestGuest b = guest(Frames.MAC_B, 1, MERGING, 64, 256);
        byte[] frame = Frames.frame(Frames.MAC_B, Frames.MAC_A, 1500, 1);
        a.send(frame);
        l2.poll();
        List<byte[]> parts = b.received();
        assertThat(parts).hasSize(6);
        assertThat(numBuffers(parts.get(0))).isEqualTo(6);
        ByteBuffer whole = ByteBuffer.allocate(NetHeader.BYTES + frame.length);
        parts.forEach(whole::put);
        assertThat(TestGuest.body(whole.array())).isEqualTo(frame);
    }

    @Test
    void line31_aFrameLargerThanTheRingIsDroppedWithoutStalling() {
        TestGuest a = guest(Frames.MAC_A, 1, PLAIN, 64, 2048);
        TestGuest b = guest(Frames.MAC_B, 1, MERGING, 4, 256);
        a.send(Frames.frame(Frames.MAC_B, Frames.MAC_A, 1500, 1));
        l2.poll();
        assertThat(b.received()).isEmpty();
        byte[] small = Frames.frame(Frames.MAC_B, Frames.MAC_A, 200, 2);
        a.send(small);
        l2.poll();
        assertThat(b.received()).hasSize(1);
    }

    @Test
    void line31_oneByteBuffersAreGivenBackEmpty() {
        TestGuest a = guest(Frames.MAC_A, 1, PLAIN, 64, 2048);
        TestGuest b = guest(Frames.MAC_B, 1, MERGING, 8, 1);
        for (int i = 0; i < 8; i++) {
            a.send(Frames.frame(Frames.MAC_B, Frames.MAC_A, 100, i));
        }
        l2.poll();
        assertThat(b.received()).hasSize(8).allMatch(bytes -> bytes.length == 0);
    }

    @Test
    @Conforms("NT-029")
    void line31_aBufferTooSmallWithoutMergingDropsTheFrameAndStaysInPlace() {
        TestGuest a = guest(Frames.MAC_A, 1, PLAIN, 64, 2048);
        TestGuest b = guest(Frames.MAC_B, 1, PLAIN, 8, 256);
        a.send(Frames.frame(Frames.MAC_B, Frames.MAC_A, 1000, 1));
        a.send(Frames.frame(Frames.MAC_B, Frames.MAC_A, 100, 2));
        l2.poll();
        assertThat(b.received()).hasSize(1);
    }

    @Test
    void line31_manyBuffersTooSmallTogetherAreGivenBackEmptyAndNotWalkedAgain() {
        TestGuest a = guest(Frames.MAC_A, 1, PLAIN, 64, 2048);
        TestGuest b = guest(Frames.MAC_B, 1, MERGING, 128, 16);
        for (int round = 0; round < 2; round++) {
            a.send(Frames.frame(Frames.MAC_B, Frames.MAC_A, 1500, round));
            l2.poll();
            assertThat(b.received()).hasSize(64).allMatch(bytes -> bytes.length == 0);
        }
        assertThat(b.counters.get("rx_dropped_too_big")).isEqualTo(2);
        assertThat(b.counters.get("rx_bad_buffers")).isEqualTo(128);
    }

    @Test
    void chainsThatAreDroppedBoundATurnToo() {
        TestGuest a = guest(Frames.MAC_A, 1, PLAIN, 512, 64);
        long[] addresses = {TestGuest.BASE, TestGuest.BASE};
        for (int i = 0; i < 200; i++) {
            a.driver().transmitq().add(addresses, new int[] {1, 1}, 2, 2);
        }
        a.driver().publishTransmit();
        l2.poll();
        assertThat(a.counters.get("tx_dropped_bad")).isEqualTo(Burst.CAPACITY);
        l2.poll();
        assertThat(a.counters.get("tx_dropped_bad")).isEqualTo(200);
    }

    @Test
    void whatWasDoneBeforeAViolationIsCompleted() {
        TestGuest a = guest(Frames.MAC_A, 1, PLAIN, 64, 2048);
        TestGuest b = guest(Frames.MAC_B, 1, PLAIN, 64, 2048);
        for (int i = 0; i < 3; i++) {
            a.enqueue(Frames.frame(Frames.MAC_B, Frames.MAC_A, 100, i));
        }
        a.driver().transmitq().add(new long[] {0x10}, new int[] {100}, 1, 1);
        a.driver().publishTransmit();
        l2.poll();
        assertThat(a.violations).hasSize(1);
        assertThat(a.completed()).isEqualTo(3);
        assertThat(b.received()).hasSize(3);
    }

    @Test
    void line32_aFullReceiveRingDropsAndResumes() {
        TestGuest a = guest(Frames.MAC_A, 1, PLAIN, 64, 2048);
        TestGuest b = guest(Frames.MAC_B, 1, PLAIN, 8, 2048);
        for (int i = 0; i < 20; i++) {
            a.send(Frames.frame(Frames.MAC_B, Frames.MAC_A, 100, i));
        }
        l2.poll();
        assertThat(b.received()).hasSize(8);
        a.send(Frames.frame(Frames.MAC_B, Frames.MAC_A, 100, 99));
        l2.poll();
        assertThat(b.received()).hasSize(1);
    }

    @Test
    void aGuestThatSendsBurstsGetsItsLastCompletionsLate() {
        TestGuest a = guest(Frames.MAC_A, 1, PLAIN, 64, 2048);
        guest(Frames.MAC_B, 1, PLAIN, 64, 2048);
        sendBurst(a, 20);
        l2.poll();
        assertThat(a.completed()).isEqualTo(20 - 64 / FromGuest.LAG_PART);
        sendBurst(a, 20);
        l2.poll();
        assertThat(a.completed()).as("the burst before").isEqualTo(20);
        l2.poll();
        assertThat(a.completed()).isZero();
        a.nanos += FromGuest.LAG_NANOS;
        l2.poll();
        assertThat(a.completed()).as("after a silence").isEqualTo(64 / FromGuest.LAG_PART);
        sendBurst(a, FromGuest.BURST - 1);
        l2.poll();
        assertThat(a.completed()).as("of a small burst").isEqualTo(FromGuest.BURST - 1);
    }

    @Test
    void noCompletionIsKeptBackFromAGuestWhoseQueueStopsOrWhoseWorkerSleeps() {
        TestGuest a = guest(Frames.MAC_A, 1, PLAIN, 64, 2048);
        guest(Frames.MAC_B, 1, PLAIN, 64, 2048);
        List<Runnable> ends = List.of(l2::arm, () -> a.port.enable(1, false), () -> a.port.detach(1));
        for (Runnable end : ends) {
            a.port.enable(1, true);
            a.calls = 0;
            sendBurst(a, 20);
            l2.poll();
            a.driver().transmitq().awaitCalls();
            int done = a.completed();
            assertThat(done).isLessThan(20);
            end.run();
            assertThat(done + a.completed()).isEqualTo(20);
            assertThat(a.calls).isPositive();
        }
    }

    private static void sendBurst(TestGuest guest, int frames) {
        for (int i = 0; i < frames; i++) {
            guest.enqueue(Frames.frame(Frames.MAC_B, Frames.MAC_A, 100, i));
        }
        guest.driver().publishTransmit();
    }

    @Test
    void line28_aChecksumOutsideTheFrameIsDropped() {
        TestGuest a = guest(Frames.MAC_A, 1, CHECKSUMS, 64, 2048);
        TestGuest b = guest(Frames.MAC_B, 1, CHECKSUMS, 64, 2048);
        byte[] frame = Frames.frame(Frames.MAC_B, Frames.MAC_A, 100, 1);
        a.send(0, frame, NetHeader.partialChecksum(98), 1);
        a.send(0, frame, NetHeader.partialChecksum(0xffff), 0xffff);
        a.send(0, frame, NetHeader.partialChecksum(0), 6);
        l2.poll();
        assertThat(b.received()).isEmpty();
        a.send(0, frame, NetHeader.partialChecksum(90), 8);
        l2.poll();
        assertThat(b.received()).hasSize(1);
    }

    @Test
    void line29_segmentationThatWasNotNegotiatedIsDropped() {
        TestGuest a = guest(Frames.MAC_A, 1, CHECKSUMS, 64, 2048);
        TestGuest b = guest(Frames.MAC_B, 1, CHECKSUMS, 64, 2048);
        byte[] frame = Frames.frame(Frames.MAC_B, Frames.MAC_A, 100, 1);
        for (int type : new int[] {1, 3, 4, 5, 0x80, 0x81, 0xff}) {
            a.send(0, frame, (long) type << 8 | 1, 0);
            a.send(0, frame, (long) type << 8, 0);
        }
        l2.poll();
        assertThat(b.received()).isEmpty();
    }

    @Test
    @Conforms("SR-001")
    void line30_aHeaderMaySpanDescriptorsAndAChainMayBeTooShort() {
        TestGuest a = guest(Frames.MAC_A, 1, PLAIN, 64, 2048);
        TestGuest b = guest(Frames.MAC_B, 1, PLAIN, 64, 2048);
        DriverQueue raw = a.driver().transmitq();
        byte[] frame = Frames.frame(Frames.MAC_B, Frames.MAC_A, 80, 7);
        long at = a.memory.allocate(4096, 64);
        a.memory.slice(at + 12, frame.length).copyFrom(java.lang.foreign.MemorySegment.ofArray(frame));
        raw.add(new long[] {at, at + 5, at + 11, at + 30}, new int[] {5, 6, 19, 62}, 4, 4);
        raw.add(new long[] {at}, new int[] {11}, 1, 1);
        raw.add(new long[] {at, at + 8}, new int[] {8, 5}, 2, 2);
        raw.publish();
        l2.poll();
        List<byte[]> got = b.received();
        assertThat(got).hasSize(1);
        assertThat(TestGuest.body(got.get(0))).isEqualTo(frame);
        int returned = 0;
        while (raw.poll() >= 0) {
            returned++;
        }
        assertThat(returned).isEqualTo(3);
    }

    @Test
    @Conforms({"NT-034", "NT-035", "NT-046", "NT-047"})
    void aPartialChecksumPassesToAGuestThatTakesOneAndIsCompletedForOthers() {
        TestGuest a = guest(Frames.MAC_A, 1, CHECKSUMS, 64, 2048);
        TestGuest b = guest(Frames.MAC_B, 1, CHECKSUMS, 64, 2048);
        TestGuest c = guest(Frames.MAC_C, 1, PLAIN, 64, 2048);
        byte[] frame = Frames.udp(Frames.BROADCAST, Frames.MAC_A, 0x0a000001, 0x0a000002, 1, 2, 33);
        // the driver leaves the pseudo header's sum in the field
        int pseudo = 0x0a00 + 1 + 0x0a00 + 2 + 17 + 41;
        ByteBuffer.wrap(frame).putShort(40, (short) pseudo);
        byte[] whole = frame.clone();
        ByteBuffer.wrap(whole).putShort(40, (short) ~sum(frame, 34));

        // flooded: every guest gets the completed one
        a.send(0, frame, NetHeader.partialChecksum(34), 6);
        l2.poll();
        for (TestGuest guest : List.of(b, c)) {
            byte[] got = guest.received().get(0);
            assertThat(TestGuest.body(got)).isEqualTo(whole);
            assertThat(got[0]).isZero();
        }
        // unicast to b, who takes partial ones
        b.send(Frames.frame(Frames.MAC_A, Frames.MAC_B, 60, 1));
        c.send(Frames.frame(Frames.MAC_A, Frames.MAC_C, 60, 1));
        l2.poll();
        System.arraycopy(Frames.MAC_B, 0, frame, 0, 6);
        a.send(0, frame, NetHeader.partialChecksum(34), 6);
        l2.poll();
        byte[] got = b.received().get(0);
        assertThat(TestGuest.body(got)).isEqualTo(frame);
        assertThat(got[0]).isEqualTo((byte) NetHeader.FLAG_NEEDS_CSUM);
        assertThat(got[6]).isEqualTo((byte) 34);
        assertThat(got[8]).isEqualTo((byte) 6);
        // unicast to c, who does not
        System.arraycopy(Frames.MAC_C, 0, frame, 0, 6);
        System.arraycopy(Frames.MAC_C, 0, whole, 0, 6);
        a.send(0, frame, NetHeader.partialChecksum(34), 6);
        l2.poll();
        got = c.received().get(0);
        assertThat(TestGuest.body(got)).isEqualTo(whole);
        assertThat(got[0]).isZero();
    }

    private static int sum(byte[] frame, int from) {
        int sum = 0;
        for (int i = from; i < frame.length; i++) {
            sum += (frame[i] & 0xff) << ((i - from) % 2 == 0 ? 8 : 0);
        }
        while (sum >> 16 != 0) {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        return sum;
    }

    @Test
    void aFlowComesBackOnThePairItWasSentOn() {
        TestGuest a = guest(Frames.MAC_A, 1, PLAIN, 64, 2048);
        TestGuest b = guest(Frames.MAC_B, 4, PLAIN.with(NetFeature.MQ), 64, 2048);
        for (int pair = 0; pair < 4; pair++) {
            b.send(pair, Frames.udp(Frames.MAC_A, Frames.MAC_B, 2, 1, 1000 + pair, 80, 10), 0, 0);
        }
        l2.poll();
        assertThat(a.received()).hasSize(4);
        for (int pair = 0; pair < 4; pair++) {
            a.send(Frames.udp(Frames.MAC_B, Frames.MAC_A, 1, 2, 80, 1000 + pair, 10));
        }
        l2.poll();
        for (int pair = 0; pair < 4; pair++) {
            assertThat(b.received(pair)).hasSize(1);
        }
        // a pair that is switched off hands its flows to another
        b.port.enable(4, false);
        a.send(Frames.udp(Frames.MAC_B, Frames.MAC_A, 1, 2, 80, 1002, 10));
        l2.poll();
        assertThat(b.received(2)).isEmpty();
        assertThat(b.received(0)).hasSize(1);
    }

    @Test
    void aBrokenQueueStopsAloneAndIsReported() {
        TestGuest a = guest(Frames.MAC_A, 1, PLAIN, 64, 2048);
        TestGuest b = guest(Frames.MAC_B, 1, PLAIN, 64, 2048);
        TestGuest c = guest(Frames.MAC_C, 1, PLAIN, 64, 2048);
        a.driver().transmitq().add(new long[] {0x10}, new int[] {100}, 1, 1);
        a.driver().transmitq().publish();
        l2.poll();
        assertThat(a.violations).hasSize(1);
        l2.poll();
        assertThat(a.violations).hasSize(1);
        b.send(Frames.frame(Frames.MAC_C, Frames.MAC_B, 100, 1));
        l2.poll();
        assertThat(c.received()).hasSize(1);
        // its receive side still works
        assertThat(a.received()).hasSize(1);
    }

    @Test
    void aDisabledQueueIsLeftAlone() {
        TestGuest a = guest(Frames.MAC_A, 1, PLAIN, 64, 2048);
        TestGuest b = guest(Frames.MAC_B, 1, PLAIN, 64, 2048);
        a.port.enable(1, false);
        a.send(Frames.frame(Frames.MAC_B, Frames.MAC_A, 100, 1));
        l2.poll();
        assertThat(b.received()).isEmpty();
        a.port.enable(1, true);
        l2.poll();
        assertThat(b.received()).hasSize(1);
    }

    @Test
    void theDriverIsCalledWhenItAsksAndKicksAreWantedOnlyWhileArmed() {
        TestGuest a = guest(Frames.MAC_A, 1, PLAIN.with(RingFeature.EVENT_IDX), 64, 2048);
        TestGuest b = guest(Frames.MAC_B, 1, PLAIN.with(RingFeature.EVENT_IDX), 64, 2048);
        assertThat(b.driver().receiveq().awaitCalls()).isTrue();
        a.send(Frames.frame(Frames.MAC_B, Frames.MAC_A, 100, 1));
        l2.poll();
        // the call is made in the next idle turn, when the stores before it have drained
        assertThat(b.calls).isZero();
        l2.poll();
        assertThat(b.calls).isEqualTo(1);
        assertThat(l2.arm()).isTrue();
        int slot = a.driver().transmitSlot();
        assertThat(slot).isNotNegative();
        a.driver().send(60);
        assertThat(a.driver().publishTransmit()).isTrue();
        assertThat(l2.arm()).isFalse();
        l2.disarm();
        l2.poll();
        a.driver().send(60);
        assertThat(a.driver().publishTransmit()).isFalse();
        l2.poll();
    }

    @Test
    void aMillionFramesAllocateNothing() {
        TestGuest a = guest(Frames.MAC_A, 1, MERGING, 256, 2048);
        l2.add(new Loopback(pool));
        byte[] frame = Frames.frame(Frames.MAC_B, Frames.MAC_A, 64, 1);
        for (int i = 0; i < 32; i++) {
            a.send(frame);
        }
        forwardInGuest(a, 200_000);
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        long overhead = threads.getCurrentThreadAllocatedBytes() - before;
        before = threads.getCurrentThreadAllocatedBytes();
        long frames = forwardInGuest(a, 120_000);
        long allocated = threads.getCurrentThreadAllocatedBytes() - before - overhead;
        assertThat(frames).isGreaterThan(1_000_000);
        assertThat(allocated).isZero();
        assertThat(a.calls).isZero();
        drain(a);
    }

    /** The guest sends every frame back that it gets; both sides in one thread. */
    private long forwardInGuest(TestGuest guest, int turns) {
        var driver = guest.driver();
        long frames = 0;
        for (int i = 0; i < turns; i++) {
            l2.poll();
            int bytes;
            while ((bytes = driver.receive()) >= 0) {
                while (driver.reclaim()) {
                    // take everything back
                }
                driver.segment()
                        .set(
                                Le.LONG_UNALIGNED,
                                driver.frameOffset(driver.transmitSlot()),
                                driver.segment().get(Le.LONG_UNALIGNED, driver.receivedOffset() + NetHeader.BYTES));
                driver.send(bytes - NetHeader.BYTES);
                driver.recycle();
                frames++;
            }
            driver.publishReceive();
            if (driver.publishTransmit()) {
                throw new IllegalStateException("the device wants a kick though it polls");
            }
        }
        return frames;
    }

    private void drain(TestGuest guest) {
        for (int i = 0; i < 100; i++) {
            l2.poll();
            guest.received();
        }
    }

    private static int numBuffers(byte[] withHeader) {
        return ByteBuffer.wrap(withHeader)
                .order(java.nio.ByteOrder.LITTLE_ENDIAN)
                .getShort((int) NetHeader.NUM_BUFFERS);
    }
}
