package dev.cipu.dataplane.blk;

/** What a store is asked to do. */
public enum BlockOp {
    READ,
    WRITE,
    /** Makes every write that completed before durable. */
    FLUSH,
    /** Gives blocks back; what they read as afterwards is open. */
    DISCARD,
    /** Makes blocks read as zeroes. */
    WRITE_ZEROES,
    /** Overwrites blocks, as durably as the store can, and gives them back. They read as zeroes. */
    SECURE_ERASE
}
