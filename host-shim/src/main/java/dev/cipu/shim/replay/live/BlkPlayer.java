package dev.cipu.shim.replay.live;

import dev.cipu.shim.load.BlockPattern;
import dev.cipu.shim.replay.Contents;
import dev.cipu.shim.replay.LeftOut;
import dev.cipu.shim.replay.ReplayException;
import dev.cipu.shim.replay.Tape;
import dev.cipu.shim.trace.Transaction;
import dev.cipu.shim.vhost.frontend.FrontEnd;
import dev.cipu.shim.vhost.frontend.FrontEndQueue;
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
final class BlkPlayer implements Player {
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

    private final FrontEnd frontEnd;
    private final Writes writes;
    private final LiveTally tally;
    private final Places places;
    private final int dataBytes;
    private final Lane[] lanes;

    /** A request queue, and a slot with a data buffer for each request that may be under way. */
    private static final class Lane {
        private final FrontEndQueue queue;
        private final BlkDriver driver;
        private final long[] data;
        private final long[] started;
        private final Operation[] operations;
        private final long[] sectors;
        private final int[] freeSlots;
        private final int[] slotOfToken;
        private int free;
        private boolean dirty;

        Lane(FrontEndQueue queue, DriverMemory memory, int depth, int dataBytes) {
            this.queue = queue;
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
        }
    }

    private BlkPlayer(LiveSpec spec, FrontEnd frontEnd, List<Contents.Queue> queues, LiveTally tally) {
        this.frontEnd = frontEnd;
        this.writes = spec.writes();
        this.tally = tally;
        check(spec, queues);
        places = places(queues, frontEnd.maxQueues());
        frontEnd.start(places.count());
        lanes = new Lane[places.count()];
        dataBytes = dataBytes(queues);
        int depth = depth(spec, dataBytes, places(queues, Places.MOST).count());
        for (int i = 0; i < lanes.length; i++) {
            lanes[i] = new Lane(frontEnd.queue(i), frontEnd.memory(), depth, dataBytes);
            lanes[i].queue.ring().suppressCalls();
        }
    }

    /** Connects to the device, and checks that it can have what the trace has before anything is sent. */
    static BlkPlayer connect(LiveSpec spec, List<Contents.Queue> queues, LiveTally tally) {
        int count = places(queues, Places.MOST).count();
        int dataBytes = dataBytes(queues);
        int depth = depth(spec, dataBytes, count);
        long each = (long) depth * dataBytes + (long) SLOT_BYTES * spec.target().queueSize() + 2 * DATA_ALIGN;
        return spec.target()
                .connect(
                        spec.target().ringFeatures().or(USED),
                        spec.target().indirect() ? PARTS : 0,
                        count,
                        each * count,
                        frontEnd -> new BlkPlayer(spec, frontEnd, queues, tally));
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

    private void check(LiveSpec spec, List<Contents.Queue> queues) {
        MemorySegment config = MemorySegment.ofArray(frontEnd.readConfig(0, BlkConfig.MAX_DISCARD_SECTORS));
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
        if (spec.writes() == Writes.SEND && frontEnd.offered().has(BlkFeature.RO)) {
            throw new ReplayException("the disk at " + spec.target().socket()
                    + " is read-only: nothing was sent; say --writes skip to leave writes out");
        }
    }

    @Override
    public @Nullable LeftOut refuses(Tape tape) {
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
            case FLUSH -> frontEnd.negotiated().has(BlkFeature.FLUSH);
            case DISCARD ->
                frontEnd.negotiated()
                        .has(
                                switch (type) {
                                    case BlkRequest.WRITE_ZEROES -> BlkFeature.WRITE_ZEROES;
                                    case BlkRequest.SECURE_ERASE -> BlkFeature.SECURE_ERASE;
                                    default -> BlkFeature.DISCARD;
                                });
            case READ, WRITE, SEND, RECEIVE -> true;
        };
    }

    private Lane lane(Tape tape) {
        return lanes[places.of(tape.transaction().queue())];
    }

    @Override
    public boolean hasRoom(Tape tape) {
        return lane(tape).free > 0;
    }

    @Override
    public void send(Tape tape, long now) {
        Lane lane = lane(tape);
        Transaction each = tape.transaction();
        Operation operation = tape.operation();
        int slot = lane.freeSlots[lane.free - 1];
        int bytes = tape.bytes();
        if (operation == Operation.WRITE) {
            fill(lane.data[slot], each, bytes);
        } else if (operation == Operation.DISCARD) {
            MemorySegment.copy(
                    each.bytes(),
                    0,
                    frontEnd.memory().segment(),
                    frontEnd.memory().offset(lane.data[slot]),
                    bytes);
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
        lane.dirty = true;
    }

    /** What the trace has of the data; for the rest a pattern that the sector alone decides. */
    private void fill(long data, Transaction each, int bytes) {
        MemorySegment memory = frontEnd.memory().segment();
        long at = frontEnd.memory().offset(data);
        int captured = Math.min(each.captured(), bytes);
        if (captured < bytes) {
            int sectors = (bytes + BlkRequest.SECTOR_BYTES - 1) / BlkRequest.SECTOR_BYTES;
            PATTERN.fill(memory, at, sectors * BlkRequest.SECTOR_BYTES, each.sector(), 0);
        }
        MemorySegment.copy(each.bytes(), 0, memory, at, captured);
    }

    @Override
    public void publish() {
        for (Lane lane : lanes) {
            if (lane.dirty) {
                lane.dirty = false;
                lane.queue.publish();
            }
        }
    }

    @Override
    public int reap() {
        int done = 0;
        for (Lane lane : lanes) {
            done += reap(lane);
        }
        return done;
    }

    private int reap(Lane lane) {
        int token = lane.driver.poll();
        if (token < 0) {
            return 0;
        }
        long now = System.nanoTime();
        int done = 0;
        do {
            int slot = lane.slotOfToken[token];
            Operation operation = lane.operations[slot];
            tally.done(operation, now - lane.started[slot]);
            if (lane.driver.status() != BlkRequest.OK) {
                tally.failed(
                        operation,
                        "one of the " + operation.plural() + ", of sector " + Long.toUnsignedString(lane.sectors[slot])
                                + ", ended with status " + Byte.toUnsignedInt(lane.driver.status()));
            }
            lane.freeSlots[lane.free++] = slot;
            done++;
            token = lane.driver.poll();
        } while (token >= 0);
        return done;
    }

    @Override
    public int underWay() {
        int sum = 0;
        for (Lane lane : lanes) {
            sum += lane.data.length - lane.free;
        }
        return sum;
    }

    @Override
    public int queues() {
        return places.count();
    }

    @Override
    public int recordedQueues() {
        return places.recorded();
    }

    @Override
    public FrontEnd frontEnd() {
        return frontEnd;
    }
}
