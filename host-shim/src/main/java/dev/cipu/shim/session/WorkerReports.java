package dev.cipu.shim.session;

import dev.cipu.shim.card.FunctionListener;
import dev.cipu.shim.posix.Fd;
import dev.cipu.virtio.ring.Violation;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * What workers have met while they served a session's queues, until its thread looks. Workers report, and whoever else knows of a
 * change; the session's thread is woken and takes each report once.
 */
public final class WorkerReports implements FunctionListener, AutoCloseable {
    private final Wakeup wakeup = new Wakeup();
    private final AtomicReferenceArray<@Nullable Violation> broken;

    /** What each queue has last met and the peer has to hear. */
    private final AtomicReferenceArray<@Nullable Ungranted> ungranted;

    private final FaultWatch faults;
    private final AtomicBoolean configDirty = new AtomicBoolean();

    /** An address that a queue could not use: not translated yet, or not for this. */
    public record Ungranted(boolean denied, long address, boolean write) {}

    public WorkerReports(int queues, SessionCounters counters) {
        broken = new AtomicReferenceArray<>(queues);
        ungranted = new AtomicReferenceArray<>(queues);
        faults = new FaultWatch(queues, counters);
    }

    /** Readable when there may be something to take. */
    public Fd fd() {
        return wakeup.fd();
    }

    /** From now on a report wakes again. */
    public void begin() {
        wakeup.taken();
    }

    public @Nullable Ungranted takeUngranted(int queue) {
        return ungranted.getAndSet(queue, null);
    }

    /** How a queue was broken, null if it was not. */
    public @Nullable Violation takeBroken(int queue) {
        return broken.getAndSet(queue, null);
    }

    public FaultWatch faults() {
        return faults;
    }

    /** A change that the session's thread has made itself and will look at soon. */
    public void noteConfigChange() {
        configDirty.set(true);
    }

    public boolean takeConfigChange() {
        return configDirty.getAndSet(false);
    }

    @Override
    public void queueBroken(int queue, Violation kind) {
        broken.set(queue, kind);
        wakeup.wake();
    }

    @Override
    public void translationMissed(int queue, long address, boolean write) {
        ungranted.set(queue, new Ungranted(false, address, write));
        wakeup.wake();
    }

    /** Looked at once {@link #queueBroken} comes. */
    @Override
    public void accessDenied(int queue, long address, boolean write) {
        ungranted.set(queue, new Ungranted(true, address, write));
    }

    @Override
    public void queueFaulted(int queue, boolean alone) {
        faults.queueFaulted(queue, alone);
    }

    @Override
    public void memoryFault() {
        faults.memoryFault();
        wakeup.wake();
    }

    @Override
    public void configChanged() {
        configDirty.set(true);
        wakeup.wake();
    }

    /** Wakes the session's thread. */
    public void wake() {
        wakeup.wake();
    }

    /** Wakes the session's thread and does one thing more, unless the session is over. */
    public void wake(Runnable besides) {
        wakeup.wake(besides);
    }

    @Override
    public void close() {
        wakeup.close();
    }
}
