package dev.cipu.virtio.ring;

import static dev.cipu.virtio.ring.PackedRawRing.NEXT;
import static dev.cipu.virtio.ring.PackedRawRing.WRITE;
import static dev.cipu.virtio.ring.RawRing.NEAR;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A driver that gives several chains of a packed ring one buffer id: no request is answered twice. */
class HostilePackedIdsTest {
    private static final int SIZE = 8;
    private static final int ID = 5;

    private final PackedRawRing ring = new PackedRawRing(SIZE);
    private final PackedQueue queue = ring.device();
    private final Chain chain = new Chain();
    private final SingleChains burst = new SingleChains(SIZE);

    private void assertRejected() {
        assertThatThrownBy(() -> queue.pop(chain))
                .isInstanceOfSatisfying(
                        VirtqueueViolation.class, e -> assertThat(e.kind()).isEqualTo(Violation.HEAD_IN_FLIGHT));
    }

    private int usedElements() {
        int count = 0;
        for (int i = 0; i < SIZE; i++) {
            count += ring.isUsed(i, true) ? 1 : 0;
        }
        return count;
    }

    private void assertAnsweredOnce() {
        queue.push(ID, 16);
        queue.publish();
        assertThat(ring.isUsed(0, true)).isTrue();
        assertThat(ring.idOf(0)).isEqualTo(ID);
        assertThat(usedElements()).isEqualTo(1);
        assertThatThrownBy(() -> queue.push(ID, 16)).isInstanceOf(IllegalStateException.class);
        queue.publish();
        assertThat(usedElements()).isEqualTo(1);
    }

    @Test
    void line22_aBurstOfOneIdIsTakenOnce() {
        for (int i = 0; i < SIZE; i++) {
            ring.offer(NEAR, 16, ID, WRITE);
        }
        assertThat(queue.popSingles(burst, SIZE, true)).isEqualTo(1);
        assertRejected();
        assertThat(queue.popSingles(burst, SIZE, true)).isZero();
        assertAnsweredOnce();
    }

    /** A burst whose ids follow each other is kept as one. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void line22_anIdOfABurstThatIsOutIsInFlight(int again) {
        for (int i = 0; i < 3; i++) {
            ring.offer(NEAR, 16, i, WRITE);
        }
        assertThat(queue.popSingles(burst, SIZE, true)).isEqualTo(3);
        ring.offer(NEAR, 16, again, WRITE);
        assertRejected();
        queue.pushSingles(burst, 3);
        queue.publish();
        for (int i = 0; i < 3; i++) {
            assertThat(ring.isUsed(i, true)).isTrue();
            assertThat(ring.idOf(i)).isEqualTo(i);
        }
    }

    /** Only the last descriptor of a chain has its id. */
    @ParameterizedTest
    @ValueSource(ints = {0, 3, ID})
    void line22_anIdThatAChainEndsWithCountsWhateverItBeganWith(int first) {
        ring.offer(NEAR, 16, ID, WRITE);
        ring.offer(NEAR, 16, first, NEXT | WRITE);
        ring.offer(NEAR, 16, ID, WRITE);
        assertThat(queue.pop(chain)).isTrue();
        assertRejected();
        assertAnsweredOnce();
    }

    /** The driver takes an id back before it is told that it may: either chain has an element of its own. */
    @Test
    void line22_anIdGivenAgainBeforeItsElementShowsIsAnotherChain() {
        ring.offer(NEAR, 16, ID, WRITE);
        assertThat(queue.pop(chain)).isTrue();
        queue.push(ID, 16);
        ring.offer(NEAR, 16, ID, WRITE);
        assertThat(queue.pop(chain)).isTrue();
        queue.publish();
        assertThat(usedElements()).isEqualTo(1);
        queue.push(ID, 7);
        queue.publish();
        assertThat(usedElements()).isEqualTo(2);
        assertThat(ring.lengthOf(0)).isEqualTo(16);
        assertThat(ring.lengthOf(1)).isEqualTo(7);
        assertThatThrownBy(() -> queue.push(ID, 7)).isInstanceOf(IllegalStateException.class);
    }
}
