package dev.cipu.device.virtio;

import dev.cipu.device.pci.QueueHost;
import dev.cipu.device.pci.QueueSetup;

/** The virtqueues of a function and who runs them. Owner: the function's control thread. */
final class Virtqueues {
    private final QueueHost host;
    private final Events events;
    private final QueueRegisters[] queues;

    Virtqueues(QueueHost host, Events events, int count, int size) {
        this.host = host;
        this.events = events;
        queues = new QueueRegisters[count];
        for (int i = 0; i < count; i++) {
            queues[i] = new QueueRegisters(size);
        }
    }

    int count() {
        return queues.length;
    }

    QueueRegisters get(int queue) {
        return queues[queue];
    }

    /**
     * Starts what is enabled and does not run.
     *
     * @return false if one of them cannot run
     */
    boolean startEnabled() {
        boolean all = true;
        for (int i = 0; i < queues.length; i++) {
            QueueRegisters queue = queues[i];
            if (queue.isEnabled() && !queue.isRunning()) {
                queue.running(host.start(i, setup(queue), () -> events.used(queue.vector())));
                all &= queue.isRunning();
            }
        }
        return all;
    }

    private static QueueSetup setup(QueueRegisters queue) {
        return new QueueSetup(
                queue.size(),
                queue.area(CommonLayout.QUEUE_DESC),
                queue.area(CommonLayout.QUEUE_DRIVER),
                queue.area(CommonLayout.QUEUE_DEVICE));
    }

    /** Resets one queue: nothing of it is under way when this returns. {@code [virtio-1.4 §2.6.1]} */
    void reset(int index) {
        QueueRegisters queue = queues[index];
        queue.resetting(true);
        host.stop(index);
        queue.reset();
        queue.resetting(false);
    }

    void resetAll() {
        for (int i = 0; i < queues.length; i++) {
            if (queues[i].isRunning()) {
                host.stop(i);
            }
            queues[i].reset();
        }
    }

    void kick(int queue) {
        if (queue < queues.length && queues[queue].isRunning()) {
            host.kick(queue);
        }
    }

    void serve(boolean on) {
        host.serve(on);
    }
}
