package dev.cipu.virtio.ring;

import static dev.cipu.virtio.ring.RawRing.ADJACENT;
import static dev.cipu.virtio.ring.RawRing.BIG;
import static dev.cipu.virtio.ring.RawRing.FAR;
import static dev.cipu.virtio.ring.RawRing.HOLE;
import static dev.cipu.virtio.ring.RawRing.INDIRECT;
import static dev.cipu.virtio.ring.RawRing.LOW;
import static dev.cipu.virtio.ring.RawRing.NEAR;
import static dev.cipu.virtio.ring.RawRing.NEXT;
import static dev.cipu.virtio.ring.RawRing.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.virtio.RingFeature;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A driver that changes shared memory between the device's looks at it. The numbers are those of the project's list of
 * hostile inputs.
 */
@Timeout(60)
class RacingDriverTest {
    private static final int SIZE = 8;
    private static final int ROUNDS = 60_000;

    /** Buffers that the racing driver switches between: guest address, length, the last two not in memory. */
    private static final long[] ADDRESSES = {NEAR, ADJACENT - 8, FAR + 64, HOLE - 4, HOLE};

    private static final long[] LENGTHS = {0, 1, 16, 4096, 0xffff_fff0L};

    private final RawRing ring = new RawRing(SIZE);
    private final Chain chain = new Chain();

    /** Runs {@code step} over and over in another thread while {@code device} runs. */
    private static void race(Runnable step, Runnable device) throws InterruptedException {
        AtomicBoolean stop = new AtomicBoolean();
        Thread driver = Thread.ofPlatform().name("racing-driver").start(() -> {
            while (!stop.get()) {
                step.run();
            }
        });
        try {
            device.run();
        } finally {
            stop.set(true);
            driver.join();
        }
    }

    @Test
    void line23_descriptorFlippedWhilePoppedIsReadOnce() throws InterruptedException {
        SplittableRandom random = new SplittableRandom(23);
        race(
                () -> {
                    int index = random.nextInt(SIZE);
                    long address = ADDRESSES[random.nextInt(ADDRESSES.length)];
                    long length = LENGTHS[random.nextInt(LENGTHS.length)];
                    ring.descriptor(index, address, length, random.nextInt(4), random.nextInt(SIZE + 1));
                },
                () -> popRounds(0));
    }

    @Test
    void line23_indirectEntryFlippedWhilePoppedIsReadOnce() throws InterruptedException {
        // one table in one region, one across two
        ring.descriptor(0, FAR, 4 * 16, INDIRECT, 0);
        ring.descriptor(1, ADJACENT - 40, 4 * 16, INDIRECT, 0);
        SplittableRandom random = new SplittableRandom(24);
        race(
                () -> {
                    long table = random.nextBoolean() ? FAR : ADJACENT - 40;
                    long address = ADDRESSES[random.nextInt(ADDRESSES.length)];
                    long length = LENGTHS[random.nextInt(LENGTHS.length)];
                    ring.entry(table, random.nextInt(4), address, length, random.nextInt(5), random.nextInt(5));
                },
                () -> popRounds(RingFeature.INDIRECT_DESC));
    }

    private void requirePop(SplitQueue queue) {
        if (!queue.pop(chain)) {
            throw new AssertionError("no chain where one was offered");
        }
    }

    private void popRounds(int feature) {
        SplitQueue queue = ring.device(feature);
        int popped = 0;
        int broke = 0;
        for (int round = 0; round < ROUNDS; round++) {
            ring.offer(round & 1);
            try {
                requirePop(queue);
                assertJudgedIsUsed();
                queue.push(chain.head(), 0);
                queue.publish();
                popped++;
            } catch (VirtqueueViolation e) {
                broke++;
                if (queue.pop(chain)) {
                    throw new AssertionError("a broken queue yields a chain");
                }
                queue = ring.builder(feature).position(ring.availIndex()).buildSplit();
            }
        }
        assertThat(popped).as("chains popped").isPositive();
        assertThat(broke).as("queues broken").isPositive();
    }

