package dev.cipu.shim.store;

import dev.cipu.dataplane.CounterGroup;
import dev.cipu.dataplane.QueueListener;
import dev.cipu.dataplane.blk.BlockQueue;
import dev.cipu.dataplane.blk.BlockStore;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.blk.BlkConfig;
import dev.cipu.virtio.blk.BlkDevice;
import dev.cipu.virtio.blk.BlkRequest;
import dev.cipu.virtio.blk.BlkTraits;
import dev.cipu.virtio.driver.BlkDriver;
import dev.cipu.virtio.driver.DriverMemory;
import dev.cipu.virtio.driver.SplitDriver;
import dev.cipu.virtio.memory.Le;
import dev.cipu.virtio.ring.SplitLayout;
import dev.cipu.virtio.ring.SplitQueue;
import dev.cipu.virtio.ring.VirtqueueBuilder;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.random.RandomGenerator;

/** A guest in the test's thread that uses one disk through one queue. */
final class DiskGuest implements AutoCloseable {
    static final int SIZE = 256;

    final DriverMemory area;
    final BlkDevice device;
    final SplitDriver ring;
    final BlkDriver driver;
    final BlockQueue queue;
    final CounterGroup counters = CounterGroup.unlisted(BlockQueue.COUNTERS);

    DiskGuest(BlockStore store) {
        this(store, Arena.ofAuto().allocate(8 << 20, 4096));
    }

    DiskGuest(BlockStore store, MemorySegment memory) {
        device = new BlkDevice(BlkTraits.of(store.sectors())
                .withBlockSize(store.blockSize())
                .withReadOnly(store.readOnly())
                .withSerial("disk")
                .withDiscard(store.canDiscard())
                .withSecureErase(true));
        device.negotiate(device.offered());
        area = new DriverMemory(memory, 1L << 32);
        FeatureSet features = FeatureSet.of(RingFeature.EVENT_IDX);
        long at = area.allocate(SplitDriver.bytes(SIZE, 0), 4096);
        ring = new SplitDriver(area.slice(at, SplitDriver.bytes(SIZE, 0)), at, SIZE, features, 0);
        driver = new BlkDriver(ring, area);
        SplitQueue split = new VirtqueueBuilder()
                .size(SIZE)
                .memory(area.asGuestMemory())
                .rings(
                        area.slice(ring.descriptorAddress(), SplitLayout.descriptorBytes(SIZE)),
                        area.slice(ring.driverAreaAddress(), SplitLayout.availBytes(SIZE)),
                        area.slice(ring.deviceAreaAddress(), SplitLayout.usedBytes(SIZE)))
                .features(features)
                .buildSplit();
        queue = new BlockQueue(split, device, store, counters, QueueListener.NONE);
        queue.disarm();
        ring.suppressCalls();
    }

    void writeback(boolean on) {
        if (!device.writeConfig(BlkConfig.WRITEBACK, new byte[] {(byte) (on ? 1 : 0)})) {
            throw new IllegalStateException("cache mode is fixed");
        }
    }

    void fill(long address, byte[] bytes) {
        MemorySegment.copy(bytes, 0, area.segment(), ValueLayout.JAVA_BYTE, area.offset(address), bytes.length);
    }

    byte[] bytes(long address, int bytes) {
        return area.slice(address, bytes).toArray(ValueLayout.JAVA_BYTE);
    }

    byte[] fillRandomly(long address, int bytes, RandomGenerator random) {
        byte[] data = new byte[bytes];
        random.nextBytes(data);
        fill(address, data);
        return data;
    }

    /** Runs one request to its end and returns its status. */
    int run(int type, long sector, long data, int bytes) {
        driver.submit(type, sector, data, bytes);
        driver.publish();
        await();
        return driver.status();
    }

    /** Waits for one request; returns its token. */
    int await() {
        long deadline = System.nanoTime() + 20_000_000_000L;
        int token = driver.poll();
        while (token < 0) {
            queue.poll();
            token = driver.poll();
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("no answer");
            }
        }
        return token;
    }

    /** A read or write whose data lies in many pieces of equal size, each {@code stride} bytes after the one before. */
    int runInPieces(int type, long sector, long data, int pieces, int bytes, int stride) {
        long header = area.allocate(16, 16);
        area.segment().set(Le.INT_UNALIGNED, area.offset(header), type);
        area.segment().set(Le.LONG_UNALIGNED, area.offset(header) + 8, sector);
        long status = area.allocate(1, 1);
        area.segment().set(ValueLayout.JAVA_BYTE, area.offset(status), (byte) 0x7f);
        long[] addresses = new long[pieces + 2];
        int[] lengths = new int[pieces + 2];
        addresses[0] = header;
        lengths[0] = 16;
        for (int i = 0; i < pieces; i++) {
            addresses[i + 1] = data + (long) i * stride;
            lengths[i + 1] = bytes;
        }
        addresses[pieces + 1] = status;
        lengths[pieces + 1] = 1;
        ring.add(addresses, lengths, type == BlkRequest.OUT ? pieces + 1 : 1, pieces + 2);
        ring.publish();
        while (ring.poll() < 0) {
            queue.poll();
        }
        return bytes(status, 1)[0];
    }

    /** A discard or write-zeroes request of one segment. */
    int runRange(int type, long sector, int sectors, int flags) {
        long segment = area.allocate(16, 16);
        area.segment().set(Le.LONG_UNALIGNED, area.offset(segment), sector);
        area.segment().set(Le.INT_UNALIGNED, area.offset(segment) + 8, sectors);
        area.segment().set(Le.INT_UNALIGNED, area.offset(segment) + 12, flags);
        return run(type, 0, segment, 16);
    }

    @Override
    public void close() {
        queue.close();
    }
}
