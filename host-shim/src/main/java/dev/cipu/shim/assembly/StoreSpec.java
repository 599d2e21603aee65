package dev.cipu.shim.assembly;

import java.nio.file.Path;

/** Where the blocks of a device are kept. */
public sealed interface StoreSpec {
    /** Memory of the card, gone when it ends. */
    record Memory(long bytes) implements StoreSpec {}

    /** Nowhere: writes are forgotten, reads leave the buffer as it is. For measurements. */
    record Nothing(long bytes) implements StoreSpec {}

    /**
     * A file or block device.
     *
     * @param direct past the host's page cache
     * @param readOnly opened for reading alone
     * @param createBytes size of the file to make if there is none, 0 to insist on one
     */
    record OnFile(Path path, boolean direct, boolean readOnly, long createBytes) implements StoreSpec {}
}
