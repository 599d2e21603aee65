package dev.cipu.dataplane.blk;

import dev.cipu.dataplane.CounterGroup;
import dev.cipu.dataplane.QueueListener;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.blk.BlkDevice;
import dev.cipu.virtio.blk.BlkTraits;
import dev.cipu.virtio.blk.ZoneTraits;
import dev.cipu.virtio.driver.BlkDriver;
import dev.cipu.virtio.driver.DriverMemory;
import dev.cipu.virtio.driver.SplitDriver;
import dev.cipu.virtio.memory.Le;
import dev.cipu.virtio.ring.SplitLayout;
import dev.cipu.virtio.ring.SplitQueue;
import dev.cipu.virtio.ring.Violation;
import dev.cipu.virtio.ring.VirtqueueBuilder;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A guest with one block queue, its device and the queue's poller, all in the test's own thread. */
final class BlkGuest implements QueueListener {
    static final int SIZE = 128;

    final MemorySegment memory;
    final DriverMemory area;
    final BlkDevice device;
    final SplitDriver ring;
    final BlkDriver driver;
    final SplitQueue queue;
    final BlockQueue served;
    final CounterGroup counters = CounterGroup.unlisted(BlockQueue.COUNTERS);
    final List<Violation> violations = new ArrayList<>();
    int memoryFaults;

    BlkGuest(BlockStore store) {
        this(store, false, FeatureSet.NONE);
    }

    /**
     * @param features ring features
     */
    BlkGuest(BlockStore store, boolean readOnly, FeatureSet features) {
        this(store, readOnly, features, Arena.ofAuto().allocate(4 << 20, 4096));
    }

    BlkGuest(BlockStore store, boolean readOnly, FeatureSet features, MemorySegment memory) {
        this(Disk.of(store), traits(store).withReadOnly(readOnly), features, memory);
    }

    BlkGuest(Disk disk, BlkTraits traits) {
        this(disk, traits, FeatureSet.NONE, Arena.ofAuto().allocate(4 << 20, 4096));
    }

    BlkGuest(Disk disk, BlkTraits traits, FeatureSet features, MemorySegment memory) {
        this(disk, new BlkDevice(traits), features, memory);
    }

    /** The guest of a device that offers what it may. */
    BlkGuest(Disk disk, BlkDevice device, FeatureSet features, MemorySegment memory) {
        this(disk, device, features, memory, null);
    }

    /** As above, recorded if there is a journal. */
    BlkGuest(Disk disk, BlkDevice device, FeatureSet features, MemorySegment memory, @Nullable BlockJournal journal) {
        this.memory = memory;
        this.device = device;
        device.negotiate(device.offered());
        area = new DriverMemory(memory, 0x4000_0000L);
        long at = area.allocate(SplitDriver.bytes(SIZE, 8), 4096);
        ring = new SplitDriver(area.slice(at, SplitDriver.bytes(SIZE, 8)), at, SIZE, features, 8);
        driver = new BlkDriver(ring, area);
        queue = new VirtqueueBuilder()
                .size(SIZE)
                .memory(area.asGuestMemory())
                .rings(
                        area.slice(ring.descriptorAddress(), SplitLayout.descriptorBytes(SIZE)),
                        area.slice(ring.driverAreaAddress(), SplitLayout.availBytes(SIZE)),
                        area.slice(ring.deviceAreaAddress(), SplitLayout.usedBytes(SIZE)))
                .features(features)
                .buildSplit();
        served = new BlockQueue(queue, device, disk, counters, this, journal);
    }

    /** What a device on this store is, all that it can do. */
    static BlkTraits traits(BlockStore store) {
        return BlkTraits.of(store.sectors())
                .withBlockSize(store.blockSize())
                .withSerial("serial-0123456789")
                .withDiscard(store.canDiscard());
    }

