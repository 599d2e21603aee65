package dev.cipu.dataplane.net;

import static dev.cipu.virtio.net.control.NetControlLayout.ERR;
import static dev.cipu.virtio.net.control.NetControlLayout.OK;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.dataplane.CounterGroup;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.conformance.Conforms;
import dev.cipu.virtio.driver.DriverQueue;
import dev.cipu.virtio.driver.NetControl;
import dev.cipu.virtio.net.NetFeature;
import dev.cipu.virtio.net.control.NetControlLayout;
import java.lang.foreign.Arena;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** When a driver that lets its calls wait is called. The port's clock moves 20 ns with each reading. */
class CoalescingTest {
    private static final FeatureSet FEATURES = FeatureSet.of(
            RingFeature.VERSION_1, NetFeature.MAC, NetFeature.CTRL_VQ, NetFeature.NOTF_COAL, NetFeature.VQ_NOTF_COAL);
    private static final long MICRO = 1_000;

    private final Arena arena = Arena.ofShared();
    private final PacketPool pool = new PacketPool(arena, 256, 2048);
    private final L2Switch l2 = new L2Switch(pool, System::nanoTime, CounterGroup.unlisted(L2Switch.COUNTERS));
    private final TestGuest a = guest(Frames.MAC_A, FeatureSet.of(RingFeature.VERSION_1));
    private final TestGuest b = guest(Frames.MAC_B, FEATURES);
    private final NetControl control = b.control(l2::poll);

    private TestGuest guest(byte[] mac, FeatureSet features) {
        TestGuest guest = new TestGuest(arena, pool, mac, 1, features, 64, 2048);
        l2.add(guest.port);
        return guest;
    }

    @AfterEach
    void end() {
        arena.close();
    }

    /** Sends frames to {@code b}, whose driver wants calls; how often it was called in the turns after. */
    private int callsAfter(int frames) {
        for (int i = 0; i < frames; i++) {
            a.enqueue(Frames.frame(Frames.MAC_B, Frames.MAC_A, 100, i));
        }
        a.driver().publishTransmit();
        return callsInTurns();
    }

    private int callsInTurns() {
        b.calls = 0;
        for (int i = 0; i < 5; i++) {
            l2.poll();
        }
        a.completed();
        b.received();
        return b.calls;
    }

    private void wantCalls() {
        control.ring().suppressCalls();
        b.driver().receiveq().awaitCalls();
    }

    @Test
    @Conforms({"NT-105", "NT-107"})
    void withoutParametersEachBurstCalls() {
        wantCalls();
        assertThat(callsAfter(1)).isEqualTo(1);
        control.coalesce(NetControlLayout.COAL_RX_SET, 10, 0);
        assertThat(callsAfter(1)).isEqualTo(1);
        control.coalesce(NetControlLayout.COAL_RX_SET, 0, 10);
        assertThat(callsAfter(1)).isEqualTo(1);
    }

    @Test
    void aCallWaitsForPacketsOrForTime() {
        wantCalls();
        assertThat(control.coalesce(NetControlLayout.COAL_RX_SET, 4, 100)).isEqualTo(OK);
        assertThat(callsAfter(3)).isZero();
        assertThat(callsAfter(1)).as("the fourth").isEqualTo(1);
        assertThat(callsAfter(1)).isZero();
        assertThat(l2.arm()).as("somebody has to watch the time").isFalse();
        b.nanos += 100 * MICRO;
        assertThat(callsInTurns()).as("after 100 us").isEqualTo(1);
        assertThat(callsInTurns()).isZero();
        assertThat(l2.arm()).isTrue();
    }

    @Test
    void newParametersAreLookedAtAtOnce() {
        wantCalls();
        control.coalesce(NetControlLayout.COAL_RX_SET, 15, 1000);
        assertThat(callsAfter(10)).isZero();
        b.calls = 0;
        assertThat(control.coalesce(NetControlLayout.COAL_RX_SET, 8, 1000)).isEqualTo(OK);
        assertThat(b.calls + callsInTurns()).isEqualTo(1);
    }

    @Test
    @Conforms("NT-106")
    void aDriverThatWantsNoCallsGetsNone() {
        control.ring().suppressCalls();
        b.driver().receiveq().suppressCalls();
        control.coalesce(NetControlLayout.COAL_RX_SET, 2, 10);
        assertThat(callsAfter(5)).isZero();
        b.nanos += 10 * MICRO;
        assertThat(callsInTurns()).isZero();
    }

    @Test
    void transmitqsHaveTheirOwn() {
        control.ring().suppressCalls();
        DriverQueue transmitq = b.driver().transmitq();
        control.coalesce(NetControlLayout.COAL_TX_SET, 3, 1000);
        transmitq.awaitCalls();
        for (int i = 1; i <= 3; i++) {
            b.send(Frames.frame(Frames.MAC_A, Frames.MAC_B, 100, i));
            assertThat(callsInTurns()).isEqualTo(i / 3);
        }
        a.received();
    }

    @Test
    @Conforms({"NT-102", "NT-103", "NT-104"})
    void aQueueThatIsAttachedAgainHasTheParametersOfAll() {
        assertThat(control.coalesce(NetControlLayout.COAL_RX_SET, 4, 5)).isEqualTo(OK);
        assertThat(control.coalesceQueue(0, 6, 7)).isEqualTo(OK);
        assertThat(control.coalesceQueue(1, 8, 9)).isEqualTo(OK);
        assertThat(control.coalesceQueue(2, 8, 9)).as("the control queue").isEqualTo(ERR);
        assertThat(control.coalescingOf(0)).isEqualTo(OK);
        assertThat(control.reply()).isEqualTo(7L << 32 | 6);
        b.port.enable(0, false);
        assertThat(control.coalescingOf(0)).as("a queue that is off").isEqualTo(ERR);
        for (int queue = 0; queue < 2; queue++) {
            DriverQueue ring = queue == 0 ? b.driver().receiveq() : b.driver().transmitq();
            b.port.detach(queue);
            b.port.attach(queue, b.queue(b.memory.asGuestMemory(), ring, FEATURES), b);
            b.port.enable(queue, true);
        }
        assertThat(control.coalescingOf(0)).isEqualTo(OK);
        assertThat(control.reply()).isEqualTo(5L << 32 | 4);
        assertThat(control.coalescingOf(1)).isEqualTo(OK);
        assertThat(control.reply()).isZero();
    }

    @Test
    void aQueueThatStopsCallsForWhatWaited() {
        wantCalls();
        control.coalesce(NetControlLayout.COAL_RX_SET, 100, 1000);
        assertThat(callsAfter(3)).isZero();
        b.port.enable(0, false);
        assertThat(b.calls).isEqualTo(1);
    }
}
