package dev.cipu.shim.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import dev.cipu.shim.posix.PosixException;
import dev.cipu.virtio.blk.BlkRequest;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Timeout(120)
class FileStoreTest {
    private static final int DISK = 8 << 20;
    private static final FileStore.Options NEW = FileStore.Options.DEFAULT.withCreateBytes(DISK);

    @TempDir
    private Path dir;

    static List<FileStore.Options> ways() {
        return List.of(
                NEW,
                NEW.withRing(false),
                NEW.withDirect(true),
                NEW.withDirect(true).withRing(false));
    }

    private FileStore store(FileStore.Options options) {
        return FileStore.open(dir.resolve("disk"), options);
    }

    @Test
    void ioUringIsUsedWhereItIsAllowed() throws IOException {
        Path setting = Path.of("/proc/sys/kernel/io_uring_disabled");
        boolean allowed = Files.exists(setting) && Files.readString(setting).startsWith("0");
        try (FileStore store = store(NEW);
                StoreChannel channel = store.storeChannel(4)) {
            assertThat(channel instanceof RingChannel).isEqualTo(allowed);
        }
        try (FileStore store = store(NEW.withRing(false));
                StoreChannel channel = store.storeChannel(4)) {
            assertThat(channel).isInstanceOf(CallChannel.class);
        }
    }

    @ParameterizedTest
    @MethodSource("ways")
    void writtenDataIsReadBackAndIsInTheFile(FileStore.Options options) throws IOException {
        Random random = new Random(3);
        byte[] mirror = new byte[DISK];
        try (FileStore store = store(options);
                DiskGuest guest = new DiskGuest(store)) {
            int block = store.blockSize();
            // 8 bytes beside the alignment that direct I/O asks for, every second time
            long data = guest.area.allocate(600 << 10, 4096);
            for (int i = 0; i < 200; i++) {
                int bytes = block * (1 + random.nextInt(i % 20 == 0 ? (512 << 10) / block : 16));
                long sector = random.nextInt((DISK - bytes) / block + 1) * (block / 512L);
                long buffer = data + (i & 1) * 8L;
                if (random.nextBoolean()) {
                    byte[] written = guest.fillRandomly(buffer, bytes, random);
                    System.arraycopy(written, 0, mirror, (int) sector * 512, bytes);
                    assertThat(guest.run(BlkRequest.OUT, sector, buffer, bytes)).isEqualTo(BlkRequest.OK);
                } else {
                    assertThat(guest.run(BlkRequest.IN, sector, buffer, bytes)).isEqualTo(BlkRequest.OK);
                    assertThat(guest.ring.usedLength()).isEqualTo(bytes + 1);
                    assertThat(guest.bytes(buffer, bytes))
                            .isEqualTo(Arrays.copyOfRange(mirror, (int) sector * 512, (int) sector * 512 + bytes));
                }
            }
            assertThat(guest.run(BlkRequest.FLUSH, 0, 0, 0)).isEqualTo(BlkRequest.OK);
        }
        assertThat(Files.readAllBytes(dir.resolve("disk"))).isEqualTo(mirror);
    }

    @ParameterizedTest
    @MethodSource("ways")
    void manyRequestsAtATimeAreEachAnsweredOnce(FileStore.Options options) {
        try (FileStore store = store(options);
                DiskGuest guest = new DiskGuest(store)) {
            int requests = 80;
            long data = guest.area.allocate(requests * 4096L, 4096);
            Random random = new Random(5);
            byte[] all = guest.fillRandomly(data, requests * 4096, random);
            for (int type : new int[] {BlkRequest.OUT, BlkRequest.IN}) {
                if (type == BlkRequest.IN) {
                    guest.fill(data, new byte[requests * 4096]);
                }
                for (int i = 0; i < requests; i++) {
                    assertThat(guest.driver.submit(type, i * 8L, data + i * 4096L, 4096))
                            .isNotNegative();
                }
                guest.driver.publish();
                boolean[] seen = new boolean[DiskGuest.SIZE];
                for (int i = 0; i < requests; i++) {
                    int token = guest.await();
                    assertThat(seen[token]).isFalse();
                    seen[token] = true;
                    assertThat(guest.driver.status()).isEqualTo(BlkRequest.OK);
                }
                assertThat(guest.queue.inFlight()).isZero();
            }
            assertThat(guest.bytes(data, requests * 4096)).isEqualTo(all);
        }
    }

