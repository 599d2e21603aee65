package dev.cipu.bench.versus;

import dev.cipu.bench.process.ScratchFile;
import dev.cipu.bench.process.StorageDaemon;

/**
 * What is behind both block back-ends.
 *
 * @param name in the names of cases
 * @param ourStore as {@code cipu serve --blk store=} takes it
 * @param peerNode as {@code qemu-storage-daemon --blockdev} takes it, node-name=disk
 * @param peerLabel the peer's node in a few words
 */
record BlkNode(String name, String ourStore, String peerNode, String peerLabel) {
    /** Nothing on both sides. */
    static BlkNode nothing() {
        return new BlkNode("null", "null:1G", StorageDaemon.NULL_NODE, "null node");
    }

    /** Our memory against the peer's null node, which does not even copy. */
    static BlkNode memory() {
        return new BlkNode("mem", "mem:256M", StorageDaemon.NULL_NODE, "null node");
    }

    /** Two equal files. */
    static BlkNode file(String name, ScratchFile ours, ScratchFile peers, boolean direct) {
        return new BlkNode(
                name,
                "file:" + ours.path() + ",direct=" + (direct ? "on" : "off"),
                "driver=file,node-name=disk,filename=" + peers.path() + ",aio=io_uring,cache.direct="
                        + (direct ? "on" : "off"),
                "file on " + ours.path().getParent() + ", io_uring" + (direct ? ", O_DIRECT" : ""));
    }
}
