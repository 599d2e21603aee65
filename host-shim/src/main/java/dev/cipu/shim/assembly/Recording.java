package dev.cipu.shim.assembly;

import dev.cipu.dataplane.CounterTable;
import dev.cipu.dataplane.blk.BlockJournal;
import dev.cipu.dataplane.journal.QueueJournal;
import dev.cipu.dataplane.net.PortJournal;
import dev.cipu.shim.posix.Affinity;
import dev.cipu.shim.trace.DeviceTrace;
import dev.cipu.shim.trace.TraceException;
import dev.cipu.shim.trace.TraceRecorder;
import dev.cipu.virtio.blk.BlkDevice;
import dev.cipu.virtio.net.NetDevice;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The recorder of a card, or none: gives devices the journals of their queues. Made before the workers start, closed after they have
 * ended. Owner: the card's control thread.
 */
final class Recording implements AutoCloseable {
    static final Recording NONE = new Recording(null);

    private final @Nullable TraceRecorder recorder;

    private Recording(@Nullable TraceRecorder recorder) {
        this.recorder = recorder;
    }

    /**
     * Begins to record if the card is to.
     *
     * @param workers CPUs of the workers: the recording thread keeps off them where there are others
     */
    static Recording start(@Nullable RecordSpec spec, List<Integer> workers, CounterTable counters) {
        if (spec == null) {
            return NONE;
        }
        List<Integer> allowed = Affinity.allowed();
        List<Integer> others =
                allowed.stream().filter(cpu -> !workers.contains(cpu)).toList();
        try {
            return new Recording(TraceRecorder.start(
                    spec.directory(),
                    spec.capture(),
                    workers.size(),
                    spec.ringBytes(),
                    others.isEmpty() ? allowed : others,
                    counters));
        } catch (TraceException e) {
            throw new ResourceException("record: " + e.getMessage(), e);
        }
    }

    private @Nullable DeviceTrace device(int kind, String id, int queues, Plugged made) {
        DeviceTrace trace = recorder == null ? null : recorder.device(kind, id, queues);
        if (trace != null) {
            made.undo(trace);
        }
        return trace;
    }

    /** For the port of a network device; null if nothing is recorded. */
    @Nullable
    PortJournal port(String id, NetDevice device, CardCore core, Plugged made) {
        DeviceTrace trace = device(NetDevice.DEVICE_ID, id, device.queueCount(), made);
        if (trace == null) {
            return null;
        }
        List<QueueJournal> queues = new ArrayList<>();
        for (int i = 0; i < device.queueCount(); i++) {
            queues.add(trace.queue(i, core.index()));
        }
        return new PortJournal(queues, trace.capture(), System::nanoTime);
    }

    /** For the queues of a block device, each where its core is; nothing is recorded of those that are null. */
    List<@Nullable BlockJournal> queues(String id, List<CardCore> cores, Plugged made) {
        DeviceTrace trace = device(BlkDevice.DEVICE_ID, id, cores.size(), made);
        List<@Nullable BlockJournal> journals = new ArrayList<>();
        for (int i = 0; i < cores.size(); i++) {
            journals.add(
                    trace == null
                            ? null
                            : new BlockJournal(
                                    trace.queue(i, cores.get(i).index()), trace.capture(), System::nanoTime));
        }
        return journals;
    }

    @Override
    public void close() {
        if (recorder != null) {
            recorder.close();
        }
    }
}
