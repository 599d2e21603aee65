package dev.cipu.virtio.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VectorsTest {
    private static final int AREA = 65_536;

    /** Calls after which every method has been through all compilers. */
    private static final int CALLS = 400_000;

    /** Of the calls, one in so many meets memory that is gone. */
    private static final int FAULT_EVERY = 97;

    @TempDir
    private Path folder;

    @BeforeEach
    void vectorsThere() {
        assumeTrue(HostMemory.WIDE, "no vectors of 32 bytes, or none wanted");
    }

    @Test
    void sumsAreThoseOfTheirInts() {
        Random random = new Random(3);
        byte[] source = new byte[AREA];
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment from = arena.allocate(AREA + 128L, 64);
            MemorySegment to = arena.allocate(AREA + 128L, 64);
            for (int round = 0; round < 300; round++) {
                random.nextBytes(source);
                if (round % 3 == 0) {
                    Arrays.fill(source, (byte) 0xff);
                }
                int bytes = round == 0 ? AREA : Vectors.BYTES + random.nextInt(AREA - Vectors.BYTES);
                int offset = random.nextInt(64);
                MemorySegment.copy(source, 0, from, ValueLayout.JAVA_BYTE, offset, bytes);
                to.fill((byte) 7);
                long expected = 0;
                for (int i = 0; i < bytes; i++) {
                    expected += (source[i] & 0xffL) << (i % Integer.BYTES * Byte.SIZE);
                }
                assertThat(Vectors.sumOfInts(from.address() + offset, bytes)).isEqualTo(expected);
                assertThat(Vectors.copyAndSumInts(from.address() + offset, to.address() + 1, bytes))
                        .isEqualTo(expected);
                assertThat(to.asSlice(1, bytes).mismatch(from.asSlice(offset, bytes)))
                        .isEqualTo(-1);
                assertThat(to.get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 7);
                assertThat(to.get(ValueLayout.JAVA_BYTE, bytes + 1L)).isEqualTo((byte) 7);
            }
        }
    }

    /** A guest can do that at any time. Were the fault not one that the JVM knows, it would end this process, and the run of tests. */
    @Test
    void memoryThatIsGoneIsAnErrorInWhateverWayTheCodeIsRun() throws IOException {
        try (FileChannel file = FileChannel.open(
                        folder.resolve("guest"),
                        StandardOpenOption.CREATE_NEW,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE);
                Arena arena = Arena.ofConfined()) {
            file.write(ByteBuffer.allocate(4096), 0);
            long gone = file.map(MapMode.READ_WRITE, 0, 4096, arena).address();
            file.truncate(0);
            long there = arena.allocate(4096, 64).address();
            int faults = 0;
            for (int i = 0; i < CALLS; i++) {
                boolean fault = i % FAULT_EVERY == 0;
                faults += faults(() -> Vectors.copy(there, there + 512), () -> Vectors.copy(gone, there), fault);
                faults += faults(() -> Vectors.copy(there, there + 512), () -> Vectors.copy(there, gone), fault);
                faults += faults(() -> Vectors.sumOfInts(there, 96), () -> Vectors.sumOfInts(gone, 96), fault);
                faults += faults(
                        () -> Vectors.copyAndSumInts(there, there + 512, 96),
                        () -> Vectors.copyAndSumInts(there, gone, 96),
                        fault);
            }
            assertThat(faults).isEqualTo(4 * ((CALLS + FAULT_EVERY - 1) / FAULT_EVERY));
        }
    }

    private static int faults(Runnable usual, Runnable faulty, boolean fault) {
        try {
            (fault ? faulty : usual).run();
            return 0;
        } catch (InternalError e) {
            return 1;
        }
    }

    @Test
    void nothingIsAllocatedOnceCompiled() throws InterruptedException {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(8192, 64);
            long from = memory.address();
            long least = Long.MAX_VALUE;
            long sum = 0;
            for (int round = 0; round < 50 && least > 0; round++) {
                long before = threads.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < 20_000; i++) {
                    Vectors.copy(from, from + 64);
                    sum += Vectors.sumOfInts(from, 256) + Vectors.copyAndSumInts(from, from + 4096, 256);
                }
                least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
                Thread.sleep(20);
            }
            assertThat(sum).isZero();
            assertThat(least).isLessThan(1000);
        }
    }
}
