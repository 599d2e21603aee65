package dev.cipu.virtio.ring;

import static dev.cipu.virtio.ring.PackedRawRing.AVAIL;
import static dev.cipu.virtio.ring.PackedRawRing.INDIRECT;
import static dev.cipu.virtio.ring.PackedRawRing.USED;
import static dev.cipu.virtio.ring.PackedRawRing.WRITE;
import static dev.cipu.virtio.ring.RawRing.ADJACENT;
import static dev.cipu.virtio.ring.RawRing.FAR;
import static dev.cipu.virtio.ring.RawRing.HOLE;
import static dev.cipu.virtio.ring.RawRing.NEAR;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.conformance.Conforms;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A driver that changes a packed ring between the device's looks at it, and one that looks while the device writes. */
@Timeout(60)
class RacingPackedDriverTest {
    private static final int SIZE = 8;
    private static final int ROUNDS = 60_000;
    private static final ValueLayout.OfInt RAW = ValueLayout.JAVA_INT_UNALIGNED;

    /** Buffers that the racing driver switches between: guest address, length, the last two not in memory. */
    private static final long[] ADDRESSES = {NEAR, ADJACENT - 8, FAR + 64, HOLE - 4, HOLE};

    private static final long[] LENGTHS = {0, 1, 16, 4096, 0xffff_fff0L};

    private final PackedRawRing ring = new PackedRawRing(SIZE);
    private final Chain chain = new Chain();
    private final SingleChains burst = new SingleChains(SIZE);

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

