package dev.cipu.virtio.ring;

import static dev.cipu.virtio.ring.RawRing.INDIRECT;
import static dev.cipu.virtio.ring.RawRing.NEAR;
import static dev.cipu.virtio.ring.RawRing.NEXT;
import static dev.cipu.virtio.ring.RawRing.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.Seed;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Bursts of one-buffer chains: the same ring, the same checks, fewer steps. */
class SingleChainsTest {
    private static final int SIZE = 16;

    private final RawRing ring = new RawRing(SIZE);
    private final SingleChains burst = new SingleChains(SIZE);
    private final Chain chain = new Chain();

    private void buffers(int flags) {
        for (int i = 0; i < SIZE; i++) {
            ring.descriptor(i, NEAR + 32L * i, 32, flags, 0);
        }
    }

    @Test
    void aBurstIsTakenAndReturnedInOrder() {
        buffers(WRITE);
        SplitQueue queue = ring.device();
        for (int i = 0; i < 6; i++) {
            ring.offer(5 - i);
        }
        assertThat(queue.popSingles(burst, 4, true)).isEqualTo(4);
        assertThat(queue.hasSeen()).isTrue();
        for (int i = 0; i < 4; i++) {
            assertThat(burst.address(i)).isEqualTo(ring.host(NEAR + 32L * (5 - i)));
            assertThat(burst.length(i)).isEqualTo(32);
            burst.written(i, 10 + i);
        }
        queue.pushSingles(burst, 4);
        queue.publish();
        assertThat(ring.usedIndex()).isEqualTo(4);
        for (int i = 0; i < 4; i++) {
            assertThat(ring.usedId(i)).isEqualTo(5 - i);
            assertThat(ring.usedLength(i)).isEqualTo(10 + i);
        }
        assertThat(queue.popSingles(burst, SIZE, true)).isEqualTo(2);
        assertThat(queue.hasSeen()).isFalse();
        assertThat(queue.popSingles(burst, SIZE, true)).isZero();
    }

    @Test
    void aBurstEndsBeforeAChainOfAnotherKind() {
        int[] flags = {NEXT, WRITE, INDIRECT, NEXT | INDIRECT, 0};
        for (int kind : flags) {
            RawRing other = new RawRing(SIZE);
            other.descriptor(0, NEAR, 32, 0, 0);
            other.descriptor(1, NEAR, 32, kind, 2);
            other.descriptor(2, NEAR, 32, 0, 0);
            SplitQueue queue = other.device();
            other.offer(0);
            other.offer(1);
            assertThat(queue.popSingles(burst, SIZE, false)).isEqualTo(kind == 0 ? 2 : 1);
            assertThat(queue.hasSeen()).isEqualTo(kind != 0);
        }
    }

    @Test
    void whatBreaksARuleIsLeftToPop() {
        buffers(0);
        SplitQueue queue = ring.device();
        ring.offer(3);
        ring.offer(3);
        assertThat(queue.popSingles(burst, SIZE, false)).isEqualTo(1);
        assertThatThrownBy(() -> queue.pop(chain))
                .isInstanceOfSatisfying(
                        VirtqueueViolation.class, e -> assertThat(e.kind()).isEqualTo(Violation.HEAD_IN_FLIGHT));
        assertThat(queue.popSingles(burst, SIZE, false)).isZero();
        assertThat(queue.isBroken()).isTrue();
    }

    @Test
    void anAddressOutsideEveryRegionIsNeverTaken() {
        long[] addresses = {0x10, RawRing.HOLE - 1, RawRing.HOLE, -1L, -32L, Long.MAX_VALUE, Long.MIN_VALUE};
        for (long address : addresses) {
            RawRing other = new RawRing(SIZE);
            other.descriptor(0, NEAR, 32, 0, 0);
            other.descriptor(1, address, 32, 0, 0);
            other.descriptor(2, NEAR, -1, 0, 0);
            SplitQueue queue = other.device();
            other.offer(0);
            other.offer(2);
            assertThat(queue.popSingles(burst, SIZE, false)).isEqualTo(1);
            queue.pushSingles(burst, 1);
            SplitQueue second = other.builder().position(other.availIndex()).buildSplit();
            other.offer(1);
            int taken = second.popSingles(burst, SIZE, false);
            for (int i = 0; i < taken; i++) {
                assertThat(RawRing.lies(other.memory(), burst.address(i), burst.length(i)))
                        .isTrue();
            }
        }
    }

