package dev.cipu.dataplane.net;

import dev.cipu.virtio.net.CallCoalescing;
import java.util.function.LongSupplier;

/**
 * Lets calls wait for more packets, or for time, as the driver asked for each queue. {@code [virtio-1.4 §5.1.6.5.10]} Owner: the
 * thread that owns the port.
 */
final class CallCoalescer {
    private final CallCoalescing parameters;
    private final LongSupplier nanoTime;

    /** Packets since the last call, and when the first of them was. */
    private final long[] packets;

    private final long[] since;

    CallCoalescer(CallCoalescing parameters, int queues, LongSupplier nanoTime) {
        this.parameters = parameters;
        this.nanoTime = nanoTime;
        packets = new long[queues];
        since = new long[queues];
    }

    /** Packets went through a queue. */
    void passed(int queue, long count) {
        if (packets[queue] == 0 && count > 0) {
            since[queue] = nanoTime.getAsLong();
        }
        packets[queue] += count;
    }

    /** Whether the queue's driver is to be called now, as far as it depends on this; counting then begins anew. */
    boolean isDue(int queue) {
        boolean due = packets[queue] == 0
                || !parameters.waits(queue)
                || packets[queue] >= parameters.maxPackets(queue)
                || nanoTime.getAsLong() - since[queue] >= parameters.maxNanos(queue);
        if (due) {
            packets[queue] = 0;
        }
        return due;
    }

    /** The queue ends, or its driver is called for another reason. */
    void forget(int queue) {
        packets[queue] = 0;
    }
}