    /** One field of any descriptor at a time, so that halves of old and new ones are seen too. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void line23_fieldsFlippedWhilePoppedAreReadOnce(boolean indirect) throws InterruptedException {
        SplittableRandom random = new SplittableRandom(23);
        for (int i = 0; i < 4; i++) {
            ring.entry(FAR, i, NEAR, 8, 0, i < 2 ? 0 : WRITE);
            ring.entry(ADJACENT - 40, i, NEAR, 8, 0, i < 2 ? 0 : WRITE);
        }
        race(
                () -> {
                    int at = random.nextInt(SIZE);
                    switch (random.nextInt(5)) {
                        case 0 -> ring.address(at, random.nextBoolean() ? FAR : ADDRESSES[random.nextInt(5)]);
                        case 1 -> ring.length(at, LENGTHS[random.nextInt(5)]);
                        case 2 -> ring.id(at, random.nextInt(16) == 0 ? random.nextInt() : random.nextInt(SIZE));
                        default -> ring.flags(at, (random.nextBoolean() ? AVAIL : USED) | random.nextInt(8));
                    }
                },
                () -> popRounds(indirect ? RingFeature.INDIRECT_DESC : RingFeature.VERSION_1));
    }

    @Test
    void line23_indirectEntryFlippedWhilePoppedIsReadOnce() throws InterruptedException {
        for (int i = 0; i < SIZE; i++) {
            ring.descriptor(i, (i & 1) == 0 ? FAR : ADJACENT - 40, 4 * 16, i, INDIRECT | AVAIL);
        }
        SplittableRandom random = new SplittableRandom(24);
        race(
                () -> {
                    long table = random.nextBoolean() ? FAR : ADJACENT - 40;
                    long address = ADDRESSES[random.nextInt(ADDRESSES.length)];
                    long length = LENGTHS[random.nextInt(LENGTHS.length)];
                    int flags = random.nextInt(8);
                    ring.entry(table, random.nextInt(4), address, length, random.nextInt(), flags);
                    ring.flags(random.nextInt(SIZE), INDIRECT | (random.nextBoolean() ? AVAIL : USED));
                },
                () -> popRounds(RingFeature.INDIRECT_DESC));
    }

    private void popRounds(int feature) {
        PackedQueue queue = ring.device(feature);
        int popped = 0;
        int broke = 0;
        for (int round = 0; round < ROUNDS || popped == 0 || broke == 0; round++) {
            try {
                if ((round & 3) == 0) {
                    popped += aBurst(queue, (round & 4) != 0);
                } else if (queue.pop(chain)) {
                    assertJudgedIsUsed();
                    popped++;
                    queue.push(chain.head(), 0);
                }
                queue.publish();
                queue.awaitKicks();
            } catch (VirtqueueViolation e) {
                broke++;
                if (queue.pop(chain) || queue.popSingles(burst, SIZE, false) > 0) {
                    throw new AssertionError("a broken queue yields a chain");
                }
                queue = ring.device(feature);
            }
        }
    }

    private int aBurst(PackedQueue queue, boolean writable) {
        int n = queue.popSingles(burst, SIZE, writable);
        for (int i = 0; i < n; i++) {
            if (burst.length(i) <= 0 || !RawRing.lies(ring.memory(), burst.address(i), burst.length(i))) {
                throw new AssertionError("a buffer of " + burst.length(i) + " bytes lies outside");
            }
        }
        int kept = n / 2;
        queue.pushSingles(burst, kept);
        queue.unpopSingles(burst, kept, n);
        return n;
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
        int id = chain.head();
        Thread.onSpinWait();
        if (readable != chain.readableBytes() || writable != chain.writableBytes() || id != chain.head()) {
            throw new AssertionError("the chain changed after it was popped");
        }
        int all = (int) Math.min(readable, 64);
        if (chain.read(0, MemorySegment.ofArray(new byte[64]), 0, 64) != all) {
            throw new AssertionError("not all readable bytes were read");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void line24_ownPositionsStayAuthoritative(boolean eventIndex) {
        PackedQueue queue = ring.device(eventIndex ? RingFeature.EVENT_IDX : RingFeature.VERSION_1);
        SplittableRandom random = new SplittableRandom(24);
        queue.suppressKicks();
        for (int round = 0; round < 100_000; round++) {
            int at = ring.offer(NEAR, 16, round, WRITE);
            if (!queue.pop(chain)) {
                throw new AssertionError("no chain where one was offered");
            }
            queue.push(chain.head(), 16);
            // everything the device keeps in shared memory, its last used element too, and the driver's wishes
            int before = (at + SIZE - 1) % SIZE;
            ring.descriptor(before, random.nextLong(), random.nextInt(), random.nextInt(), ring.flagsOf(before));
            ring.deviceEvent().set(RAW, 0, random.nextInt());
            ring.driverEvent(random.nextInt(), random.nextInt());
            queue.publish();
            if (ring.idOf(at) != (round & 0xffff) || queue.position() >>> 16 != ring.position()) {
                throw new AssertionError("round " + round);
            }
        }
        assertThat(queue.isBroken()).isFalse();
    }

    /** A driver that polls the first descriptor sees all used elements of a publication, or none. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    @Conforms({"PR-003", "PR-017"})
    void theFirstDescriptorOfARequestIsUsedLast(boolean singles) throws InterruptedException {
        int count = 5;
        PackedQueue queue = ring.device();
        AtomicBoolean stop = new AtomicBoolean();
        int[] seen = new int[2];
        Thread driver = Thread.ofPlatform().name("driver").start(() -> {
            int first = 0;
            boolean lap = true;
            for (int i = 0; i < count; i++) {
                ring.offer(NEAR, 16, i, WRITE);
            }
            while (!stop.get()) {
                if (!ring.isUsed(first, lap)) {
                    Thread.onSpinWait();
                    continue;
                }
                for (int i = 1; i < count; i++) {
                    int at = (first + i) % SIZE;
                    if (!ring.isUsed(at, first + i < SIZE == lap) || ring.lengthOf(at) != i + 1) {
                        seen[1]++;
                    }
                }
                seen[0]++;
                lap = first + count < SIZE == lap;
                first = (first + count) % SIZE;
                for (int i = 0; i < count; i++) {
                    ring.offer(NEAR, 16, i, WRITE);
                }
            }
        });
        try {
            for (int round = 0; round < ROUNDS; ) {
                if (singles) {
                    int n = queue.popSingles(burst, count, true);
                    if (n < count) {
                        queue.unpopSingles(burst, 0, n);
                        continue;
                    }
                    for (int i = 0; i < n; i++) {
                        burst.written(i, SingleChains.name(burst.elements()[i]) + 1);
                    }
                    queue.pushSingles(burst, n);
                } else {
                    for (int i = 0; i < count; ) {
                        if (queue.pop(chain)) {
                            queue.push(chain.head(), chain.head() + 1);
                            i++;
                        }
                    }
                }
                queue.publish();
                round++;
            }
        } finally {
            stop.set(true);
            driver.join();
        }
        assertThat(seen[0]).as("requests seen").isPositive();
        assertThat(seen[1]).as("parts of requests seen").isZero();
    }
}