    @Test
    void aJumpOfTheIndexBreaksTheQueue() {
        buffers(0);
        SplitQueue queue = ring.device();
        ring.availIndex(SIZE + 1);
        assertThatThrownBy(() -> queue.popSingles(burst, SIZE, false)).isInstanceOf(VirtqueueViolation.class);
    }

    @Test
    void whatIsPutBackComesAgain() {
        buffers(WRITE);
        SplitQueue queue = ring.device();
        for (int i = 0; i < 5; i++) {
            ring.offer(i);
        }
        assertThat(queue.popSingles(burst, SIZE, true)).isEqualTo(5);
        queue.pushSingles(burst, 2);
        queue.unpopSingles(burst, 2, 5);
        assertThat(queue.position()).isEqualTo(2);
        assertThat(queue.pop(chain)).isTrue();
        assertThat(chain.head()).isEqualTo(2);
        assertThat(queue.popSingles(burst, SIZE, true)).isEqualTo(2);
        assertThat(burst.address(0)).isEqualTo(ring.host(NEAR + 32L * 3));
    }

    @Test
    void returningWhatIsNotInFlightIsOurOwnBug() {
        buffers(0);
        SplitQueue queue = ring.device();
        ring.offer(0);
        assertThat(queue.popSingles(burst, SIZE, false)).isEqualTo(1);
        queue.pushSingles(burst, 1);
        assertThatThrownBy(() -> queue.pushSingles(burst, 1)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void theCallFollowsTheReleaseAndCoversAllOfIt() {
        int[] raised = {0};
        buffers(0);
        SplitQueue queue =
                ring.builder(RingFeature.EVENT_IDX).interrupt(() -> raised[0]++).buildSplit();
        ring.usedEvent(0);
        for (int round = 0; round < 3; round++) {
            ring.offer(round);
            queue.popSingles(burst, 1, false);
            queue.pushSingles(burst, 1);
            queue.release();
            assertThat(ring.usedIndex()).isEqualTo(round + 1);
        }
        assertThat(raised[0]).isZero();
        assertThat(queue.call()).isTrue();
        assertThat(queue.call()).isFalse();
        assertThat(raised[0]).isEqualTo(1);
    }

    @Test
    void burstsAndSingleStepsMixOverManyWraps() {
        long seed = Seed.get();
        Random random = new Random(seed);
        buffers(WRITE);
        SplitQueue queue = ring.device();
        boolean[] held = new boolean[SIZE];
        int used = 0;
        for (int round = 0; round < 100_000; round++) {
            int offers = random.nextInt(SIZE) + 1;
            int offered = 0;
            for (int head = 0; head < SIZE && offered < offers; head++) {
                if (!held[head]) {
                    held[head] = true;
                    ring.offer(head);
                    offered++;
                }
            }
            while (queue.available() > 0) {
                if (random.nextBoolean()) {
                    int n = queue.popSingles(burst, random.nextInt(SIZE) + 1, true);
                    int kept = random.nextInt(n + 1);
                    queue.unpopSingles(burst, kept, n);
                    queue.pushSingles(burst, kept);
                } else if (queue.pop(chain)) {
                    queue.push(chain.head(), 0);
                }
            }
            queue.publish();
            for (; used != ring.usedIndex(); used = SplitLayout.wrap(used + 1)) {
                int head = ring.usedId(used & (SIZE - 1));
                assertThat(held[head]).as(Seed.text(seed)).isTrue();
                held[head] = false;
            }
            assertThat(held).as(Seed.text(seed)).containsOnly(false);
        }
    }
}
