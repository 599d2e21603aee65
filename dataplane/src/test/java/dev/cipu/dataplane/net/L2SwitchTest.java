package dev.cipu.dataplane.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.dataplane.CounterGroup;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class L2SwitchTest {
    private final Arena arena = Arena.ofConfined();
    private final PacketPool pool = new PacketPool(arena, 128, 2048);
    private long now = 1;
    private final CounterGroup counters = CounterGroup.unlisted(L2Switch.COUNTERS);
    private final L2Switch l2 = new L2Switch(pool, () -> now, counters);
    private final FakePort a = new FakePort();
    private final FakePort b = new FakePort();
    private final FakePort c = new FakePort();

    @BeforeEach
    void plugIn() {
        l2.add(a);
        l2.add(b);
        l2.add(c);
    }

    @AfterEach
    void noSlotIsLost() {
        assertThat(pool.available()).isEqualTo(pool.capacity());
        arena.close();
    }

    @Test
    void floodsTheUnknownAndLearnsTheSender() {
        a.arrives(Frames.frame(Frames.MAC_B, Frames.MAC_A, 60, 1));
        assertThat(l2.poll()).isEqualTo(1);
        assertThat(b.sent).hasSize(1);
        assertThat(c.sent).hasSize(1);
        assertThat(a.sent).isEmpty();

        b.arrives(Frames.frame(Frames.MAC_A, Frames.MAC_B, 60, 2));
        l2.poll();
        assertThat(a.sent).containsExactly(Frames.frame(Frames.MAC_A, Frames.MAC_B, 60, 2));
        assertThat(c.sent).hasSize(1);
        assertThat(counters.get("flooded")).isEqualTo(1);
        assertThat(counters.get("forwarded")).isEqualTo(1);
    }

    @Test
    void keepsTheOrderOfABurstThatScatters() {
        learnAll();
        List<byte[]> toB = new ArrayList<>();
        List<byte[]> toC = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            byte[] frame = Frames.frame(i % 3 == 0 ? Frames.MAC_C : Frames.MAC_B, Frames.MAC_A, 60 + i, i);
            (i % 3 == 0 ? toC : toB).add(frame);
            a.arrives(frame);
        }
        l2.poll();
        assertThat(b.sent).containsExactlyElementsOf(toB);
        assertThat(c.sent).containsExactlyElementsOf(toC);
    }

    @Test
    void broadcastReachesAllOthers() {
        learnAll();
        b.arrives(Frames.frame(Frames.BROADCAST, Frames.MAC_B, 60, 3));
        l2.poll();
        assertThat(a.sent).hasSize(1);
        assertThat(c.sent).hasSize(1);
        assertThat(b.sent).isEmpty();
    }

    @Test
    void anAddressThatMovesIsFollowedByPortsThatRememberIt() {
        learnAll();
        a.arrives(Frames.frame(Frames.MAC_B, Frames.MAC_A, 60, 4));
        l2.poll();
        assertThat(b.sent).hasSize(1);
        // B migrates behind port c
        c.arrives(Frames.frame(Frames.MAC_A, Frames.MAC_B, 60, 5));
        l2.poll();
        a.arrives(Frames.frame(Frames.MAC_B, Frames.MAC_A, 60, 6));
        l2.poll();
        assertThat(b.sent).hasSize(1);
        assertThat(c.sent).containsExactly(Frames.frame(Frames.MAC_B, Frames.MAC_A, 60, 6));
    }

    @Test
    void aSilentAddressIsForgottenAfterFiveMinutes() {
        learnAll();
        now += 299_000_000_000L;
        idle();
        a.arrives(Frames.frame(Frames.MAC_B, Frames.MAC_A, 60, 7));
        l2.poll();
        assertThat(c.sent).isEmpty();
        now += 2_000_000_000L;
        idle();
        a.arrives(Frames.frame(Frames.MAC_B, Frames.MAC_A, 60, 8));
        l2.poll();
        assertThat(c.sent).hasSize(1);
    }

    @Test
    void aFrameForItsOwnPortIsDropped() {
        learnAll();
        a.arrives(Frames.frame(Frames.MAC_A, Frames.MAC_C, 60, 9));
        a.arrives(Frames.frame(Frames.MAC_A, Frames.MAC_A, 60, 9));
        l2.poll();
        assertThat(b.sent).isEmpty();
        assertThat(c.sent).isEmpty();
        assertThat(counters.get("hairpin")).isEqualTo(2);
    }

    @Test
    void aGroupAddressAsSourceIsDropped() {
        a.arrives(Frames.frame(Frames.MAC_B, Frames.BROADCAST, 60, 10));
        l2.poll();
        assertThat(b.sent).isEmpty();
        assertThat(counters.get("bad_source")).isEqualTo(1);
    }

    @Test
    void anAddressBoundToAPortCannotBeTakenByANeighbour() {
        FakePort d = new FakePort();
        byte[] mac = {0x02, 0, 0, 0, 0, 0x0d};
        l2.add(d, mac);
        c.arrives(Frames.frame(Frames.MAC_A, mac, 60, 11));
        l2.poll();
        assertThat(counters.get("spoofed")).isEqualTo(1);
        a.arrives(Frames.frame(mac, Frames.MAC_A, 60, 12));
        l2.poll();
        assertThat(d.sent).containsExactly(Frames.frame(mac, Frames.MAC_A, 60, 12));
        assertThat(c.sent).isEmpty();
    }

    @Test
    void aPortThatMakesUpAddressesLeavesRoomForOthers() {
        for (int i = 0; i < 5000; i++) {
            byte[] mac = {0x06, 0, 0, 0, (byte) (i >> 8), (byte) i};
            a.arrives(Frames.frame(Frames.MAC_B, mac, 60, i));
            l2.poll();
        }
        assertThat(counters.get("unlearned")).isPositive();
        a.sent.clear();
        learnAll();
        c.arrives(Frames.frame(Frames.MAC_B, Frames.MAC_C, 60, 13));
        l2.poll();
        assertThat(b.sent).endsWith(Frames.frame(Frames.MAC_B, Frames.MAC_C, 60, 13));
        assertThat(a.sent).isEmpty();
    }

    @Test
    void aPulledPortTakesItsAddressesAlong() {
        learnAll();
        l2.remove(b);
        a.arrives(Frames.frame(Frames.MAC_C, Frames.MAC_A, 60, 14));
        l2.poll();
        assertThat(c.sent).containsExactly(Frames.frame(Frames.MAC_C, Frames.MAC_A, 60, 14));
        a.arrives(Frames.frame(Frames.MAC_B, Frames.MAC_A, 60, 15));
        l2.poll();
        assertThat(b.sent).isEmpty();
        assertThat(c.sent).hasSize(2);
    }

    @Test
    void theLoopbackSendsFramesBackUnchangedAndTeachesNothing() {
        l2.remove(b);
        l2.remove(c);
        Loopback loopback = new Loopback(pool);
        l2.add(loopback);
        for (int i = 0; i < 3; i++) {
            a.arrives(Frames.frame(Frames.MAC_B, Frames.MAC_A, 60 + i, i));
        }
        l2.poll();
        l2.poll();
        assertThat(a.sent)
                .containsExactly(
                        Frames.frame(Frames.MAC_B, Frames.MAC_A, 60, 0),
                        Frames.frame(Frames.MAC_B, Frames.MAC_A, 61, 1),
                        Frames.frame(Frames.MAC_B, Frames.MAC_A, 62, 2));
        assertThat(loopback.dropped()).isZero();
    }

    @Test
    void sleepsOnlyWhenEveryPortMay() {
        assertThat(l2.arm()).isTrue();
        b.arrives(Frames.frame(Frames.MAC_A, Frames.MAC_B, 60, 1));
        assertThat(l2.arm()).isFalse();
        l2.poll();
        assertThat(l2.arm()).isTrue();
    }

    private void learnAll() {
        a.arrives(Frames.frame(Frames.BROADCAST, Frames.MAC_A, 60, 0));
        b.arrives(Frames.frame(Frames.BROADCAST, Frames.MAC_B, 60, 0));
        c.arrives(Frames.frame(Frames.BROADCAST, Frames.MAC_C, 60, 0));
        l2.poll();
        a.sent.clear();
        b.sent.clear();
        c.sent.clear();
    }

    private void idle() {
        for (int i = 0; i < 5000; i++) {
            l2.poll();
        }
    }

    /** A port whose far end is a list. */
    private final class FakePort implements Port {
        final List<byte[]> waiting = new ArrayList<>();
        final List<byte[]> sent = new ArrayList<>();

        void arrives(byte[] frame) {
            waiting.add(frame);
        }

        @Override
        public int receive(Burst burst) {
            int n = 0;
            while (!waiting.isEmpty() && burst.room() > 0) {
                byte[] frame = waiting.remove(0);
                int slot = pool.take();
                MemorySegment.copy(frame, 0, pool.slab(), ValueLayout.JAVA_BYTE, pool.frameOffset(slot), frame.length);
                burst.add(slot, frame.length, Offload.NONE);
                n++;
            }
            return n;
        }

        @Override
        public void transmit(Burst burst) {
            for (int i = 0; i < burst.count(); i++) {
                sent.add(pool.slab()
                        .asSlice(pool.frameOffset(burst.slot(i)), burst.length(i))
                        .toArray(ValueLayout.JAVA_BYTE));
            }
        }

        @Override
        public boolean arm() {
            return waiting.isEmpty();
        }

        @Override
        public void disarm() {}
    }
}
