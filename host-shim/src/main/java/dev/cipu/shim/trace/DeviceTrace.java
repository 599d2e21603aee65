package dev.cipu.shim.trace;

import dev.cipu.dataplane.journal.Capture;
import dev.cipu.dataplane.journal.QueueJournal;
import java.util.ArrayList;
import java.util.List;

/**
 * What a device of the card records into, from its making until it leaves. Owner: the card's control thread; the journals belong to the
 * workers that serve the queues.
 */
public final class DeviceTrace implements AutoCloseable {
    private final TraceRecorder recorder;
    private final TracedDevice device;
    private final List<QueueJournal> journals = new ArrayList<>();

    DeviceTrace(TraceRecorder recorder, TracedDevice device) {
        this.recorder = recorder;
        this.device = device;
    }

    /** A journal for a queue that a worker serves. */
    public QueueJournal queue(int index, int worker) {
        QueueJournal journal = recorder.journal(worker, device.number(), index);
        journals.add(journal);
        return journal;
    }

    /** How much is recorded. */
    public Capture capture() {
        return recorder.capture();
    }

    /** The device is gone, and no worker touches its journals any more: what they could not tell is told now. */
    @Override
    public void close() {
        for (QueueJournal journal : journals) {
            if (journal.untold() > 0) {
                recorder.lost(journal);
            }
        }
    }
}