    /** Every part lies in its region, and stays as it was judged whatever the driver writes now. */
    private void assertJudgedIsUsed() {
        long readable = 0;
        long writable = 0;
        for (int part = 0; part < chain.parts(); part++) {
            int length = chain.length(part);
            if (length <= 0 || !RawRing.lies(ring.memory(), chain.address(part), length)) {
                throw new AssertionError("part " + part + " of " + length + " bytes lies outside");
            }
            if (part < chain.readableParts()) {
                readable += length;
            } else {
                writable += length;
            }
        }
        int parts = chain.parts();
        Thread.onSpinWait();
        if (readable != chain.readableBytes() || writable != chain.writableBytes() || parts != chain.parts()) {
            throw new AssertionError("the chain changed after it was popped");
        }
        int all = (int) Math.min(readable, 64);
        if (chain.read(0, MemorySegment.ofArray(new byte[64]), 0, 64) != all) {
            throw new AssertionError("not all readable bytes were read");
        }
    }

    @Test
    void line23_availRingFlippedWhilePoppedIsReadOnce() throws InterruptedException {
        for (int i = 0; i < SIZE; i++) {
            ring.descriptor(i, NEAR + 16L * i, 16, 0, 0);
        }
        SplittableRandom random = new SplittableRandom(25);
        race(() -> ring.availEntry(random.nextInt(SIZE), random.nextInt(SIZE + 2)), () -> {
            SplitQueue queue = ring.device();
            int popped = 0;
            for (int round = 0; round < ROUNDS; round++) {
                ring.availIndex(ring.availIndex() + 1);
                try {
                    requirePop(queue);
                    // the head that is returned is the head whose descriptor was read
                    if (chain.address(0) != ring.host(NEAR + 16L * chain.head())) {
                        throw new AssertionError("head " + chain.head() + " with another's buffer");
                    }
                    queue.push(chain.head(), 0);
                    popped++;
                } catch (VirtqueueViolation e) {
                    assertThat(e.kind()).isEqualTo(Violation.HEAD_OUT_OF_RANGE);
                    queue = ring.builder().position(ring.availIndex()).buildSplit();
                }
            }
            assertThat(popped).isPositive();
        });
    }