    @ParameterizedTest
    @MethodSource("ways")
    void dataInManyPiecesTakesSeveralOperations(FileStore.Options options) {
        try (FileStore store = store(options);
                DiskGuest guest = new DiskGuest(store)) {
            int block = store.blockSize();
            int pieces = 200;
            for (int shift : new int[] {0, 4}) {
                long data = guest.area.allocate(pieces * 2L * block + shift, 4096) + shift;
                byte[] written = guest.fillRandomly(data, pieces * 2 * block, new Random(11));
                assertThat(guest.runInPieces(BlkRequest.OUT, 8, data, pieces, block, 2 * block))
                        .isEqualTo(BlkRequest.OK);
                guest.fill(data, new byte[pieces * 2 * block]);
                assertThat(guest.runInPieces(BlkRequest.IN, 8, data, pieces, block, 2 * block))
                        .isEqualTo(BlkRequest.OK);
                for (int i = 0; i < pieces; i++) {
                    int from = i * 2 * block;
                    assertThat(guest.bytes(data + from, block))
                            .isEqualTo(Arrays.copyOfRange(written, from, from + block));
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("ways")
    void zeroedAndDiscardedRangesReadAsZeroes(FileStore.Options options) {
        try (FileStore store = store(options);
                DiskGuest guest = new DiskGuest(store)) {
            int bytes = 256 << 10;
            long data = guest.area.allocate(bytes, 4096);
            byte[] expected = guest.fillRandomly(data, bytes, new Random(1));
            assertThat(guest.run(BlkRequest.OUT, 0, data, bytes)).isEqualTo(BlkRequest.OK);
            assertThat(guest.runRange(BlkRequest.WRITE_ZEROES, 8, 16, 0)).isEqualTo(BlkRequest.OK);
            assertThat(guest.runRange(BlkRequest.WRITE_ZEROES, 64, 8, BlkRequest.SEGMENT_UNMAP))
                    .isEqualTo(BlkRequest.OK);
            assertThat(guest.runRange(BlkRequest.DISCARD, 128, 64, 0)).isEqualTo(BlkRequest.OK);
            Arrays.fill(expected, 8 * 512, 24 * 512, (byte) 0);
            Arrays.fill(expected, 64 * 512, 72 * 512, (byte) 0);
            Arrays.fill(expected, 128 * 512, 192 * 512, (byte) 0);
            assertThat(guest.run(BlkRequest.IN, 0, data, bytes)).isEqualTo(BlkRequest.OK);
            assertThat(guest.bytes(data, bytes)).isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @MethodSource("ways")
    void secureEraseOverwritesThenSyncsThenGivesBack(FileStore.Options options) throws IOException {
        try (FileStore file = store(options)) {
            SpiedStore store = new SpiedStore(file);
            try (DiskGuest guest = new DiskGuest(store)) {
                int bytes = 256 << 10;
                long data = guest.area.allocate(bytes, 4096);
                byte[] expected = guest.fillRandomly(data, bytes, new Random(1));
                assertThat(guest.run(BlkRequest.OUT, 0, data, bytes)).isEqualTo(BlkRequest.OK);
                long writes = store.only().issued(FileOp.WRITE);
                assertThat(guest.runRange(BlkRequest.SECURE_ERASE, 8, 256, 0)).isEqualTo(BlkRequest.OK);
                // 128 KiB in pieces of 64
                assertThat(store.only().issued(FileOp.WRITE) - writes).isEqualTo(2);
                assertThat(store.only().issued(FileOp.FSYNC)).isEqualTo(1);
                assertThat(store.only().issued(FileOp.FALLOCATE)).isEqualTo(1);
                Arrays.fill(expected, 8 * 512, 264 * 512, (byte) 0);
                assertThat(guest.run(BlkRequest.IN, 0, data, bytes)).isEqualTo(BlkRequest.OK);
                assertThat(guest.bytes(data, bytes)).isEqualTo(expected);
            }
        }
    }

    @Test
    void aFileThatGrowsAndShrinksIsALargerAndASmallerDisk() throws IOException {
        try (FileStore store = store(NEW);
                FileChannel channel = FileChannel.open(dir.resolve("disk"), StandardOpenOption.WRITE)) {
            assertThat(store.sectors()).isEqualTo(DISK / 512);
            channel.write(ByteBuffer.allocate(1), DISK + 1023);
            assertThat(store.sectors()).isEqualTo(DISK / 512 + 2);
            channel.truncate(4096);
            assertThat(store.sectors()).isEqualTo(8);
        }
    }

    @Test
    void aBlockDeviceServesToo() throws IOException {
        Path losetup = Path.of("/sbin/losetup");
        assumeTrue(Files.isExecutable(losetup) && "0".equals(output("id", "-u")), "no loop devices without root");
        store(NEW).close();
        String device =
                output(losetup.toString(), "-f", "--show", dir.resolve("disk").toString());
        assumeTrue(device.startsWith("/dev/"), "no loop device to be had");
        try {
            for (FileStore.Options way : ways()) {
                FileStore.Options options = way.withCreateBytes(0);
                try (FileStore store = FileStore.open(Path.of(device), options);
                        DiskGuest guest = new DiskGuest(store)) {
                    assertThat(store.sectors()).isEqualTo(DISK / 512);
                    long data = guest.area.allocate(65536, 4096);
                    byte[] expected = guest.fillRandomly(data, 65536, new Random(1));
                    assertThat(guest.run(BlkRequest.OUT, 0, data, 65536)).isEqualTo(BlkRequest.OK);
                    assertThat(guest.run(BlkRequest.FLUSH, 0, 0, 0)).isEqualTo(BlkRequest.OK);
                    assertThat(guest.runRange(BlkRequest.WRITE_ZEROES, 8, 8, 0)).isEqualTo(BlkRequest.OK);
                    assertThat(guest.runRange(BlkRequest.DISCARD, 1024, 64, 0)).isEqualTo(BlkRequest.OK);
                    Arrays.fill(expected, 4096, 8192, (byte) 0);
                    assertThat(guest.run(BlkRequest.IN, 0, data, 65536)).isEqualTo(BlkRequest.OK);
                    assertThat(guest.bytes(data, 65536)).isEqualTo(expected);
                }
            }
        } finally {
            output(losetup.toString(), "-d", device);
        }
    }

    @Test
    void aFileSystemInMemoryZeroesToo() throws IOException {
        Path memory = Path.of("/dev/shm");
        assumeTrue(Files.isWritable(memory), "no /dev/shm");
        Path path = Files.createTempFile(memory, "cipu-store", ".disk");
        try (FileStore store = FileStore.open(path, NEW);
                DiskGuest guest = new DiskGuest(store)) {
            long data = guest.area.allocate(8192, 4096);
            guest.fillRandomly(data, 8192, new Random(1));
            guest.run(BlkRequest.OUT, 0, data, 8192);
            assertThat(guest.runRange(BlkRequest.WRITE_ZEROES, 1, 15, 0)).isEqualTo(BlkRequest.OK);
            assertThat(guest.run(BlkRequest.IN, 0, data, 8192)).isEqualTo(BlkRequest.OK);
            assertThat(guest.bytes(data + 512, 7680)).containsOnly(0);
        } finally {
            Files.delete(path);
        }
    }

    @Test
    void discardGivesTheFileSystemItsBlocksBack() throws IOException {
        Path path = dir.resolve("disk");
        try (FileStore store = store(NEW);
                DiskGuest guest = new DiskGuest(store)) {
            assertThat(blocksOf(path)).as("a new disk is sparse").isZero();
            long data = guest.area.allocate(1 << 20, 4096);
            guest.fillRandomly(data, 1 << 20, new Random(1));
            guest.run(BlkRequest.OUT, 0, data, 1 << 20);
            guest.run(BlkRequest.FLUSH, 0, 0, 0);
            assertThat(blocksOf(path)).isGreaterThanOrEqualTo(2048);
            assertThat(guest.runRange(BlkRequest.DISCARD, 0, 2048, 0)).isEqualTo(BlkRequest.OK);
            assertThat(blocksOf(path)).isLessThan(2048);
        }
    }

    private static long blocksOf(Path path) throws IOException {
        return Long.parseLong(output("stat", "-c", "%b", path.toString()));
    }

    /** What a command prints, nothing if it fails. */
    private static String output(String... command) throws IOException {
        Process process = new ProcessBuilder(command).start();
        return new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).trim();
    }

    @ParameterizedTest
    @MethodSource("ways")
    void aFlushIsADataSyncAndWriteThroughWritesAreDurableThemselves(FileStore.Options options) {
        try (FileStore file = store(options)) {
            SpiedStore store = new SpiedStore(file);
            try (DiskGuest guest = new DiskGuest(store)) {
                long data = guest.area.allocate(8192, 4096);
                guest.run(BlkRequest.OUT, 0, data, 4096);
                guest.run(BlkRequest.OUT, 0, data + 8, 4096);
                assertThat(store.only().durableWrites()).isZero();
                assertThat(store.only().issued(FileOp.FSYNC)).isZero();
                assertThat(guest.run(BlkRequest.FLUSH, 0, 0, 0)).isEqualTo(BlkRequest.OK);
                assertThat(store.only().issued(FileOp.FSYNC)).isEqualTo(1);
                guest.writeback(false);
                guest.run(BlkRequest.OUT, 0, data, 4096);
                assertThat(store.only().durableWrites()).isEqualTo(1);
                guest.run(BlkRequest.OUT, 0, data + 8, 4096);
                assertThat(store.only().durableWrites()).isEqualTo(2);
                guest.run(BlkRequest.IN, 0, data, 4096);
                assertThat(store.only().durableWrites()).isEqualTo(2);
                assertThat(guest.runRange(BlkRequest.WRITE_ZEROES, 0, 8, 0)).isEqualTo(BlkRequest.OK);
                assertThat(store.only().issued(FileOp.FSYNC)).isEqualTo(2);
                guest.writeback(true);
                guest.runRange(BlkRequest.WRITE_ZEROES, 0, 8, 0);
                guest.run(BlkRequest.OUT, 0, data, 4096);
                assertThat(store.only().issued(FileOp.FSYNC)).isEqualTo(2);
                assertThat(store.only().durableWrites()).isEqualTo(2);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("ways")
    void aFlushWaitsForNothingButCoversWhatCompleted(FileStore.Options options) {
        try (FileStore store = store(options);
                DiskGuest guest = new DiskGuest(store)) {
            long data = guest.area.allocate(64 << 10, 4096);
            for (int i = 0; i < 16; i++) {
                guest.driver.submit(BlkRequest.OUT, i * 8L, data + i * 4096L, 4096);
                guest.driver.submit(BlkRequest.FLUSH, 0, 0, 0);
            }
            guest.driver.publish();
            for (int i = 0; i < 32; i++) {
                guest.await();
                assertThat(guest.driver.status()).isEqualTo(BlkRequest.OK);
            }
            assertThat(guest.counters.get("flushes")).isEqualTo(16);
        }
    }

    @ParameterizedTest
    @MethodSource("ways")
    void aFileThatWasCutFailsItsRequestsOnly(FileStore.Options options) throws IOException {
        try (FileStore store = store(options);
                DiskGuest guest = new DiskGuest(store);
                FileChannel file = FileChannel.open(dir.resolve("disk"), StandardOpenOption.WRITE)) {
            long data = guest.area.allocate(64 << 10, 4096);
            file.truncate(1 << 20);
            assertThat(guest.run(BlkRequest.IN, 4096, data, 4096)).isEqualTo(BlkRequest.IOERR);
            assertThat(guest.run(BlkRequest.IN, 2040, data, 8192)).isEqualTo(BlkRequest.IOERR);
            assertThat(guest.run(BlkRequest.IN, 2040, data, 4096)).isEqualTo(BlkRequest.OK);
            assertThat(guest.counters.get("errors")).isEqualTo(2);
        }
    }

    @ParameterizedTest
    @MethodSource("ways")
    void line52_guestMemoryThatIsGoneIsAnErrorOfTheRequest(FileStore.Options options) throws IOException {
        Path shared = dir.resolve("guest");
        Files.write(shared, new byte[4 << 20]);
        try (Arena arena = Arena.ofShared();
                FileChannel channel = FileChannel.open(shared, StandardOpenOption.READ, StandardOpenOption.WRITE);
                FileStore store = store(options)) {
            MemorySegment memory = channel.map(FileChannel.MapMode.READ_WRITE, 0, 4 << 20, arena);
            try (DiskGuest guest = new DiskGuest(store, memory)) {
                long data = guest.area.guestAddress() + (2 << 20);
                channel.truncate(1 << 20);
                // the kernel meets the hole, not we: EFAULT
                assertThat(guest.run(BlkRequest.OUT, 0, data, 4096)).isEqualTo(BlkRequest.IOERR);
                assertThat(guest.run(BlkRequest.IN, 0, data, 4096)).isEqualTo(BlkRequest.IOERR);
                long good = guest.area.allocate(4096, 4096);
                assertThat(guest.run(BlkRequest.OUT, 0, good, 4096)).isEqualTo(BlkRequest.OK);
                assertThat(guest.counters.get("faults")).isZero();
            }
        }
    }

    @Test
    void aReadOnlyStoreRefusesToWrite() {
        store(NEW).close();
        try (FileStore store = store(FileStore.Options.DEFAULT.withReadOnly(true));
                DiskGuest guest = new DiskGuest(store)) {
            long data = guest.area.allocate(4096, 4096);
            assertThat(store.canDiscard()).isFalse();
            assertThat(guest.run(BlkRequest.OUT, 0, data, 4096)).isEqualTo(BlkRequest.IOERR);
            assertThat(guest.run(BlkRequest.IN, 0, data, 4096)).isEqualTo(BlkRequest.OK);
        }
    }

    @Test
    void anExistingFileKeepsItsSize() {
        store(NEW).close();
        try (FileStore store = store(NEW)) {
            assertThat(store.sectors()).isEqualTo(DISK / 512);
        }
        try (FileStore store = store(FileStore.Options.DEFAULT)) {
            assertThat(store.sectors()).isEqualTo(DISK / 512);
        }
        assertThatThrownBy(() -> store(NEW.withCreateBytes(DISK * 2L)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("8388608");
    }

    @Test
    void whatIsNoDiskIsRefused() throws IOException {
        assertThatThrownBy(() -> FileStore.open(dir, FileStore.Options.DEFAULT))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> FileStore.open(dir.resolve("none"), FileStore.Options.DEFAULT))
                .isInstanceOf(PosixException.class)
                .hasMessageContaining("ENOENT");
        assertThatThrownBy(() -> FileStore.open(Path.of("/dev/null"), FileStore.Options.DEFAULT))
                .isInstanceOf(IllegalArgumentException.class);
        Files.write(dir.resolve("short"), new byte[511]);
        assertThatThrownBy(() -> FileStore.open(dir.resolve("short"), FileStore.Options.DEFAULT))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void nothingStaysOpen() throws IOException {
        store(NEW).close();
        int before = openFiles();
        for (int i = 0; i < 100; i++) {
            try (FileStore store = store(NEW);
                    DiskGuest guest = new DiskGuest(store)) {
                guest.run(BlkRequest.IN, 0, guest.area.allocate(4096, 4096), 4096);
            }
        }
        assertThat(openFiles()).isLessThanOrEqualTo(before + 2);
    }

    private static int openFiles() throws IOException {
        try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
            return (int) all.count();
        }
    }

    @ParameterizedTest
    @MethodSource("ways")
    void nothingIsAllocatedPerRequest(FileStore.Options options) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        // direct I/O waits for the disk
        int requests = options.direct() ? 1_000 : 20_000;
        try (FileStore store = store(options);
                DiskGuest guest = new DiskGuest(store)) {
            long data = guest.area.allocate(8192, 4096);
            long bytes = -1;
            for (int i = 0; i < 20 && bytes != 0; i++) {
                long before = threads.getCurrentThreadAllocatedBytes();
                for (int n = 0; n < requests; n++) {
                    guest.run(n % 16 == 0 ? BlkRequest.OUT : BlkRequest.IN, (n & 1023) * 8L, data + (n & 8), 4096);
                }
                bytes = threads.getCurrentThreadAllocatedBytes() - before;
            }
            assertThat(bytes).isZero();
        }
    }
}
