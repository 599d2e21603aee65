package dev.cipu.shim.trace;

import java.nio.file.Path;
import net.openhft.chronicle.queue.ChronicleQueue;
import net.openhft.chronicle.queue.RollCycles;
import net.openhft.chronicle.queue.impl.single.SingleChronicleQueue;
import net.openhft.chronicle.queue.impl.single.SingleChronicleQueueBuilder;

/** How the files of a trace are opened. Their settings stand in the directory, so that a reader finds them. */
final class ChronicleFiles {
    /** The suffix of the files that have the documents. */
    static final String DATA_SUFFIX = SingleChronicleQueue.SUFFIX;

    /** By how much a file grows: what is not written yet takes no space on the disk. */
    private static final int BLOCK_BYTES = 64 << 20;

    static {
        // Chronicle looks after disks of its own accord, from a thread that would outlive the card; the recorder looks
        // itself
        System.setProperty("chronicle.disk.monitor.disable", "true");
        // nor does it have anything to say to the card's user
        System.setProperty("chronicle.announcer.disable", "true");
    }

    private ChronicleFiles() {}

    static ChronicleQueue create(Path directory) {
        return builder(directory).build();
    }

    static ChronicleQueue open(Path directory) {
        return builder(directory)
                .readOnly(true)
                .timeoutMS(FileHeads.WAIT_MILLIS)
                .build();
    }

    private static SingleChronicleQueueBuilder builder(Path directory) {
        return SingleChronicleQueueBuilder.binary(directory)
                .rollCycle(RollCycles.FAST_DAILY)
                .blockSize(BLOCK_BYTES);
    }
}
