package dev.cipu.bench.record;

import dev.cipu.dataplane.CounterReader;
import dev.cipu.dataplane.CounterTable;
import dev.cipu.dataplane.journal.Capture;
import dev.cipu.dataplane.journal.QueueJournal;
import dev.cipu.dataplane.journal.RecordLayout;
import dev.cipu.shim.trace.DeviceTrace;
import dev.cipu.shim.trace.TraceRecorder;
import dev.cipu.virtio.memory.HostMemory;
import dev.cipu.virtio.net.NetDevice;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/**
 * Both sides of recording without a card: a thread writes records of 64-byte frames as a worker does, in bursts, and waits only where a worker
 * would lose some; the recording thread takes them to the file. What counts is processor time, so that it is the same whether the
 * two have a core each or share one. The names are those of the JSON report and stay.
 *
 * @param transactions written
 * @param journalNanos of the writing thread's time for each of them: what a worker pays at least
 * @param writerNanos of the recording thread's, in the kernel, too
 * @param writerMost transactions a second that a core of its own would let it write
 */
record Alone(long transactions, double journalNanos, double writerNanos, double writerMost) {
    private static final int COUNTER_ALIGN = 64;
    private static final int DEVICE_QUEUES = 2;
    private static final int BURST = 32;
    private static final int FRAME_BYTES = 64;
    private static final long PATIENCE_NANOS = 60_000_000_000L;
    private static final long LOOK_MILLIS = 1;

    /** A burst in so many looks whether there is room. */
    private static final int BURSTS_A_LOOK = 256;

    /** Records so many transactions into a directory that is empty. */
    static Alone measure(Path trace, long transactions, List<Integer> cpus) throws IOException, InterruptedException {
        long ringBytes = TraceRecorder.DEFAULT_RING_BYTES;
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        try (Arena arena = Arena.ofShared()) {
            MemorySegment memory = arena.allocate(CounterTable.DEFAULT_BYTES, COUNTER_ALIGN);
            CounterTable counters =
                    new CounterTable(memory, ProcessHandle.current().pid(), 0);
            long frame = arena.allocate(FRAME_BYTES, FRAME_BYTES).address();
            try (TraceRecorder recorder = TraceRecorder.start(trace, Capture.HEADERS, 1, ringBytes, cpus, counters)) {
                DeviceTrace device =
                        Objects.requireNonNull(recorder.device(NetDevice.DEVICE_ID, "alone", DEVICE_QUEUES));
                QueueJournal journal = device.queue(1, 0);
                long done = 0;
                long own = 0;
                while (done < transactions) {
                    long begin = threads.getCurrentThreadCpuTime();
                    for (int i = 0; i < BURSTS_A_LOOK; i++) {
                        burst(journal, frame);
                    }
                    own += threads.getCurrentThreadCpuTime() - begin;
                    done += BURST * BURSTS_A_LOOK;
                    await(memory, done, ringBytes / 2);
                }
                await(memory, done, 0);
                double writer = (double) RecordingThread.cpuNanos(threads) / done;
                device.close();
                return new Alone(done, (double) own / done, writer, 1e9 / writer);
            }
        }
    }

    private static void burst(QueueJournal journal, long frame) {
        long taken = System.nanoTime();
        for (int i = 0; i < BURST; i++) {
            long at = journal.begin(RecordLayout.TRANSMIT, RecordLayout.PASSED, taken, taken, FRAME_BYTES);
            if (at == 0) {
                throw new IllegalStateException("no room, and the ring was half empty");
            }
            QueueJournal.chain(at, i, FRAME_BYTES, 0, 0);
            QueueJournal.content(at, 0, 0, FRAME_BYTES);
            HostMemory.copy(frame, at + RecordLayout.HEADER_BYTES, FRAME_BYTES);
        }
        journal.release();
    }

    /** Waits until no more than {@code most} bytes are in the ring. */
    private static void await(MemorySegment counters, long done, long most) throws IOException, InterruptedException {
        long bytes = done * RecordLayout.bytes(FRAME_BYTES);
        long begin = System.nanoTime();
        while (bytes - written(counters) > most) {
            if (System.nanoTime() - begin > PATIENCE_NANOS) {
                throw new IOException("the recording thread has stopped writing; is there room where the trace is?");
            }
            Thread.sleep(LOOK_MILLIS);
        }
    }

    private static long written(MemorySegment counters) {
        return CounterReader.read(counters).groups().stream()
                .filter(group -> group.owner().equals("journal"))
                .mapToLong(group -> group.values().getOrDefault("bytes", 0L))
                .sum();
    }
}