    @Test
    void line23_descriptorsRewrittenAfterPopChangeNothing() {
        ring.descriptor(0, NEAR, 16, NEXT, 1);
        ring.descriptor(1, NEAR + 64, 32, WRITE, 0);
        ring.offer(0);
        SplitQueue queue = ring.device();
        assertThat(queue.pop(chain)).isTrue();
        ring.descriptor(0, HOLE, 0xffff_ffffL, WRITE | NEXT, 0);
        ring.descriptor(1, HOLE, 0xffff_ffffL, INDIRECT, 9);
        assertThat(chain.parts()).isEqualTo(2);
        assertThat(chain.readableBytes()).isEqualTo(16);
        byte[] data = {1, 2, 3, 4};
        assertThat(chain.write(28, MemorySegment.ofArray(data), 0, 4)).isEqualTo(4);
        assertThat(ring.peek(NEAR + 64 + 28, 4)).isEqualTo(data);
        queue.push(chain.head(), 32);
        queue.publish();
        assertThat(ring.usedId(0)).isZero();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void line24_ownIndicesStayAuthoritative(boolean eventIndex) {
        for (int i = 0; i < SIZE; i++) {
            ring.descriptor(i, NEAR + 16L * i, 16, WRITE, 0);
        }
        SplitQueue queue = ring.device(eventIndex ? RingFeature.EVENT_IDX : RingFeature.VERSION_1);
        SplittableRandom random = new SplittableRandom(24);
        queue.suppressKicks();
        int expected = 0;
        for (int round = 0; round < 100_000; round++) {
            ring.offer(round % SIZE);
            requirePop(queue);
            queue.push(chain.head(), 16);
            // everything the device keeps in the used ring, and the driver's wishes
            ring.usedIndex(random.nextInt());
            ring.usedElement((expected + 1) % SIZE, random.nextInt(), random.nextInt());
            ring.availEvent(random.nextInt());
            ring.usedEvent(random.nextInt());
            ring.availFlags(random.nextInt());
            queue.publish();
            if (ring.usedIndex() != (expected + 1) % 0x10000 || ring.usedId(expected % SIZE) != chain.head()) {
                throw new AssertionError("round " + round);
            }
            expected++;
        }
        assertThat(queue.position()).isEqualTo(100_000 & 0xffff);
    }

    @Test
    void line24_availIndexFlippedWhilePopping() throws InterruptedException {
        for (int i = 0; i < SIZE; i++) {
            ring.descriptor(i, NEAR + 16L * i, 16, 0, 0);
            ring.availEntry(i, i);
        }
        SplittableRandom random = new SplittableRandom(26);
        race(() -> ring.availIndex(random.nextInt(3 * SIZE)), () -> {
            SplitQueue queue = ring.device();
            for (int round = 0; round < ROUNDS; round++) {
                try {
                    int before = queue.position();
                    if (queue.pop(chain)) {
                        // in order, one at a time, whatever the index says now
                        if (chain.head() != before % SIZE || queue.position() != (before + 1) % 0x10000) {
                            throw new AssertionError("head " + chain.head() + " after " + before);
                        }
                        queue.push(chain.head(), 0);
                    }
                } catch (VirtqueueViolation e) {
                    assertThat(e.kind()).isEqualTo(Violation.AVAIL_INDEX_JUMP);
                    queue = ring.device();
                }
            }
        });
    }

    @Test
    void line25_headerIsJudgedOnThePrivateCopy() throws InterruptedException {
        // a header over three parts; while the driver changes it, one copy is taken and stays what it is
        ring.descriptor(0, NEAR, 4, NEXT, 1);
        ring.descriptor(1, ADJACENT - 4, 8, NEXT, 2);
        ring.descriptor(2, LOW, 16, 0, 0);
        ring.offer(0);
        SplitQueue queue = ring.device();
        assertThat(queue.pop(chain)).isTrue();
        MemorySegment first = MemorySegment.ofArray(new byte[16]);
        MemorySegment second = MemorySegment.ofArray(new byte[16]);
        SplittableRandom random = new SplittableRandom(27);
        race(() -> ring.poke(LOW, (byte) random.nextInt()), () -> {
            for (int round = 0; round < ROUNDS; round++) {
                if (chain.read(0, first, 0, 16) != 16) {
                    throw new AssertionError("a short header");
                }
                second.copyFrom(first);
                Thread.onSpinWait();
                if (first.mismatch(second) >= 0) {
                    throw new AssertionError("the copy changed");
                }
            }
        });
    }

    @Test
    void line26_parametersChangedAfterTheStartAreIgnored() {
        int[] resubmit = {3};
        VirtqueueBuilder builder = ring.builder().inflight(new InflightCalls()).resubmit(resubmit);
        SplitQueue queue = builder.buildSplit();
        resubmit[0] = SIZE;
        builder.size(2 * SIZE).position(7).rings(MemorySegment.NULL, MemorySegment.NULL, MemorySegment.NULL);
        ring.descriptor(3, NEAR, BIG, 0, 0);
        assertThat(queue.pop(chain)).isTrue();
        assertThat(chain.head()).isEqualTo(3);
        assertThat(queue.size()).isEqualTo(SIZE);
        assertThat(queue.position()).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {0x10000, 0x10008, 0, -1, 3, 6, 32769, Integer.MIN_VALUE, Integer.MAX_VALUE})
    void line27_impossibleQueueSizesAreRefused(int size) {
        VirtqueueBuilder builder = ring.builder().size(size);
        assertThatThrownBy(builder::build).isInstanceOf(IllegalArgumentException.class);
        assertThat(SplitLayout.isValidSize(size)).isFalse();
    }

    @Test
    void line27_partsTooSmallOrMisalignedAreRefused() {
        VirtqueueBuilder large = ring.builder().size(2 * SIZE);
        assertThatThrownBy(large::build).isInstanceOf(IllegalArgumentException.class);
        RawRing roomy = new RawRing(4 * SIZE);
        for (int part = 0; part < 3; part++) {
            VirtqueueBuilder shifted = ring.builder()
                    .rings(
                            part == 0 ? roomy.descriptors().asSlice(8) : roomy.descriptors(),
                            part == 1 ? roomy.avail().asSlice(1) : roomy.avail(),
                            part == 2 ? roomy.used().asSlice(2) : roomy.used());
            assertThatThrownBy(shifted::build).isInstanceOf(IllegalArgumentException.class);
        }
    }
}