    /** A disk of zones, with its zones in front of it. */
    static BlkGuest zoned(BlockStore store, ZoneTraits zones) {
        Disk disk = new Disk(store, new Zones(zones, store.sectors(), ZoneTable.NONE), null);
        return new BlkGuest(disk, traits(store).withZones(zones).withSecureErase(true));
    }

    @Override
    public void queueBroken(Violation kind) {
        violations.add(kind);
    }

    @Override
    public void memoryFault() {
        memoryFaults++;
    }

    long buffer(int bytes) {
        return area.allocate(bytes, 512);
    }

    void fill(long address, int bytes, int seed) {
        for (int i = 0; i < bytes; i++) {
            memory.set(ValueLayout.JAVA_BYTE, area.offset(address) + i, (byte) (seed + i * 7 + (i >> 8)));
        }
    }

    byte[] bytes(long address, int bytes) {
        return area.slice(address, bytes).toArray(ValueLayout.JAVA_BYTE);
    }

    /** Runs one request to its end and returns its status. */
    int run(int type, long sector, long data, int bytes) {
        if (driver.submit(type, sector, data, bytes) < 0) {
            throw new IllegalStateException("ring full");
        }
        driver.publish();
        return await();
    }

    private int await() {
        long deadline = System.nanoTime() + 10_000_000_000L;
        while (driver.poll() < 0) {
            served.poll();
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("no answer");
            }
        }
        return driver.status();
    }

    /** A request framed by hand. */
    final class Raw {
        private final List<Long> addresses = new ArrayList<>();
        private final List<Integer> lengths = new ArrayList<>();
        private int readable;

        Raw readable(long address, int bytes) {
            readable++;
            addresses.add(address);
            lengths.add(bytes);
            return this;
        }

        /** A header in parts of the given sizes. */
        Raw header(int type, long sector, int... sizes) {
            long at = header16(type, sector);
            if (sizes.length == 0) {
                return readable(at, 16);
            }
            for (int size : sizes) {
                readable(at, size);
                at += size;
            }
            return this;
        }

        private long header16(int type, long sector) {
            long at = area.allocate(16, 16);
            memory.set(Le.INT_UNALIGNED, area.offset(at), type);
            memory.set(Le.LONG_UNALIGNED, area.offset(at) + 8, sector);
            return at;
        }

        /** A segment of a discard or write-zeroes request. */
        Raw segment(long sector, int sectors, int flags) {
            long at = area.allocate(16, 16);
            memory.set(Le.LONG_UNALIGNED, area.offset(at), sector);
            memory.set(Le.INT_UNALIGNED, area.offset(at) + 8, sectors);
            memory.set(Le.INT_UNALIGNED, area.offset(at) + 12, flags);
            return readable(at, 16);
        }

        Raw writable(long address, int bytes) {
            addresses.add(address);
            lengths.add(bytes);
            return this;
        }

        /** Makes the chain available, and no more. */
        int publish() {
            int head = ring.add(
                    addresses.stream().mapToLong(Long::longValue).toArray(),
                    lengths.stream().mapToInt(Integer::intValue).toArray(),
                    readable,
                    addresses.size());
            ring.publish();
            return head;
        }

        /** Runs the chain and returns the used length. */
        int run() {
            int head = publish();
            for (int i = 0; i < 1000; i++) {
                served.poll();
                int used = ring.poll();
                if (used >= 0) {
                    if (used != head) {
                        throw new IllegalStateException("head " + used + ", not " + head);
                    }
                    return ring.usedLength();
                }
            }
            throw new IllegalStateException("no answer");
        }

        /** Appends a status byte of its own, runs the chain, and returns the status. */
        int status() {
            long at = statusByte();
            writable(at, 1);
            run();
            return bytes(at, 1)[0];
        }
    }

    Raw raw() {
        return new Raw();
    }

    /** A byte of guest memory that holds no status yet. */
    long statusByte() {
        long at = area.allocate(1, 1);
        memory.set(ValueLayout.JAVA_BYTE, area.offset(at), (byte) 0x7f);
        return at;
    }
}
