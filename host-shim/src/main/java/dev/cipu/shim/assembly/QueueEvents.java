package dev.cipu.shim.assembly;

import dev.cipu.dataplane.QueueListener;
import dev.cipu.shim.card.FunctionListener;
import dev.cipu.virtio.ring.Violation;
import java.util.function.Supplier;

/**
 * What the dataplane says of one queue, on its worker: passed on to the function's transport, and to everybody else whom a
 * fault in shared memory may concern.
 *
 * @param listener the transport's, as it is at that moment
 */
record QueueEvents(int queue, CardCore core, Supplier<FunctionListener> listener) implements QueueListener {
    @Override
    public void queueBroken(Violation kind) {
        listener.get().queueBroken(queue, kind);
    }

    @Override
    public void translationMissed(long address, boolean write) {
        listener.get().translationMissed(queue, address, write);
    }

    @Override
    public void accessDenied(long address, boolean write) {
        listener.get().accessDenied(queue, address, write);
    }

    @Override
    public void memoryFault() {
        core.memoryFault(listener.get(), queue);
    }
}
