package dev.cipu.shim.replay.live;

import dev.cipu.shim.load.BlockPattern;
import dev.cipu.shim.probe.DeviceKind;
import dev.cipu.shim.replay.Contents;
import dev.cipu.shim.replay.LeftOut;
import dev.cipu.shim.replay.ReplayException;
import dev.cipu.shim.replay.Tape;
import dev.cipu.shim.trace.Transaction;
import dev.cipu.sim.model.Operation;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.blk.BlkConfig;
import dev.cipu.virtio.blk.BlkFeature;
import dev.cipu.virtio.blk.BlkRequest;
import dev.cipu.virtio.driver.BlkDriver;
import dev.cipu.virtio.driver.DriverMemory;
import dev.cipu.virtio.memory.Le;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Sends recorded requests to a block device. */
final class BlkPlayer extends Player {
    static final FeatureSet USED = FeatureSet.of(
            BlkFeature.RO,
            BlkFeature.BLK_SIZE,
            BlkFeature.FLUSH,
            BlkFeature.MQ,
            BlkFeature.DISCARD,
            BlkFeature.WRITE_ZEROES,
            BlkFeature.SECURE_ERASE);

    /** The same in every run, so that a replay leaves the same disk. */
    private static final BlockPattern PATTERN = new BlockPattern(0);

    /** Header, data and status. */
    private static final int PARTS = 3;

    private static final int DATA_ALIGN = 4096;
    private static final int SLOT_BYTES = 32;

    /** Of data buffers, of all queues together. */
    private static final long MOST_DATA = 128L << 20;

    private final Writes writes;
    private final int dataBytes;
    private final Requests[] lanes;

    /** A request queue, and a slot with a data buffer for each request that may be under way. */
    private static final class Requests extends Lane {
        private final LiveTally tally;
        private final BlkDriver driver;
        private final long[] data;
        private final long[] started;
        private final Operation[] operations;
        private final long[] sectors;
        private final int[] freeSlots;
        private final int[] slotOfToken;
        private int free;

        Requests(LiveQueue queue, DriverMemory memory, int depth, int dataBytes, LiveTally tally) {
            super(queue);
            this.tally = tally;
            driver = new BlkDriver(queue.ring(), memory);
            data = new long[depth];
            started = new long[depth];
            operations = new Operation[depth];
            sectors = new long[depth];
            freeSlots = new int[depth];
            slotOfToken = new int[queue.ring().size()];
            for (int slot = 0; slot < depth; slot++) {
                data[slot] = memory.allocate(dataBytes, DATA_ALIGN);
                freeSlots[slot] = depth - 1 - slot;
            }
            free = depth;
            queue.ring().suppressCalls();
        }

        @Override
        int reap() {
            int token = driver.poll();
            if (token < 0) {
                return 0;
            }
            long now = System.nanoTime();
            int done = 0;
            do {
                int slot = slotOfToken[token];
                Operation operation = operations[slot];
                tally.done(operation, now - started[slot]);
                if (driver.status() != BlkRequest.OK) {
                    tally.failed(
                            operation,
                            "one of the " + operation.plural() + ", of sector " + Long.toUnsignedString(sectors[slot])
                                    + ", ended with status " + Byte.toUnsignedInt(driver.status()));
                }
                freeSlots[free++] = slot;
                done++;
                token = driver.poll();
            } while (token >= 0);
            return done;
        }

        @Override
        int underWay() {
            return data.length - free;
        }
    }

    private BlkPlayer(LiveDevice device, Places places, Requests[] lanes, Writes writes, int dataBytes) {
        super(device, places, lanes);
        this.lanes = lanes;
        this.writes = writes;
        this.dataBytes = dataBytes;
    }

    /** Connects to the device, and checks that it can have what the trace has before anything is sent. */
    static BlkPlayer connect(LiveSpec spec, List<Contents.Queue> queues, LiveTally tally) {
        int count = places(queues, Places.MOST).count();
        int dataBytes = dataBytes(queues);
        int depth = depth(spec, dataBytes, count);
        long each = (long) depth * dataBytes + (long) SLOT_BYTES * spec.target().queueSize() + 2 * DATA_ALIGN;
        return LiveDevice.connect(
                spec,
                DeviceKind.BLK,
                new LiveDevice.Needs(USED, spec.target().indirect() ? PARTS : 0, count, each * count),
                device -> start(spec, device, queues, depth, dataBytes, tally));
    }

    private static BlkPlayer start(
            LiveSpec spec, LiveDevice device, List<Contents.Queue> queues, int depth, int dataBytes, LiveTally tally) {
        check(spec, device, queues);
        Places places = places(queues, device.maxQueues());
        device.start(places.count());
        int room = Math.min(depth, device.queue(0).ring().size() / PARTS);
        if (room == 0) {
            throw new ReplayException("a ring of " + device.queue(0).ring().size() + " has no room for a request of "
                    + PARTS + " descriptors: nothing was sent; say a larger --queue-size");
        }
        Requests[] lanes = new Requests[places.count()];
        for (int i = 0; i < lanes.length; i++) {
            lanes[i] = new Requests(device.queue(i), device.memory(), room, dataBytes, tally);
        }
        return new BlkPlayer(device, places, lanes, spec.writes(), dataBytes);
    }

