package dev.cipu.device.virtio;

import dev.cipu.device.pci.QueueHost;
import dev.cipu.device.pci.QueueSetup;
import dev.cipu.virtio.ring.Interrupt;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Runs no queue, and writes down what it is asked. */
final class RecordingQueues implements QueueHost {
    private final List<String> calls = new ArrayList<>();
    final Map<Integer, QueueSetup> running = new HashMap<>();
    final Map<Integer, Interrupt> interrupts = new HashMap<>();
    boolean served = true;
    boolean refuses;
    Runnable whileStopping = () -> {};

    @Override
    public boolean start(int queue, QueueSetup setup, Interrupt interrupt) {
        calls.add("start " + queue);
        if (refuses) {
            return false;
        }
        running.put(queue, setup);
        interrupts.put(queue, interrupt);
        return true;
    }

    @Override
    public void stop(int queue) {
        calls.add("stop " + queue);
        whileStopping.run();
        running.remove(queue);
    }

    @Override
    public void kick(int queue) {
        calls.add("kick " + queue);
    }

    @Override
    public void serve(boolean on) {
        served = on;
    }

    /** Has a queue interrupt its driver. */
    void used(int queue) {
        Interrupt interrupt = interrupts.get(queue);
        if (interrupt == null) {
            throw new AssertionError("queue " + queue + " never ran");
        }
        interrupt.raise();
    }

    /** Something else happens, at this place among what is asked. */
    void note(String what) {
        calls.add(what);
    }

    /** What was asked since this was asked last, but for {@link #serve}. */
    List<String> take() {
        List<String> then = List.copyOf(calls);
        calls.clear();
        return then;
    }
}
