package dev.cipu.bench.jmh;

import dev.cipu.dataplane.net.Offload;
import dev.cipu.dataplane.net.PacketPool;
import dev.cipu.dataplane.net.Segmenter;
import dev.cipu.virtio.memory.HostMemory;
import dev.cipu.virtio.net.NetHeader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** What it costs to cut a large frame for a guest that does not do so itself, beside the copy that it needs anyway. */
@Measures(
        "One byte of a TCP frame of 65,226 bytes on its way from the pool into a guest's buffers, so that a score is in"
                + " gigabytes a second: as one copy; cut into 45 segments whose checksums the guest completes; and cut into"
                + " segments that are complete.")
@AllocatesNothing
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@SuppressWarnings("NullAway.Init")
public class SegmentationBenchmark {
    private static final int SEGMENT = 1448;
    private static final int SEGMENTS = 45;
    private static final int IP = 14;
    private static final int TCP = IP + 20;
    private static final int CHECKSUM = 16;

    /** With timestamps. */
    private static final int HEADERS = TCP + 32;

    private static final int FRAME = HEADERS + SEGMENTS * SEGMENT;

    /** Buffers of a receiveq, used in turn. */
    private static final int BUFFER_BYTES = 2048;

    private static final int BUFFERS = 256;
    private static final int GUEST_BYTES = BUFFER_BYTES * BUFFERS;

    private final Segmenter segmenter = new Segmenter();
    private Arena arena;
    private long frame;
    private long guest;
    private long at;
    private long offload;

    @Setup(Level.Trial)
    public void build() {
        arena = Arena.ofShared();
        PacketPool pool = new PacketPool(arena, 1, BUFFER_BYTES, 1);
        frame = pool.frameOffset(pool.takeLarge());
        guest = arena.allocate(GUEST_BYTES + PacketPool.LARGEST_FRAME, BUFFER_BYTES)
                .address();
        byte[] headers = new byte[HEADERS];
        ByteBuffer.wrap(headers)
                .putShort(IP - 2, (short) 0x0800)
                .putShort(IP, (short) 0x4500)
                .putShort(IP + 2, (short) (FRAME - IP))
                .putShort(IP + 8, (short) 0x4006)
                .put(TCP + 12, (byte) ((HEADERS - TCP) * 4));
        MemorySegment.copy(headers, 0, HostMemory.ALL, ValueLayout.JAVA_BYTE, frame, HEADERS);
        offload = Offload.large(NetHeader.GSO_TCPV4, SEGMENT, TCP, CHECKSUM);
    }

    @TearDown(Level.Trial)
    public void release() {
        arena.close();
    }

    @Benchmark
    @OperationsPerInvocation(FRAME)
    public void copied() {
        HostMemory.copy(frame, guest + at, FRAME);
        at = (at + (long) SEGMENTS * BUFFER_BYTES) % GUEST_BYTES;
    }

    @Benchmark
    @OperationsPerInvocation(FRAME)
    public void copiedInPieces() {
        for (int i = 0; i < SEGMENTS; i++) {
            HostMemory.copy(frame + (long) i * SEGMENT, guest + at, HEADERS + SEGMENT);
            at = (at + BUFFER_BYTES) % GUEST_BYTES;
        }
    }

    @Benchmark
    @OperationsPerInvocation(FRAME)
    public void cut() {
        cut(true);
    }

    @Benchmark
    @OperationsPerInvocation(FRAME)
    public void cutAndSummed() {
        cut(false);
    }

    private void cut(boolean partial) {
        segmenter.begin(frame, FRAME, offload, partial);
        while (segmenter.next()) {
            segmenter.writeTo(guest + at);
            at = (at + BUFFER_BYTES) % GUEST_BYTES;
        }
        segmenter.end();
    }
}