    private static Places places(List<Contents.Queue> queues, int there) {
        return new Places(queues.stream().mapToInt(Contents.Queue::index).toArray(), there);
    }

    private static int dataBytes(List<Contents.Queue> queues) {
        int longest = queues.stream().mapToInt(Contents.Queue::longest).max().orElse(0);
        return (Math.max(longest, 1) + DATA_ALIGN - 1) & -DATA_ALIGN;
    }

    private static int depth(LiveSpec spec, int dataBytes, int queues) {
        int ring = spec.target().queueSize() / PARTS;
        return Math.clamp(MOST_DATA / queues / dataBytes, 1, Math.max(1, ring));
    }

    private static void check(LiveSpec spec, LiveDevice device, List<Contents.Queue> queues) {
        MemorySegment config = MemorySegment.ofArray(device.readConfig(0, BlkConfig.MAX_DISCARD_SECTORS));
        long capacity = config.get(Le.LONG_UNALIGNED, BlkConfig.CAPACITY);
        if (capacity <= 0) {
            throw new ReplayException("the device at " + spec.target().socket() + " has no sectors: is it a disk?");
        }
        long end = queues.stream().mapToLong(Contents.Queue::sectorEnd).max().orElse(0);
        if (end > capacity) {
            throw new ReplayException(
                    "the trace reaches sector " + Long.toUnsignedString(end - 1) + ", and the disk at "
                            + spec.target().socket() + " ends at " + (capacity - 1)
                            + ": nothing was sent; take a larger disk, or choose with --device or --queue");
        }
        if (spec.writes() == Writes.SEND && device.offered().has(BlkFeature.RO)) {
            throw new ReplayException("the disk at " + spec.target().socket()
                    + " is read-only: nothing was sent; say --writes skip to leave writes out");
        }
    }

    @Override
    @Nullable
    LeftOut refuses(Tape tape) {
        Operation operation = tape.operation();
        if (operation.isFrame()) {
            return LeftOut.OTHER;
        }
        if (writes == Writes.SKIP && (operation == Operation.WRITE || operation == Operation.DISCARD)) {
            return LeftOut.WRITE;
        }
        Transaction each = tape.transaction();
        if (operation == Operation.DISCARD && each.captured() < each.length()) {
            return LeftOut.WITHOUT_RANGES;
        }
        if (tape.bytes() > dataBytes) {
            return LeftOut.TOO_LONG;
        }
        return offers(operation, each.operation()) ? null : LeftOut.NOT_OFFERED;
    }

    private boolean offers(Operation operation, int type) {
        return switch (operation) {
            case FLUSH -> device().negotiated().has(BlkFeature.FLUSH);
            case DISCARD ->
                device().negotiated()
                        .has(
                                switch (type) {
                                    case BlkRequest.WRITE_ZEROES -> BlkFeature.WRITE_ZEROES;
                                    case BlkRequest.SECURE_ERASE -> BlkFeature.SECURE_ERASE;
                                    default -> BlkFeature.DISCARD;
                                });
            case READ, WRITE, SEND, RECEIVE -> true;
        };
    }

    private Requests lane(Tape tape) {
        return lanes[place(tape.transaction().queue())];
    }

    @Override
    boolean hasRoom(Tape tape) {
        return lane(tape).free > 0;
    }

    @Override
    void send(Tape tape, long now) {
        Requests lane = lane(tape);
        Transaction each = tape.transaction();
        Operation operation = tape.operation();
        int slot = lane.freeSlots[lane.free - 1];
        int bytes = tape.bytes();
        if (operation == Operation.WRITE) {
            fill(lane.data[slot], each, bytes);
        } else if (operation == Operation.DISCARD) {
            each.copyTo(device().memory().segment(), device().memory().offset(lane.data[slot]), bytes);
        }
        int type = operation == Operation.WRITE ? BlkRequest.OUT : each.operation();
        int token = lane.driver.submit(type, each.sector(), lane.data[slot], bytes);
        if (token < 0) {
            throw new IllegalStateException("a ring with room for " + lane.data.length + " requests is full");
        }
        lane.free--;
        lane.slotOfToken[token] = slot;
        lane.started[slot] = now;
        lane.operations[slot] = operation;
        lane.sectors[slot] = each.sector();
        lane.put();
    }

    /** What the trace has of the data; for the rest a pattern that the sector alone decides. */
    private void fill(long data, Transaction each, int bytes) {
        MemorySegment memory = device().memory().segment();
        long at = device().memory().offset(data);
        int captured = Math.min(each.captured(), bytes);
        if (captured < bytes) {
            int sectors = (bytes + BlkRequest.SECTOR_BYTES - 1) / BlkRequest.SECTOR_BYTES;
            PATTERN.fill(memory, at, sectors * BlkRequest.SECTOR_BYTES, each.sector(), 0);
        }
        each.copyTo(memory, at, captured);
    }
}
