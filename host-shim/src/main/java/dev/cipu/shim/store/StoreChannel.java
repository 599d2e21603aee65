package dev.cipu.shim.store;

import dev.cipu.dataplane.blk.BlockChannel;
import java.lang.foreign.Arena;

/** What both ways into a file have in common: a task a slot, and a record of the operations issued. */
abstract sealed class StoreChannel implements BlockChannel permits RingChannel, CallChannel {
    protected final Arena arena = Arena.ofShared();
    protected final FileTask[] tasks;
    private final long[] issued = new long[FileOp.LIMIT];
    private long durable;

    StoreChannel(int tasks, int alignment, Holes holes) {
        this.tasks = new FileTask[tasks];
        for (int i = 0; i < tasks; i++) {
            this.tasks[i] = new FileTask(arena, alignment, holes);
        }
    }

    protected final void record(FileTask task) {
        issued[task.opcode()]++;
        if (task.opcode() != FileOp.FSYNC && (task.flags() & FileOp.RWF_DSYNC) != 0) {
            durable++;
        }
    }

    /** Operations of this kind handed to the kernel so far, see {@link FileOp}. */
    final long issued(int opcode) {
        return issued[opcode];
    }

    /** Writes handed to the kernel that had to be durable when they completed. */
    final long durableWrites() {
        return durable;
    }
}
