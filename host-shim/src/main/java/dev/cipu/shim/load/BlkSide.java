package dev.cipu.shim.load;

import dev.cipu.shim.vhost.frontend.FrontEnd;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.blk.BlkConfig;
import dev.cipu.virtio.blk.BlkFeature;
import dev.cipu.virtio.blk.BlkRequest;
import dev.cipu.virtio.memory.Le;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** A block device under load: its connection, its request queues, and what went wrong. Owned by the load's thread. */
final class BlkSide implements AutoCloseable {
    private static final FeatureSet USED =
            FeatureSet.of(BlkFeature.RO, BlkFeature.BLK_SIZE, BlkFeature.FLUSH, BlkFeature.TOPOLOGY);

    /** What we look at ends here; back-ends of older versions of the specification have not much more. */
    private static final int CONFIG_BYTES = BlkConfig.MAX_DISCARD_SECTORS;

    /** Blocks of a verified span, each costs 4 bytes of heap. */
    private static final int MAX_VERIFIED_BLOCKS = 1 << 24;

    final BlkTally tally = new BlkTally();
    final LatencyRecorder latency = new LatencyRecorder();
    final FrontEnd frontEnd;
    final StallWatch watch;
    final LoadQueues queues;
    final BlkLane[] lanes;

    /** Bytes of the device. */
    final long capacity;

    /** Blocks in use, from the device's start. */
    final long blocks;

    /** What was written where; for a verifying load. */
    final @Nullable BlockLedger ledger;

    private BlkSide(BlkLoadSpec spec, FrontEnd frontEnd) {
        this.frontEnd = frontEnd;
        watch = new StallWatch(frontEnd, spec.target().timeout());
        byte[] config = frontEnd.readConfig(0, CONFIG_BYTES);
        MemorySegment fields = MemorySegment.ofArray(config);
        capacity = fields.get(Le.LONG_UNALIGNED, BlkConfig.CAPACITY) * BlkRequest.SECTOR_BYTES;
        check(spec, frontEnd.offered(), fields);
        long span = spec.spanBytes() == 0 ? capacity : Math.min(spec.spanBytes(), capacity);
        long whole = span / spec.blockBytes();
        blocks = spec.verify() ? Math.min(whole, MAX_VERIFIED_BLOCKS) : whole;
        if (blocks == 0) {
            throw new LoadException("the span of " + span + " bytes holds no block of " + spec.blockBytes());
        }
        if (spec.queues() > frontEnd.maxQueues()) {
            throw new LoadException("the device has " + frontEnd.maxQueues() + " request queues of " + spec.queues());
        }
        frontEnd.start(spec.queues());
        queues = new LoadQueues(frontEnd, spec.queues());
        ledger = spec.verify() ? new BlockLedger((int) blocks) : null;
        BlockPattern pattern = spec.verify() ? new BlockPattern(System.nanoTime()) : null;
        lanes = new BlkLane[spec.queues()];
        for (int i = 0; i < lanes.length; i++) {
            lanes[i] = new BlkLane(frontEnd.queue(i), frontEnd.memory(), spec, tally, latency, pattern, ledger);
        }
    }

    /** Connects to the device, see {@link BlkLoad#connect}. */
    static BlkSide connect(BlkLoadSpec spec) {
        Target target = spec.target();
        FeatureSet wanted = target.ringFeatures().or(USED);
        if (spec.queues() > 1) {
            wanted = wanted.with(BlkFeature.MQ);
        }
        return target.connect(
                wanted,
                target.indirect() ? BlkLoadSpec.PARTS : 0,
                spec.queues(),
                BlkLane.memoryBytes(spec) * spec.queues(),
                frontEnd -> new BlkSide(spec, frontEnd));
    }

    private void check(BlkLoadSpec spec, FeatureSet offered, MemorySegment config) {
        if (capacity <= 0) {
            throw new LoadException("the device has no sectors: is it a block device?");
        }
        if (offered.has(BlkFeature.RO) && spec.workload().writes()) {
            throw new LoadException("the device is read-only");
        }
        int logical = config.get(Le.INT_UNALIGNED, BlkConfig.BLK_SIZE);
        if (offered.has(BlkFeature.BLK_SIZE) && logical > 0 && spec.blockBytes() % logical != 0) {
            throw new LoadException(
                    "requests of " + spec.blockBytes() + " bytes do not fit blocks of " + logical + " bytes");
        }
        if (spec.target().indirect()
                && !offered.has(RingFeature.INDIRECT_DESC)
                && spec.depth() * BlkLoadSpec.PARTS > spec.target().queueSize()) {
            throw new LoadException("the device offers no indirect tables, and a ring of "
                    + spec.target().queueSize() + " cannot hold " + spec.depth() + " requests without");
        }
    }

    /** The requests that the load asks for. */
    BlkSource source(BlkWorkload workload) {
        return new WorkloadSource(workload, blocks, System.nanoTime(), ledger);
    }

    /** Requests under way. */
    int inFlight() {
        int sum = 0;
        for (BlkLane lane : lanes) {
            sum += lane.inFlight();
        }
        return sum;
    }

    /** Asks to be called when a request completes; whether none has even now. */
    boolean awaitCalls() {
        boolean nothing = true;
        for (BlkLane lane : lanes) {
            nothing &= lane.queue().ring().awaitCalls();
        }
        return nothing;
    }

    @Override
    public void close() {
        frontEnd.close();
    }
}
