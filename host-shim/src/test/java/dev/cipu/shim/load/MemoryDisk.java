package dev.cipu.shim.load;

import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.blk.BlkConfig;
import dev.cipu.virtio.blk.BlkFeature;
import dev.cipu.virtio.blk.BlkRequest;
import dev.cipu.virtio.memory.Le;
import dev.cipu.virtio.ring.Chain;
import dev.cipu.virtio.ring.SplitQueue;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A disk in memory for {@link ScriptedBackEnd}; it can be told to lose or to corrupt writes. */
final class MemoryDisk implements ScriptedBackEnd.Device {
    static final FeatureSet FEATURES = FeatureSet.of(
            RingFeature.VERSION_1,
            RingFeature.EVENT_IDX,
            RingFeature.INDIRECT_DESC,
            BlkFeature.FLUSH,
            BlkFeature.BLK_SIZE,
            BlkFeature.MQ);

    private final MemorySegment disk;
    private final MemorySegment scratch = Arena.ofAuto().allocate(16);
    private final Chain chain = new Chain();
    private volatile long loseWrite = -1;
    private volatile long failRequest = -1;
    private volatile long tearWrite = -1;
    private long count;

    MemoryDisk(long bytes) {
        disk = Arena.ofAuto().allocate(bytes, 4096);
    }

    static byte[] config(long bytes) {
        byte[] config = new byte[BlkConfig.BYTES];
        MemorySegment fields = MemorySegment.ofArray(config);
        fields.set(Le.LONG_UNALIGNED, BlkConfig.CAPACITY, bytes / BlkRequest.SECTOR_BYTES);
        fields.set(Le.INT_UNALIGNED, BlkConfig.BLK_SIZE, BlkRequest.SECTOR_BYTES);
        return config;
    }

    /** From this request on writes are acknowledged and forgotten. */
    MemoryDisk loseWritesFrom(long request) {
        loseWrite = request;
        return this;
    }

    /** This request fails. */
    MemoryDisk fail(long request) {
        failRequest = request;
        return this;
    }

    /** From this request on the last byte of a write is not stored. */
    MemoryDisk tearWritesFrom(long request) {
        tearWrite = request;
        return this;
    }

    @Override
    public int serve(int index, SplitQueue queue, List<@Nullable SplitQueue> all) {
        int done = 0;
        while (done < 16 && queue.pop(chain)) {
            queue.push(chain.head(), request());
            done++;
        }
        queue.publish();
        return done;
    }

    private int request() {
        long number = count++;
        chain.read(0, scratch, 0, BlkRequest.HEADER_BYTES);
        int type = scratch.get(Le.INT_UNALIGNED, 0);
        long at = scratch.get(Le.LONG_UNALIGNED, 8) * BlkRequest.SECTOR_BYTES;
        int written = 1;
        if (type == BlkRequest.IN) {
            int bytes = (int) chain.writableBytes() - 1;
            chain.write(0, disk, at, bytes);
            written += bytes;
        } else if (type == BlkRequest.OUT && (loseWrite < 0 || number < loseWrite)) {
            int bytes = (int) chain.readableBytes() - BlkRequest.HEADER_BYTES;
            chain.read(BlkRequest.HEADER_BYTES, disk, at, tearWrite >= 0 && number >= tearWrite ? bytes - 1 : bytes);
        }
        scratch.set(ValueLayout.JAVA_BYTE, 0, number == failRequest ? BlkRequest.IOERR : BlkRequest.OK);
        chain.write(chain.writableBytes() - 1, scratch, 0, 1);
        return written;
    }
}
