package dev.cipu.dataplane.net;

import dev.cipu.dataplane.journal.Capture;
import dev.cipu.dataplane.journal.QueueJournal;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * Records what passes the queues of one {@link GuestPort}. Owner: the thread that owns the port.
 *
 * <p>A port without one does nothing for recording but ask, once a burst, whether there is one.
 */
public final class PortJournal {
    private final List<QueueJournal> queues;
    private final Capture capture;
    private final LongSupplier nanoTime;
    private final TransmitqJournal[] transmitqs;
    private final ReceiveqJournal[] receiveqs;

    /**
     * @param queues for each of the device's queues, by its index
     * @param nanoTime the worker's clock
     */
    public PortJournal(List<QueueJournal> queues, Capture capture, LongSupplier nanoTime) {
        this.queues = List.copyOf(queues);
        this.capture = capture;
        this.nanoTime = nanoTime;
        int pairs = queues.size() / 2;
        transmitqs = new TransmitqJournal[pairs];
        receiveqs = new ReceiveqJournal[pairs];
        for (int i = 0; i < pairs; i++) {
            receiveqs[i] = new ReceiveqJournal(queues.get(2 * i), capture, nanoTime);
            transmitqs[i] = new TransmitqJournal(queues.get(2 * i + 1), capture, nanoTime);
        }
    }

    TransmitqJournal transmitq(int pair) {
        return transmitqs[pair];
    }

    ReceiveqJournal receiveq(int pair) {
        return receiveqs[pair];
    }

    /** For the queue at this index, where the driver has its control queue. */
    ControlJournal control(int index) {
        return new ControlJournal(queues.get(index), capture, nanoTime);
    }

    /** A queue stops. */
    void rest(int index) {
        queues.get(index).rest();
    }
}
