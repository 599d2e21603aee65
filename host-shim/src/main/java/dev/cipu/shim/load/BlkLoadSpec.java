package dev.cipu.shim.load;

import dev.cipu.virtio.blk.BlkRequest;

/**
 * A load on a block device.
 *
 * @param target the device
 * @param workload which blocks, read or written
 * @param blockBytes bytes of a request, whole sectors
 * @param depth requests under way on each queue
 * @param queues request queues in use
 * @param spanBytes how much of the device is used, from its start; 0 for all of it
 * @param run how long, and on what
 * @param verify whether written blocks carry their place and generation, and are read back and checked
 * @param reconnect whether a lost back-end is waited for and gets the requests under way once more
 */
public record BlkLoadSpec(
        Target target,
        BlkWorkload workload,
        int blockBytes,
        int depth,
        int queues,
        long spanBytes,
        RunSpec run,
        boolean verify,
        boolean reconnect) {
    private static final int MAX_BLOCK_BYTES = 1 << 26;

    /** Header, data and status. */
    static final int PARTS = 3;

    public BlkLoadSpec {
        if (blockBytes <= 0 || blockBytes > MAX_BLOCK_BYTES || blockBytes % BlkRequest.SECTOR_BYTES != 0) {
            throw new IllegalArgumentException("block size " + blockBytes + " is no multiple of 512 up to 64M");
        }
        if (queues < 1 || queues > 256) {
            throw new IllegalArgumentException(queues + " queues, not 1..256");
        }
        int room = target.indirect() ? target.queueSize() : target.queueSize() / PARTS;
        if (depth < 1 || depth > room) {
            throw new IllegalArgumentException("depth " + depth + " is not in 1.." + room + ", what rings of "
                    + target.queueSize() + " hold" + (target.indirect() ? "" : " without indirect tables"));
        }
        if (verify && !workload.writes()) {
            throw new IllegalArgumentException("only a load that writes can be verified");
        }
    }

    /** Unverified requests on one queue over the whole device, the connection not restored. */
    public static BlkLoadSpec of(Target target, BlkWorkload workload, int blockBytes, int depth, RunSpec run) {
        return new BlkLoadSpec(target, workload, blockBytes, depth, 1, 0, run, false, false);
    }

    public BlkLoadSpec withQueues(int number) {
        return new BlkLoadSpec(target, workload, blockBytes, depth, number, spanBytes, run, verify, reconnect);
    }

    public BlkLoadSpec withSpan(long bytes) {
        return new BlkLoadSpec(target, workload, blockBytes, depth, queues, bytes, run, verify, reconnect);
    }

    public BlkLoadSpec withVerify(boolean on) {
        return new BlkLoadSpec(target, workload, blockBytes, depth, queues, spanBytes, run, on, reconnect);
    }

    public BlkLoadSpec withReconnect(boolean on) {
        return new BlkLoadSpec(target, workload, blockBytes, depth, queues, spanBytes, run, verify, on);
    }
}
