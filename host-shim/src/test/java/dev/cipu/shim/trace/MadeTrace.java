package dev.cipu.shim.trace;

import dev.cipu.dataplane.CounterTable;
import dev.cipu.dataplane.journal.Capture;
import dev.cipu.dataplane.journal.QueueJournal;
import dev.cipu.dataplane.journal.RecordLayout;
import dev.cipu.shim.posix.Affinity;
import dev.cipu.virtio.blk.BlkDevice;
import dev.cipu.virtio.blk.BlkRequest;
import dev.cipu.virtio.memory.HostMemory;
import dev.cipu.virtio.net.NetDevice;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/** Records what a test makes up, in the place of a card's worker: a network device {@code net0} of two pairs and a disk {@code blk0}. */
public final class MadeTrace implements AutoCloseable {
    private static final long RING_BYTES = 64L << 20;

    private final TraceRecorder recorder;
    private final DeviceTrace net;
    private final DeviceTrace blk;
    private final Map<Integer, QueueJournal> frames = new HashMap<>();
    private final Map<Integer, QueueJournal> requests = new HashMap<>();

    public MadeTrace(Path directory) {
        this(directory, Capture.HEADERS);
    }

    public MadeTrace(Path directory, Capture capture) {
        CounterTable counters = new CounterTable(Arena.ofAuto().allocate(CounterTable.DEFAULT_BYTES, 64), 1, 0);
        recorder = TraceRecorder.start(directory, capture, 1, RING_BYTES, Affinity.allowed(), counters);
        net = Objects.requireNonNull(recorder.device(NetDevice.DEVICE_ID, "net0", 5));
        blk = Objects.requireNonNull(recorder.device(BlkDevice.DEVICE_ID, "blk0", 4));
    }

    /** A frame of a queue, received if that is even, of which the first bytes are recorded. */
    public void frame(int queue, long taken, long length, byte[] captured) {
        QueueJournal journal = frames.computeIfAbsent(queue, each -> net.queue(each, 0));
        int kind = queue % 2 == 0 ? RecordLayout.RECEIVE : RecordLayout.TRANSMIT;
        long at = journal.begin(kind, RecordLayout.PASSED, taken, taken + 700, captured.length);
        QueueJournal.chain(at, 0, 12 + length, 0, 0);
        QueueJournal.content(at, 0, 0, length);
        copy(captured, at);
        journal.release();
    }

    /** A request that went well. */
    public void request(int queue, long taken, long nanos, int type, long sector, long length, byte[] captured) {
        request(queue, taken, nanos, type, BlkRequest.OK, sector, length, captured);
    }

    public void request(
            int queue, long taken, long nanos, int type, int status, long sector, long length, byte[] captured) {
        QueueJournal journal = requests.computeIfAbsent(queue, each -> blk.queue(each, 0));
        long at = journal.begin(RecordLayout.BLOCK, status, taken, taken + nanos, captured.length);
        QueueJournal.chain(at, 0, 16, 1 + length, 0);
        QueueJournal.content(at, sector, type, length);
        copy(captured, at);
        journal.release();
    }

    /** A command that went well. */
    public void command(long taken) {
        QueueJournal journal = frames.computeIfAbsent(4, each -> net.queue(each, 0));
        QueueJournal.content(journal.begin(RecordLayout.CONTROL, 0, taken, taken, 0), 0, 0x100, 1);
        journal.release();
    }

    /** So many transactions of the disk's first queue that were not recorded. */
    public void loss(long taken, long count) {
        QueueJournal journal = requests.computeIfAbsent(0, each -> blk.queue(each, 0));
        QueueJournal.content(journal.begin(RecordLayout.LOSS, 0, taken, taken, 0), count, 0, 0);
        journal.release();
    }

    private static void copy(byte[] bytes, long at) {
        MemorySegment.copy(
                MemorySegment.ofArray(bytes), 0, HostMemory.ALL, at + RecordLayout.HEADER_BYTES, bytes.length);
    }

    @Override
    public void close() {
        net.close();
        blk.close();
        recorder.close();
    }
}
