package dev.cipu.shim.assembly;

import dev.cipu.shim.probe.Pause;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.blk.BlkConfig;
import dev.cipu.virtio.blk.BlkRequest;
import dev.cipu.virtio.driver.BlkDriver;
import dev.cipu.virtio.memory.Le;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;

/** A guest with a disk that is a function: it writes blocks of its own and reads them back. */
final class BlkGuest extends FunctionDriver {
    static final int BLOCK = 4096;

    private final long buffer = memory.allocate(BLOCK, BLOCK);
    private BlkDriver driver;

    BlkGuest(Path socket) {
        this(socket, FeatureSet.NONE);
    }

    BlkGuest(Path socket, FeatureSet wanted) {
        super(socket);
        driver = start(wanted);
    }

    /** Sets the device up anew, after a reset. */
    void again() {
        becomeMaster();
        driver = start(FeatureSet.NONE);
    }

    private BlkDriver start(FeatureSet wanted) {
        negotiate(wanted);
        useVectors();
        BlkDriver made = new BlkDriver(queue(0), memory);
        made.ring().suppressCalls();
        driverOk();
        return made;
    }

    long sectors() {
        return ByteBuffer.wrap(registers.device(BlkConfig.CAPACITY, Long.BYTES))
                .order(ByteOrder.LITTLE_ENDIAN)
                .getLong();
    }

    /** Gives a request to the device, whether or not it answers. */
    void give(int type, long block) {
        driver.submit(type, block * (BLOCK / BlkRequest.SECTOR_BYTES), buffer, BLOCK);
        driver.publish();
    }

    /** Whether the request comes back in time, and well. */
    boolean take() {
        return Pause.until(() -> driver.poll() >= 0, LIMIT) && driver.status() == BlkRequest.OK;
    }

    private MemorySegment block() {
        return memory.slice(buffer, BLOCK);
    }

    /** Writes a block that is full of a number. */
    void write(long block, long number) {
        for (long at = 0; at < BLOCK; at += Long.BYTES) {
            block().set(Le.LONG_UNALIGNED, at, number);
        }
        give(BlkRequest.OUT, block);
        check(block);
    }

    private void check(long block) {
        if (!take()) {
            throw new AssertionError("block " + block + ": status " + driver.status());
        }
    }

    /** The number that a block is full of. */
    long read(long block) {
        block().fill((byte) 0x5a);
        give(BlkRequest.IN, block);
        check(block);
        long number = block().get(Le.LONG_UNALIGNED, 0);
        for (long at = 0; at < BLOCK; at += Long.BYTES) {
            if (block().get(Le.LONG_UNALIGNED, at) != number) {
                throw new AssertionError("block " + block + " is no whole block");
            }
        }
        return number;
    }
}
