package dev.cipu.virtio.stress;

import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.driver.DriverQueue;
import dev.cipu.virtio.memory.GuestMemory;
import dev.cipu.virtio.memory.HostMemory;
import dev.cipu.virtio.memory.Le;
import dev.cipu.virtio.ring.Chain;
import dev.cipu.virtio.ring.SingleChains;
import dev.cipu.virtio.ring.Virtqueue;
import dev.cipu.virtio.ring.VirtqueueBuilder;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Both halves of a small ring over memory outside of the heap, for one collision of two threads. Millions are made in a run, so
 * their memory comes from one pool, round and round: far more places than states that live at once.
 */
final class StressRing {
    static final int WHOLE = 1;
    static final int BROKEN = -1;

    private static final int SIZE = 4;
    private static final int PLACE = 1024;
    private static final int PLACES = 1 << 15;
    private static final int DATA = 512;
    private static final int BUFFER = 32;
    private static final long PATTERN = 0x1111_1111_1111_1111L;

    private static final MemorySegment POOL = Arena.global().allocate((long) PLACE * PLACES, 4096);
    private static final GuestMemory MEMORY = GuestMemory.of(List.of(new GuestMemory.Region(0, 0, POOL)));
    private static final AtomicInteger NEXT_PLACE = new AtomicInteger();

    private final long place = (long) (NEXT_PLACE.getAndIncrement() & PLACES - 1) * PLACE;
    private final DriverQueue driver;
    private final Virtqueue device;
    private final Chain chain = new Chain();
    private final SingleChains singles = new SingleChains(SIZE);
    private final long[] addresses = new long[2];
    private final int[] lengths = {BUFFER, BUFFER};
    private int raised;

    StressRing(int... features) {
        FeatureSet agreed = FeatureSet.of(features).with(RingFeature.VERSION_1);
        MemorySegment mine = POOL.asSlice(place, PLACE);
        mine.fill((byte) 0);
        driver = DriverQueue.of(mine.asSlice(0, DATA), place, SIZE, agreed, 0);
        device = new VirtqueueBuilder()
                .size(SIZE)
                .memory(MEMORY)
                .features(agreed)
                .rings(driver.descriptorAddress(), driver.driverAreaAddress(), driver.deviceAreaAddress())
                .interrupt(() -> raised++)
                .build();
        device.suppressKicks();
        driver.suppressCalls();
    }

    private long buffer(int number) {
        return place + DATA + (long) number * BUFFER;
    }

    private static void fill(long at) {
        for (int i = 0; i < BUFFER; i += Long.BYTES) {
            POOL.set(Le.LONG_UNALIGNED, at + i, PATTERN);
        }
    }

    private static boolean isFilled(long hostAddress) {
        for (int i = 0; i < BUFFER; i += Long.BYTES) {
            if (HostMemory.ALL.get(Le.LONG_UNALIGNED, hostAddress + i) != PATTERN) {
                return false;
            }
        }
        return true;
    }

    /** The driver's half of a publication: chains of {@code parts} buffers that the device reads; whether it must kick. */
    boolean offer(int chains, int parts) {
        for (int c = 0; c < chains; c++) {
            for (int i = 0; i < parts; i++) {
                addresses[i] = buffer(c * parts + i);
                fill(addresses[i]);
            }
            driver.add(addresses, lengths, parts, parts);
        }
        return driver.publish();
    }

    /** What the device sees of them: how many whole chains, or that one is broken. */
    int take(int chains, int parts) {
        int found = 0;
        while (found < chains && device.pop(chain)) {
            found++;
            if (chain.parts() != parts) {
                return BROKEN;
            }
            for (int i = 0; i < parts; i++) {
                if (chain.length(i) != BUFFER || !isFilled(chain.address(i))) {
                    return BROKEN;
                }
            }
        }
        return found;
    }

    /** As {@link #take}, in a burst. */
    int takeBurst() {
        int found = device.popSingles(singles, SIZE, false);
        for (int i = 0; i < found; i++) {
            if (singles.length(i) != BUFFER || !isFilled(singles.address(i))) {
                return BROKEN;
            }
        }
        return found;
    }

    /** Before the threads collide: the device holds chains of one buffer that it writes. */
    StressRing holding(int chains) {
        for (int c = 0; c < chains; c++) {
            addresses[0] = buffer(c);
            driver.add(addresses, lengths, 0, 1);
        }
        driver.publish();
        if (device.popSingles(singles, SIZE, true) != chains) {
            throw new IllegalStateException("chains that were made available");
        }
        return this;
    }

    /** The device's half of a publication: it writes all buffers it holds and returns them; whether it called. */
    boolean complete(int chains) {
        for (int c = 0; c < chains; c++) {
            fill(buffer(c));
            singles.written(c, BUFFER);
        }
        device.pushSingles(singles, chains);
        boolean called = device.publish();
        if (called != (raised == 1)) {
            throw new IllegalStateException("the interrupt was raised " + raised + " times");
        }
        return called;
    }

    /** What the driver sees of them: how many whole buffers, or that one is broken. */
    int reclaim(int chains) {
        int found = 0;
        while (found < chains && driver.poll() >= 0) {
            if (driver.usedLength() != BUFFER || !isFilled(POOL.address() + buffer(found))) {
                return BROKEN;
            }
            found++;
        }
        return found;
    }

    /** Whether the device, which asks to be kicked, may sleep. */
    boolean deviceMaySleep() {
        return device.awaitKicks();
    }

    /** Whether the driver, which asks to be called, may sleep. */
    boolean driverMaySleep() {
        return driver.awaitCalls();
    }
}
