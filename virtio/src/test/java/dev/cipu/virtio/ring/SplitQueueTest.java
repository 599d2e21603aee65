package dev.cipu.virtio.ring;

import static dev.cipu.virtio.ring.RawRing.NEAR;
import static dev.cipu.virtio.ring.RawRing.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.virtio.conformance.Conforms;
import dev.cipu.virtio.memory.GuestMemory;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the device's half does besides judging chains: publication, giving back, going on where another stopped. */
class SplitQueueTest {
    private static final int SIZE = 8;

    private final RawRing ring = new RawRing(SIZE);
    private final Chain chain = new Chain();

    @BeforeEach
    void descriptors() {
        for (int i = 0; i < SIZE; i++) {
            ring.descriptor(i, NEAR + 16L * i, 16, WRITE, 0);
        }
    }

    private int popHead(SplitQueue queue) {
        assertThat(queue.pop(chain)).isTrue();
        return chain.head();
    }

    @Test
    @Conforms("SR-014")
    void usedElementsShowOnlyAfterPublish() {
        SplitQueue queue = ring.device();
        for (int i = 0; i < 5; i++) {
            ring.offer(i);
        }
        for (int i = 0; i < 5; i++) {
            assertThat(popHead(queue)).isEqualTo(i);
        }
        for (int i = 4; i >= 0; i--) {
            queue.push(i, 10 + i);
            assertThat(ring.usedIndex()).as("before publish").isZero();
        }
        queue.publish();
        assertThat(ring.usedIndex()).isEqualTo(5);
        for (int i = 0; i < 5; i++) {
            assertThat(ring.usedId(i)).isEqualTo(4 - i);
            assertThat(ring.usedLength(i)).isEqualTo(14 - i);
        }
    }

    @Test
    void publishOfNothingDoesNothing() {
        int[] raised = {0};
        SplitQueue queue = ring.builder().interrupt(() -> raised[0]++).buildSplit();
        assertThat(queue.publish()).isFalse();
        assertThat(raised[0]).isZero();
    }

    @Test
    void oneInterruptForABurst() {
        int[] raised = {0};
        SplitQueue queue = ring.builder().interrupt(() -> raised[0]++).buildSplit();
        for (int i = 0; i < 6; i++) {
            ring.offer(i);
        }
        for (int i = 0; i < 6; i++) {
            queue.push(popHead(queue), 0);
        }
        assertThat(queue.publish()).isTrue();
        assertThat(queue.publish()).isFalse();
        assertThat(raised[0]).isEqualTo(1);
    }

