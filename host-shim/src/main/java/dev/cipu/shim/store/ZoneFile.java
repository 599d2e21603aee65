package dev.cipu.shim.store;

import dev.cipu.dataplane.blk.ZoneTable;
import dev.cipu.dataplane.blk.Zones;
import dev.cipu.virtio.blk.BlkRequest;
import dev.cipu.virtio.blk.ZoneTraits;
import dev.cipu.virtio.memory.Le;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Objects;

/**
 * What is known of a disk's zones, in a file beside it, mapped into memory: a word that was saved survives this process at
 * once, as the disk's own pages do.
 *
 * <pre>
 * head (64 bytes)   0 magic:64   8 version:32   12 conventional:32   16 zone_sectors:64   24 disk_sectors:64
 * then a word of 64 bits for each zone, see {@link Zones}
 * </pre>
 *
 * <p>A file that is made is written whole under another name first, so that no half of one is ever found. A disk that had
 * data before it had zones begins with those zones full that have any: nothing is lost, and nothing overwritten.
 */
public final class ZoneFile implements ZoneTable, AutoCloseable {
    private static final long MAGIC = 0x53454e4f5a495043L;
    private static final int VERSION = 1;
    private static final int HEAD_BYTES = 64;
    private static final int VERSION_AT = 8;
    private static final int CONVENTIONAL_AT = 12;
    private static final int ZONE_AT = 16;
    private static final int DISK_AT = 24;

    /** Whole stores to aligned words: whatever ends this process, no word is torn. */
    private static final VarHandle WORD = Le.LONG.varHandle();

    private final Arena arena = Arena.ofShared();
    private final MemorySegment words;

    private ZoneFile(FileChannel file) throws IOException {
        words = file.map(FileChannel.MapMode.READ_WRITE, 0, file.size(), arena);
    }

    /** Where the zones of a disk are kept. */
    public static Path beside(Path disk) {
        return disk.resolveSibling(disk.getFileName() + ".zones");
    }

    /**
     * Opens the file that belongs to a disk, or makes it.
     *
     * @param path the disk's
     * @throws IllegalArgumentException if it is of a disk that was divided otherwise, with a text for people
     * @throws UncheckedIOException if it cannot be had
     */
    public static ZoneFile open(Path path, FileStore disk, ZoneTraits traits) {
        Path file = beside(path);
        try {
            long sectors = disk.sectors();
            if (!Files.exists(file)) {
                create(file, disk, traits, sectors);
            }
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
                check(file, channel, traits, sectors);
                return new ZoneFile(channel);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long bytes(ZoneTraits traits, long sectors) {
        return HEAD_BYTES + Long.BYTES * ((sectors + traits.zoneSectors() - 1) / traits.zoneSectors());
    }

    private static ByteBuffer head(ZoneTraits traits, long sectors, int capacity) {
        return ByteBuffer.allocate(capacity)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(0, MAGIC)
                .putInt(VERSION_AT, VERSION)
                .putInt(CONVENTIONAL_AT, traits.conventional())
                .putLong(ZONE_AT, traits.zoneSectors())
                .putLong(DISK_AT, sectors);
    }

    private static void create(Path file, FileStore disk, ZoneTraits traits, long sectors) throws IOException {
        long bytes = bytes(traits, sectors);
        if (bytes > HEAD_BYTES + (long) Long.BYTES * Zones.MOST) {
            throw new IllegalArgumentException("more than " + Zones.MOST + " zones");
        }
        ByteBuffer content = head(traits, sectors, (int) bytes);
        long zoneBytes = (long) traits.zoneSectors() * BlkRequest.SECTOR_BYTES;
        long end = sectors * BlkRequest.SECTOR_BYTES;
        long data = disk.dataFrom(traits.conventional() * zoneBytes);
        while (data < end) {
            int zone = (int) (data / zoneBytes);
            long size = Math.min(zoneBytes, end - zone * zoneBytes);
            content.putLong(HEAD_BYTES + zone * Long.BYTES, Zones.fullWord(size / BlkRequest.SECTOR_BYTES));
            long next = (zone + 1) * zoneBytes;
            data = next < end ? disk.dataFrom(next) : end;
        }
        Path draft = file.resolveSibling(file.getFileName() + ".new");
        try (FileChannel channel = FileChannel.open(
                draft, StandardOpenOption.WRITE, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING)) {
            while (content.hasRemaining()) {
                channel.write(content);
            }
            channel.force(true);
        }
        Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
        try (FileChannel folder =
                FileChannel.open(Objects.requireNonNull(file.toAbsolutePath().getParent()), StandardOpenOption.READ)) {
            folder.force(true);
        }
    }

    private static void check(Path file, FileChannel channel, ZoneTraits traits, long sectors) throws IOException {
        ByteBuffer found = ByteBuffer.allocate(HEAD_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        int read;
        do {
            read = channel.read(found);
        } while (read > 0);
        found.flip();
        if (found.remaining() != HEAD_BYTES || found.getLong(0) != MAGIC || found.getInt(VERSION_AT) != VERSION) {
            throw new IllegalArgumentException(file + " does not hold zones");
        }
        if (!found.equals(head(traits, sectors, HEAD_BYTES)) || channel.size() != bytes(traits, sectors)) {
            throw new IllegalArgumentException(
                    "%s holds zones of %d sectors, %d of them conventional, of a disk of %d sectors"
                            .formatted(
                                    file,
                                    found.getLong(ZONE_AT),
                                    found.getInt(CONVENTIONAL_AT),
                                    found.getLong(DISK_AT)));
        }
    }

    @Override
    public long load(int zone) {
        return (long) WORD.get(words, at(zone));
    }

    @Override
    public void save(int zone, long word) {
        WORD.setOpaque(words, at(zone), word);
    }

    private static long at(int zone) {
        return HEAD_BYTES + (long) zone * Long.BYTES;
    }

    @Override
    public boolean sync() {
        try {
            words.force();
            return true;
        } catch (UncheckedIOException _) {
            return false;
        }
    }

    /** Nobody may use it any more. */
    @Override
    public void close() {
        arena.close();
    }
}
