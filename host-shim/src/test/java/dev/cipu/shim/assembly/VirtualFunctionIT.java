package dev.cipu.shim.assembly;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.shim.assembly.RunningCard.Held;
import dev.cipu.shim.vfio.client.SingleRootRegisters;
import dev.cipu.virtio.blk.BlkRequest;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Virtual functions come and go while the physical ones and others are at work, and those lose nothing. */
@Timeout(120)
class VirtualFunctionIT {
    private static final int ROUNDS = 60;

    @TempDir
    private Path folder;

    private final AtomicBoolean over = new AtomicBoolean();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final List<Future<?>> busy = new ArrayList<>();

    @AfterEach
    void end() {
        over.set(true);
        threads.shutdownNow();
    }

    /** Something that goes on until the end, piece by piece; returns how many pieces there were so far. */
    private AtomicLong keepDoing(Runnable piece) {
        AtomicLong pieces = new AtomicLong();
        busy.add(threads.submit(() -> {
            while (!over.get()) {
                piece.run();
                pieces.incrementAndGet();
            }
        }));
        return pieces;
    }

    private void stop() throws Exception {
        over.set(true);
        for (Future<?> each : busy) {
            each.get(30, TimeUnit.SECONDS);
        }
    }

    private static void await(AtomicLong pieces, long more) throws InterruptedException {
        long goal = pieces.get() + more;
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (pieces.get() < goal) {
            assertThat(System.nanoTime()).as("a neighbour is at work").isLessThan(deadline);
            Thread.sleep(1);
        }
    }

    /** A disk's owner that writes and reads back, block after block. */
    private static Runnable readingBack(BlkGuest guest) {
        AtomicLong step = new AtomicLong();
        return () -> {
            long number = step.incrementAndGet();
            guest.write(number % 64, number);
            assertThat(guest.read(number % 64)).isEqualTo(number);
        };
    }

    @Test
    void neighboursLoseNothingAndNothingIsLeftBehind() throws Exception {
        try (RunningCard running = new RunningCard(
                        folder,
                        "net id=n,vfs=4",
                        "net id=o",
                        "blk id=b,store=mem:1M,vfs=4,vf-store=mem:1M",
                        "blk id=c,store=mem:1M");
                NetGuest net = running.net("n");
                NetGuest other = running.net("o");
                BlkGuest disk = running.blk("b");
                BlkGuest otherDisk = running.blk("c")) {
            AtomicLong frames = keepDoing(() -> NetGuest.exchange(net, other, 8));
            AtomicLong blocks = keepDoing(readingBack(disk));
            AtomicLong otherBlocks = keepDoing(readingBack(otherDisk));
            useAll(running, net, disk, 4);
            Held before = Held.now();
            for (int round = 0; round < ROUNDS; round++) {
                long pieces = frames.get();
                useAll(running, net, disk, 1 + round % 4);
                if (round % 10 == 0) {
                    await(frames, 1);
                    await(blocks, 1);
                    await(otherBlocks, 1);
                }
                assertThat(frames.get()).isGreaterThanOrEqualTo(pieces);
            }
            Held after = Held.settled(before);
            assertThat(after.isWithin(before))
                    .as("%s is no more than %s", after, before)
                    .isTrue();
            stop();
            assertThat(net.received()).isEqualTo(other.sent()).isPositive();
            assertThat(other.received()).isEqualTo(net.sent()).isPositive();
            for (String id : List.of("n/session", "o/session", "b/session", "c/session")) {
                assertThat(running.counted(id))
                        .containsEntry("failed_sessions", 0L)
                        .containsEntry("broken_queues", 0L);
            }
        }
    }

    /** Switches some virtual functions on, works with each, and switches them off; every third time under the hands of their drivers. */
    private static void useAll(RunningCard running, NetGuest net, BlkGuest disk, int count) {
        net.enable(count);
        disk.enable(count);
        List<FunctionDriver> drivers = new ArrayList<>();
        try {
            NetGuest first = running.net("n.vf0");
            drivers.add(first);
            for (int i = 1; i < count; i++) {
                NetGuest next = running.net("n.vf" + i);
                drivers.add(next);
                assertThat(next.send(first.mac)).isTrue();
            }
            for (int i = 0; i < count; i++) {
                BlkGuest next = running.blk("b.vf" + i);
                drivers.add(next);
                next.write(i, i);
                assertThat(next.read(i)).isEqualTo(i);
                next.give(BlkRequest.IN, i);
            }
            disk.root().on(false);
            net.root().on(false);
            assertThat(drivers).allMatch(FunctionDriver::isEnded);
        } finally {
            drivers.forEach(FunctionDriver::close);
        }
    }

    @Test
    void aHostThatSwitchesAsFastAsItCanDisturbsNobody() throws Exception {
        try (RunningCard running =
                        new RunningCard(folder, "net id=h,vfs=8", "net id=n", "net id=o", "blk id=b,store=mem:1M");
                NetGuest hostile = running.net("h");
                NetGuest net = running.net("n");
                NetGuest other = running.net("o");
                BlkGuest disk = running.blk("b")) {
            AtomicLong frames = keepDoing(() -> NetGuest.exchange(net, other, 8));
            AtomicLong blocks = keepDoing(readingBack(disk));
            Held before = Held.now();
            SingleRootRegisters root = hostile.root();
            Random random = new Random(7);
            for (int round = 0; round < 300; round++) {
                switch (random.nextInt(5)) {
                    case 0 -> root.number(random.nextInt(1 << 16));
                    case 1 -> root.number(random.nextInt(9));
                    case 2 -> root.bar(random.nextInt(6), random.nextInt() & 0xffff_ffffL);
                    case 3 -> root.on(false);
                    default -> root.on(true);
                }
                if (round % 50 == 0) {
                    hostile.functionReset();
                }
            }
            hostile.functionReset();
            await(frames, 2);
            await(blocks, 2);
            stop();
            Held after = Held.settled(before);
            assertThat(after.isWithin(before))
                    .as("%s is no more than %s", after, before)
                    .isTrue();
            assertThat(net.received()).isEqualTo(other.sent()).isPositive();
            assertThat(other.received()).isEqualTo(net.sent()).isPositive();
            assertThat(running.card.present()).hasSize(4);
        }
    }
}