    @Test
    void pushOfAChainThatIsNotInFlightIsOurOwnBug() {
        SplitQueue queue = ring.device();
        assertThatThrownBy(() -> queue.push(0, 0)).isInstanceOf(IllegalStateException.class);
        ring.offer(0);
        queue.push(popHead(queue), 0);
        assertThatThrownBy(() -> queue.push(0, 0)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void unpoppedChainsComeAgainInOrder() {
        SplitQueue queue = ring.device();
        Chain second = new Chain();
        ring.offer(5);
        ring.offer(6);
        assertThat(queue.pop(chain)).isTrue();
        assertThat(queue.pop(second)).isTrue();
        queue.unpop(second);
        queue.unpop(chain);
        assertThat(queue.position()).isZero();
        assertThat(queue.available()).isPositive();
        assertThat(popHead(queue)).isEqualTo(5);
        assertThat(popHead(queue)).isEqualTo(6);
        assertThat(queue.pop(chain)).isFalse();
    }

    @Test
    void unpopAcrossTheWrap() {
        ring.availIndex(0xffff);
        SplitQueue queue = ring.builder().position(0xffff).buildSplit();
        ring.offer(1);
        assertThat(popHead(queue)).isEqualTo(1);
        assertThat(queue.position()).isZero();
        queue.unpop(chain);
        assertThat(queue.position()).isEqualTo(0xffff);
        assertThat(popHead(queue)).isEqualTo(1);
    }

    @Test
    void unpopOfAChainThatIsNotInFlightIsOurOwnBug() {
        SplitQueue queue = ring.device();
        ring.offer(1);
        queue.push(popHead(queue), 0);
        assertThatThrownBy(() -> queue.unpop(chain)).isInstanceOf(IllegalStateException.class);
        assertThat(queue.position()).isEqualTo(1);
    }

    @Test
    void successorGoesOnWhereItsPredecessorStopped() {
        SplitQueue first = ring.device();
        ring.offer(0);
        ring.offer(1);
        first.push(popHead(first), 4);
        first.publish();
        SplitQueue second = ring.builder().position(first.position()).buildSplit();
        assertThat(second.position()).isEqualTo(1);
        second.push(popHead(second), 5);
        second.publish();
        assertThat(ring.usedIndex()).isEqualTo(2);
        assertThat(ring.usedId(1)).isEqualTo(1);
        assertThat(ring.usedLength(1)).isEqualTo(5);
    }

    @Test
    void inflightLogIsCalledInOrder() {
        InflightCalls log = new InflightCalls();
        SplitQueue queue = ring.builder().inflight(log).buildSplit();
        ring.offer(3);
        ring.offer(1);
        popHead(queue);
        popHead(queue);
        queue.push(1, 0);
        queue.push(3, 0);
        queue.publish();
        queue.publish();
        assertThat(log.calls).containsExactly("taken 3", "taken 1", "completing 1", "completing 3", "published 2");
        assertThatThrownBy(() -> queue.unpop(chain)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void inflightLogHearsOfAPublicationWhenTheDriverCanSeeIt() {
        int[] visible = {-1, -1};
        SplitQueue queue = ring.builder()
                .inflight(new InflightLog() {
                    @Override
                    public void taken(int head) {}

                    @Override
                    public void completing(int head) {
                        visible[0] = ring.usedLength(0);
                    }

                    @Override
                    public void published(int usedIndex) {
                        visible[1] = ring.usedIndex();
                    }
                })
                .buildSplit();
        ring.offer(3);
        queue.push(popHead(queue), 7);
        queue.publish();
        assertThat(visible[0]).as("used element while completing").isZero();
        assertThat(visible[1]).as("used index once published").isEqualTo(1);
    }

    @Test
    void brokenChainIsNotRecordedAsTaken() {
        InflightCalls log = new InflightCalls();
        SplitQueue queue = ring.builder().inflight(log).buildSplit();
        ring.descriptor(2, 0xdead_beef_0000L, 1, 0, 0);
        ring.offer(2);
        assertThatThrownBy(() -> queue.pop(chain)).isInstanceOf(VirtqueueViolation.class);
        assertThat(log.calls).isEmpty();
        assertThat(queue.position()).isZero();
    }

    @Test
    void resubmittedHeadsComeFirstAndOnce() {
        InflightCalls log = new InflightCalls();
        ring.availIndex(9);
        SplitQueue queue =
                ring.builder().position(9).inflight(log).resubmit(6, 2).buildSplit();
        ring.offer(4);
        assertThat(queue.available()).isPositive();
        assertThat(queue.awaitKicks()).isFalse();
        assertThat(popHead(queue)).isEqualTo(6);
        assertThat(popHead(queue)).isEqualTo(2);
        assertThat(queue.position()).as("taken by the predecessor already").isEqualTo(9);
        assertThat(log.calls).isEmpty();
        assertThat(popHead(queue)).isEqualTo(4);
        assertThat(queue.position()).isEqualTo(10);
        assertThat(log.calls).containsExactly("taken 4");
        assertThat(queue.pop(chain)).isFalse();
        queue.push(2, 0);
        queue.push(4, 0);
        queue.push(6, 0);
        queue.publish();
        assertThat(ring.usedIndex()).isEqualTo(3);
    }

    @Test
    void whatIsLeftUndoneBeginsWithTheOldest() {
        assertThat(HeadOrder.fromOldest(new int[] {0, 1, 2, 6, 7}, 8)).containsExactly(6, 7, 0, 1, 2);
        assertThat(HeadOrder.fromOldest(new int[] {3, 4, 5}, 8)).containsExactly(3, 4, 5);
        assertThat(HeadOrder.fromOldest(new int[] {5}, 8)).containsExactly(5);
        assertThat(HeadOrder.fromOldest(new int[] {}, 8)).isEmpty();
    }

    @Test
    void aSuccessorAnswersWhatAStoppedQueueLeftUndone() {
        ring.availIndex(9);
        SplitQueue queue = ring.builder().position(9).resubmit(6, 2).buildSplit();
        ring.offer(4);
        ring.offer(5);
        assertThat(queue.unanswered()).containsExactly(6, 2);
        assertThat(popHead(queue)).isEqualTo(6);
        assertThat(popHead(queue)).isEqualTo(2);
        assertThat(popHead(queue)).isEqualTo(4);
        assertThat(popHead(queue)).isEqualTo(5);
        queue.push(6, 0);
        queue.push(4, 0);
        queue.release();
        assertThat(queue.unanswered()).containsExactly(2, 5);
        SplitQueue next = ring.builder()
                .position(queue.position())
                .resubmit(queue.unanswered())
                .buildSplit();
        assertThat(popHead(next)).isEqualTo(2);
        assertThat(popHead(next)).isEqualTo(5);
        assertThat(next.pop(chain)).isFalse();
        next.push(2, 0);
        next.push(5, 0);
        next.release();
        assertThat(ring.usedIndex()).isEqualTo(4);
        assertThat(next.unanswered()).isEmpty();
    }

    @Test
    void corruptedResubmissionsBreakTheQueue() {
        for (int[] heads : List.of(new int[] {SIZE}, new int[] {-1}, new int[] {1, 1})) {
            SplitQueue queue =
                    ring.builder().inflight(new InflightCalls()).resubmit(heads).buildSplit();
            assertThatThrownBy(() -> {
                        while (queue.pop(chain)) {
                            Thread.onSpinWait();
                        }
                    })
                    .isInstanceOf(VirtqueueViolation.class);
            assertThat(queue.isBroken()).isTrue();
            assertThat(queue.pop(chain)).isFalse();
        }
    }

    @Test
    void replacedMemoryServesTheNextChainAndLeavesPoppedOnesAlone() {
        SplitQueue queue = ring.device();
        RawRing other = new RawRing(SIZE);
        ring.offer(0);
        ring.offer(1);
        ring.offer(2);
        Chain before = new Chain();
        assertThat(queue.pop(before)).isTrue();
        queue.replaceMemory(other.memory());
        assertThat(queue.pop(chain)).isTrue();
        assertThat(RawRing.lies(ring.memory(), before.address(0), before.length(0)))
                .isTrue();
        assertThat(RawRing.lies(other.memory(), chain.address(0), chain.length(0)))
                .isTrue();
        queue.replaceMemory(GuestMemory.EMPTY);
        assertThatThrownBy(() -> queue.pop(chain))
                .isInstanceOfSatisfying(
                        VirtqueueViolation.class, e -> assertThat(e.kind()).isEqualTo(Violation.ADDRESS_UNMAPPED));
    }

    @Test
    void lastAvailCountsPoppedChainsOnly() {
        ring.availIndex(0xfffe);
        SplitQueue queue = ring.builder().position(0xfffe).buildSplit();
        for (int i = 0; i < 4; i++) {
            ring.offer(i);
        }
        assertThat(queue.position()).isEqualTo(0xfffe);
        for (int i = 0; i < 4; i++) {
            popHead(queue);
            assertThat(queue.position()).isEqualTo((0xfffe + i + 1) % 0x10000);
        }
        // taken but not used: still not to be popped again
        assertThat(queue.position()).isEqualTo(2);
    }
}
