package dev.cipu.dataplane.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.dataplane.CounterGroup;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.conformance.Conforms;
import dev.cipu.virtio.driver.DriverQueue;
import dev.cipu.virtio.memory.Le;
import dev.cipu.virtio.net.NetFeature;
import dev.cipu.virtio.ring.SplitLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** What a network device offers as IN_ORDER it keeps, whatever guests send. {@code [virtio-1.4 §2.7.9]} */
class InOrderTest {
    private static final FeatureSet FEATURES =
            FeatureSet.of(RingFeature.VERSION_1, RingFeature.IN_ORDER, NetFeature.MRG_RXBUF);
    private static final int ROUNDS = 3_000;
    private static final int RING = 64;

    /** Follows one ring from outside: each used element must name the head that was made available in its place. */
    private static final class Witness {
        private final DriverQueue ring;
        private final MemorySegment memory;
        private final long avail;
        private final long used;
        private int seen;

        Witness(TestGuest guest, DriverQueue ring) {
            this.ring = ring;
            memory = guest.memory.segment();
            avail = guest.memory.offset(ring.driverAreaAddress());
            used = guest.memory.offset(ring.deviceAreaAddress());
        }

        int look() {
            int index = Short.toUnsignedInt(memory.get(Le.SHORT, used + SplitLayout.INDEX));
            int steps = 0;
            for (; seen != index; seen = (seen + 1) & 0xffff) {
                int at = seen & (ring.size() - 1);
                int head = Short.toUnsignedInt(
                        memory.get(Le.SHORT, avail + SplitLayout.RING + (long) SplitLayout.AVAIL_ENTRY_BYTES * at));
                int done = memory.get(
                        Le.INT_UNALIGNED, used + SplitLayout.RING + (long) SplitLayout.USED_ENTRY_BYTES * at);
                assertThat(done).as("used element %d", seen).isEqualTo(head);
                steps++;
            }
            return steps;
        }
    }

    @Test
    @Conforms("BF-029")
    void everyChainIsUsedInTheOrderInWhichItBecameAvailable() {
        try (Arena arena = Arena.ofShared()) {
            PacketPool pool = new PacketPool(arena, 256, 2048);
            L2Switch l2 = new L2Switch(pool, System::nanoTime, CounterGroup.unlisted(L2Switch.COUNTERS));
            TestGuest a = new TestGuest(arena, pool, Frames.MAC_A, 1, FEATURES, RING, 2048);
            TestGuest b = new TestGuest(arena, pool, Frames.MAC_B, 1, FEATURES, RING, 256);
            l2.add(a.port);
            l2.add(b.port);
            Witness sender = new Witness(a, a.driver().transmitq());
            Witness receiver = new Witness(b, b.driver().receiveq());
            SplittableRandom random = new SplittableRandom(35);
            int sent = 0;
            int got = 0;
            for (int round = 0; round < ROUNDS; round++) {
                for (int i = random.nextInt(20); i > 0 && a.driver().transmitSlot() >= 0; i--) {
                    // frames for one buffer and for several, and some that are too short to be any
                    int bytes = random.nextInt(8) == 0 ? 1 + random.nextInt(13) : 60 + random.nextInt(1400);
                    a.enqueue(Frames.frame(Frames.MAC_B, Frames.MAC_A, Math.max(14, bytes), round), bytes);
                }
                a.driver().publishTransmit();
                l2.poll();
                a.nanos += random.nextInt(3) == 0 ? FromGuest.LAG_NANOS : 0;
                sent += sender.look();
                got += receiver.look();
                a.completed();
                if (random.nextInt(3) > 0) {
                    b.received();
                }
            }
            assertThat(sent).isGreaterThan(ROUNDS);
            assertThat(got).isGreaterThan(ROUNDS);
            assertThat(a.counters.get("tx_dropped_bad")).isPositive();
            assertThat(b.counters.get("rx_dropped_no_buffer")).isPositive();
            assertThat(pool.available()).isEqualTo(pool.capacity());
        }
    }
}
