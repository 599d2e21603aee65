package dev.cipu.shim.trace;

import dev.cipu.dataplane.CounterGroup;
import dev.cipu.dataplane.CounterTable;
import dev.cipu.dataplane.journal.Capture;
import dev.cipu.dataplane.journal.JournalRing;
import dev.cipu.dataplane.journal.QueueJournal;
import dev.cipu.dataplane.journal.RingDrain;
import dev.cipu.shim.posix.Affinity;
import dev.cipu.shim.posix.PosixException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes what the workers record to disk, with one thread of its own: it takes records out of a ring for each worker and sleeps when
 * all are empty. If the disk fails or is nearly full, recording ends, one line in the log says so, and the card goes on.
 *
 * <p>Made before the workers start and closed after they have ended. {@link #device} belongs to the card's control thread.
 */
public final class TraceRecorder implements AutoCloseable {
    /** Counters of the recording thread, in order. */
    public static final List<String> COUNTERS = List.of("documents", "bytes", "discarded", "failures");

    /** Bytes of a ring unless another size is asked for: half a second of a million frames each second. */
    public static final long DEFAULT_RING_BYTES = 64 << 20;

    /** Name of the thread that records. */
    public static final String THREAD = "cipu-recorder";

    private static final Logger LOG = LoggerFactory.getLogger(TraceRecorder.class);

    private static final int DOCUMENTS = 0;
    private static final int BYTES = 1;
    private static final int DISCARDED = 2;
    private static final int FAILURES = 3;

    /** How long the thread sleeps when nothing waits; also what a crash may take along. */
    private static final long REST_NANOS = 1_000_000;

    private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** Room on the disk below which recording ends, so that others still find some. */
    private static final long LEAST_FREE_BYTES = 256 << 20;

    private static final int MOST_DEVICES = 1 << 16;

    /** One worker's ring and what it counts. */
    private record Source(JournalRing ring, RingDrain drain, CounterGroup counters) {}

    /** What comes from the control thread, to be written before the records that follow. */
    private sealed interface Notice {
        record NewDevice(TracedDevice device) implements Notice {}

        record Loss(int device, int queue, long count, long from, long to) implements Notice {}
    }

    private final Arena memory = Arena.ofShared();
    private final List<Source> sources = new ArrayList<>();
    private final ConcurrentLinkedQueue<Notice> notices = new ConcurrentLinkedQueue<>();
    private final Capture capture;
    private final CounterGroup counters;
    private final TraceWriter writer;
    private final List<Integer> cpus;
    private final Thread thread;
    private int devices;
    private boolean failed;
    private long lastLook = System.nanoTime();
    private volatile boolean closing;

    private TraceRecorder(
            TraceWriter writer, Capture capture, int workers, long ringBytes, List<Integer> cpus, CounterTable table) {
        this.writer = writer;
        this.capture = capture;
        this.cpus = cpus;
        counters = table.group("journal", COUNTERS);
        for (int i = 0; i < workers; i++) {
            JournalRing ring = JournalRing.in(memory, ringBytes);
            sources.add(new Source(ring, ring.drain(), table.group("journal/worker" + i, QueueJournal.COUNTERS)));
        }
        thread = Thread.ofPlatform().name(THREAD).daemon().unstarted(this::run);
    }

    /**
     * Begins a trace.
     *
     * @param workers how many threads record
     * @param ringBytes for each of them, a power of two
     * @param cpus where the recording thread may run
     * @throws TraceException if the directory is not empty or cannot be written
     */
    public static TraceRecorder start(
            Path directory, Capture capture, int workers, long ringBytes, List<Integer> cpus, CounterTable table) {
        Instant now = Instant.now();
        long wall = TimeUnit.SECONDS.toNanos(now.getEpochSecond()) + now.getNano();
        TraceWriter writer = TraceWriter.create(directory.toAbsolutePath(), capture, wall, System.nanoTime());
        TraceRecorder recorder = new TraceRecorder(writer, capture, workers, ringBytes, cpus, table);
        recorder.thread.start();
        return recorder;
    }

    Capture capture() {
        return capture;
    }

    /**
     * A device that records from now on.
     *
     * @param kind its virtio device id
     * @return null if there have been too many to number
     */
    public @Nullable DeviceTrace device(int kind, String id, int queues) {
        if (devices == MOST_DEVICES) {
            LOG.warn("{} is not recorded: the trace has {} devices already", id, MOST_DEVICES);
            return null;
        }
        TracedDevice device = new TracedDevice(devices++, kind, id, queues);
        notices.add(new Notice.NewDevice(device));
        return new DeviceTrace(this, device);
    }

    QueueJournal journal(int worker, int device, int queue) {
        Source source = sources.get(worker);
        return new QueueJournal(source.ring(), source.counters(), device, queue);
    }

    /** A queue is gone that could not tell what it had lost. */
    void lost(QueueJournal journal) {
        notices.add(new Notice.Loss(
                journal.device(), journal.queue(), journal.untold(), journal.untoldFrom(), journal.untoldTo()));
    }

    private void run() {
        try {
            Affinity.pin(cpus);
        } catch (PosixException e) {
            LOG.debug("the recording thread runs where it likes", e);
        }
        while (!closing) {
            if (turn() == 0) {
                LockSupport.parkNanos(REST_NANOS);
            }
        }
    }

    /** Takes out of the rings what is in them now; returns how many documents that made. */
    private int turn() {
        int made = 0;
        try {
            lookAtTheDisk();
            // first how far the workers are, then who is new: whoever has recorded something has been announced before
            sources.forEach(source -> source.drain().look());
            for (Notice notice = notices.poll(); notice != null; notice = notices.poll()) {
                if (!failed) {
                    write(notice);
                }
            }
            for (int i = 0; i < sources.size(); i++) {
                made += drain(i, sources.get(i).drain());
            }
        } catch (RuntimeException | InternalError e) {
            fail("recording to " + writer.directory() + " has ended: " + e, e);
        }
        return made;
    }

    private void write(Notice notice) {
        switch (notice) {
            case Notice.NewDevice made -> writer.device(made.device());
            case Notice.Loss loss -> writer.loss(loss.device(), loss.queue(), loss.count(), loss.from(), loss.to());
        }
        counters.add(DOCUMENTS, 1);
    }

    private int drain(int worker, RingDrain drain) {
        int made = 0;
        while (drain.next(TraceLayout.PIECE_BYTES)) {
            if (failed) {
                counters.add(DISCARDED, drain.count());
            } else {
                writer.records(worker, drain.address(), drain.bytes());
                counters.add(DOCUMENTS, 1);
                counters.add(BYTES, drain.bytes());
            }
            drain.release();
            made++;
        }
        return made;
    }

    private void lookAtTheDisk() {
        long now = System.nanoTime();
        if (failed || now - lastLook < LOOK_NANOS) {
            return;
        }
        lastLook = now;
        long free;
        try {
            free = Files.getFileStore(writer.directory()).getUsableSpace();
        } catch (IOException e) {
            fail("recording has ended, " + writer.directory() + " is gone: " + e, e);
            return;
        }
        if (free < LEAST_FREE_BYTES) {
            fail("recording has ended: the disk of " + writer.directory() + " is nearly full", null);
        }
    }

    private void fail(String message, @Nullable Throwable cause) {
        if (!failed) {
            failed = true;
            counters.add(FAILURES, 1);
            LOG.error(message, cause);
        }
    }

    /** Writes what is left, and the end; nobody records any more. */
    @Override
    public void close() {
        closing = true;
        boolean interrupted = false;
        while (thread.isAlive()) {
            LockSupport.unpark(thread);
            try {
                thread.join();
            } catch (InterruptedException _) {
                interrupted = true;
            }
        }
        turn();
        try {
            if (!failed) {
                writer.end(System.nanoTime());
            }
            writer.close();
        } catch (RuntimeException | InternalError e) {
            fail("the end of the trace in " + writer.directory() + " was not written: " + e, e);
        } finally {
            memory.close();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
