package dev.cipu.shim.trace;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import net.openhft.chronicle.queue.impl.table.SingleTableStore;
import net.openhft.chronicle.wire.Wires;

/**
 * The first word of each file of a trace, which says that the file has a head. A card writes it when it begins a file; in one of zeroes, as
 * a disk leaves it that lost its power, it never comes, and Chronicle waits ten seconds for it.
 */
final class FileHeads {
    /** How long to wait for a card that has only just begun. */
    static final long WAIT_MILLIS = 200;

    private static final long LOOK_MILLIS = 10;

    private FileHeads() {}

    /**
     * Waits until all files have their heads.
     *
     * @throws TraceException if one has none
     */
    static void await(Path directory) throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.list(directory)) {
            files = all.filter(FileHeads::isChronicles).toList();
        }
        long deadline = System.nanoTime() + WAIT_MILLIS * 1_000_000;
        for (Path file : files) {
            while (isMissing(file)) {
                if (System.nanoTime() - deadline >= 0) {
                    throw new TraceException(directory + " is damaged: the file " + file.getFileName()
                            + " has no beginning; record again");
                }
                pause();
            }
        }
    }

    private static boolean isChronicles(Path file) {
        String name = file.toString();
        return name.endsWith(ChronicleFiles.DATA_SUFFIX) || name.endsWith(SingleTableStore.SUFFIX);
    }

    /** Of a file that is shorter than a word Chronicle knows itself that it has none. */
    private static boolean isMissing(Path file) throws IOException {
        ByteBuffer word = ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        try (FileChannel channel = FileChannel.open(file)) {
            return channel.read(word) == Integer.BYTES && !Wires.isReady(word.getInt(0));
        }
    }

    private static void pause() {
        try {
            Thread.sleep(LOOK_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TraceException("interrupted while a trace was opened", e);
        }
    }
}
