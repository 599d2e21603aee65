package dev.cipu.sim.pace;

import dev.cipu.dataplane.CounterGroup;
import dev.cipu.dataplane.QueueListener;
import dev.cipu.dataplane.blk.BlockQueue;
import dev.cipu.dataplane.blk.BlockStore;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.blk.BlkDevice;
import dev.cipu.virtio.blk.BlkRequest;
import dev.cipu.virtio.blk.BlkTraits;
import dev.cipu.virtio.driver.BlkDriver;
import dev.cipu.virtio.driver.DriverMemory;
import dev.cipu.virtio.driver.SplitDriver;
import dev.cipu.virtio.ring.VirtqueueBuilder;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** A guest with one queue of a paced disk, all in the test's own thread. */
final class DiskGuest {
    static final int SIZE = 64;

    final FakeClock clock;
    final PaceLog log;
    final CounterGroup counters = CounterGroup.unlisted(PaceLog.COUNTERS);
    final MemorySegment memory = Arena.ofAuto().allocate(4 << 20, 4096);
    final BlkDriver driver;
    final BlockQueue queue;
    final long data;
    private final DriverMemory area = new DriverMemory(memory, 0x4000_0000L);

    DiskGuest(BlockStore store, RequestTiming timing, FakeClock clock) {
        this.clock = clock;
        log = new PaceLog(counters);
        BlockStore paced = new PacedStore(store, () -> timing, clock, List.of(log));
        BlkDevice device = new BlkDevice(BlkTraits.of(paced.sectors()).withDiscard(paced.canDiscard()));
        device.negotiate(device.offered());
        long at = area.allocate(SplitDriver.bytes(SIZE, 0), 4096);
        SplitDriver ring = new SplitDriver(area.slice(at, SplitDriver.bytes(SIZE, 0)), at, SIZE, FeatureSet.NONE, 0);
        driver = new BlkDriver(ring, area);
        data = area.allocate(1 << 20, 4096);
        queue = new BlockQueue(
                new VirtqueueBuilder()
                        .size(SIZE)
                        .memory(area.asGuestMemory())
                        .rings(ring.descriptorAddress(), ring.driverAreaAddress(), ring.deviceAreaAddress())
                        .features(FeatureSet.NONE)
                        .build(),
                device,
                paced,
                CounterGroup.unlisted(BlockQueue.COUNTERS),
                QueueListener.NONE);
    }

    /** Where a guest address lies in {@link #memory}. */
    long offset(long address) {
        return area.offset(address);
    }

    /** Makes a read of 4 KiB available and returns its token. */
    int read(long sector) {
        return submit(BlkRequest.IN, sector, 4096);
    }

    int submit(int type, long sector, int bytes) {
        int token = driver.submit(type, sector, data, bytes);
        driver.publish();
        return token;
    }

    /** Lets the card work for a turn; returns the tokens of what is answered, in their order. */
    List<Integer> turn() {
        queue.poll();
        return answers();
    }

    List<Integer> answers() {
        List<Integer> tokens = new ArrayList<>();
        int token = driver.poll();
        while (token >= 0) {
            tokens.add(token);
            token = driver.poll();
        }
        return tokens;
    }

    List<Integer> turnAfter(long nanos) {
        clock.pass(nanos);
        return turn();
    }
}
