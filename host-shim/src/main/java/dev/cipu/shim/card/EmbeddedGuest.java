package dev.cipu.shim.card;

import dev.cipu.shim.posix.EventFd;
import dev.cipu.virtio.DeviceStatus;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.NotificationData;
import dev.cipu.virtio.driver.DriverMemory;
import dev.cipu.virtio.driver.DriverQueue;
import dev.cipu.virtio.memory.GuestMemory;
import dev.cipu.virtio.ring.Interrupt;
import dev.cipu.virtio.ring.RingFormat;
import dev.cipu.virtio.ring.Violation;
import dev.cipu.virtio.ring.Virtqueue;
import dev.cipu.virtio.ring.VirtqueueBuilder;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A guest in this process: memory of its own, and a driver that drives a function exactly as a vhost-user session does,
 * so that the device does not know which it is. One thread owns it; after {@link #close} the card has let go of its
 * memory.
 */
public final class EmbeddedGuest implements AutoCloseable {
    /** Where the guest's memory begins; not where this process has it, so that a mix-up shows. */
    private static final long GUEST_ADDRESS = 0x1_0000_0000L;

    private static final int PAGE = 4096;

    private final CardFunction function;
    private final Arena arena = Arena.ofShared();
    private final DriverMemory memory;
    private final GuestMemory shared;
    private final @Nullable QueueEnd[] queues;
    private final AtomicInteger broken = new AtomicInteger();
    private final AtomicInteger configChanges = new AtomicInteger();
    private boolean closed;

    /** A queue in use: its driver's half and the two ways to ring. */
    private static final class QueueEnd implements Interrupt {
        final DriverQueue driver;
        final EventFd kick = EventFd.create();
        final AtomicLong calls = new AtomicLong();
        volatile @Nullable Runnable called;

        @Nullable
        Virtqueue ring;

        long kicks;

        QueueEnd(DriverQueue driver) {
            this.driver = driver;
        }

        @Override
        public void raise() {
            calls.incrementAndGet();
            Runnable told = called;
            if (told != null) {
                told.run();
            }
        }
    }

    /**
     * Plugs a guest into a function, accepts features, and starts no queue yet.
     *
     * @param wanted features to accept as far as they are offered
     * @param bytes of the guest's memory
     * @throws IllegalStateException if the device refuses these features
     */
    public EmbeddedGuest(CardFunction function, FeatureSet wanted, long bytes) {
        this.function = function;
        MemorySegment segment = arena.allocate(bytes, PAGE);
        memory = new DriverMemory(segment, GUEST_ADDRESS);
        shared = memory.asGuestMemory();
        queues = new QueueEnd[function.device().queueCount()];
        function.listen(new Events());
        // [virtio-1.4 §3.1.1]
        function.device().setStatus(DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER);
        if (!function.device().negotiate(function.device().offered().and(wanted))) {
            arena.close();
            throw new IllegalStateException("the device refuses the features that it offers");
        }
        function.device()
                .setStatus(DeviceStatus.ACKNOWLEDGE
                        | DeviceStatus.DRIVER
                        | DeviceStatus.FEATURES_OK
                        | DeviceStatus.DRIVER_OK);
    }

    private final class Events implements FunctionListener {
        @Override
        public void queueBroken(int queue, Violation kind) {
            broken.incrementAndGet();
        }

        @Override
        public void queueFaulted(int queue, boolean alone) {
            // this guest's memory is no file, so nobody can cut it
        }

        @Override
        public void memoryFault() {}

        @Override
        public void configChanged() {
            if (function.device().mayNotifyOfChange()) {
                configChanges.incrementAndGet();
            }
        }
    }

    /** Configuration change notifications so far; any thread may ask. */
    public int configChanges() {
        return configChanges.get();
    }

    /** The device's status field as the driver reads it. */
    public int status() {
        return function.device().status();
    }

    /** Writes the status field, as far as a driver with a running device does: to suspend it and to let it go on. */
    public void writeStatus(int bits) {
        switch (function.device().setStatus(bits)) {
            case SUSPEND -> {
                enableAll(false);
                function.device().suspended();
            }
            case RESUME -> {
                if (function.device().resumed()) {
                    configChanges.incrementAndGet();
                }
                enableAll(true);
            }
            case NOTHING -> {}
        }
    }

    private void enableAll(boolean on) {
        for (int i = 0; i < queues.length; i++) {
            if (queues[i] != null) {
                function.enable(i, on);
            }
        }
    }

    /** What driver and device agreed on. */
    public FeatureSet negotiated() {
        return function.device().negotiated();
    }

    public DriverMemory memory() {
        return memory;
    }

    /**
     * Sets a queue up and starts it.
     *
     * @param size descriptors, as many as the ring's format allows
     * @param indirectEntries longest chain for an indirect table, 0 for none
     */
    public DriverQueue start(int queue, int size, int indirectEntries) {
        long bytes = DriverQueue.bytes(RingFormat.of(negotiated()), size, indirectEntries);
        long address = memory.allocate(bytes, PAGE);
        DriverQueue driver = DriverQueue.of(memory.slice(address, bytes), address, size, negotiated(), indirectEntries);
        QueueEnd end = new QueueEnd(driver);
        queues[queue] = end;
        attach(queue, end, driver.format().start(), true);
        return driver;
    }

    private void attach(int queue, QueueEnd end, int position, boolean fresh) {
        DriverQueue driver = end.driver;
        VirtqueueBuilder builder = new VirtqueueBuilder()
                .size(driver.size())
                .memory(shared)
                .features(negotiated())
                .rings(driver.descriptorAddress(), driver.driverAreaAddress(), driver.deviceAreaAddress())
                .interrupt(end);
        Virtqueue ring = (fresh ? builder.fresh(position) : builder.position(position)).build();
        end.ring = ring;
        function.attach(queue, ring, end.kick.fd().number());
        function.enable(queue, true);
    }

    /** Takes a queue away from the card, every request that it had begun being answered. */
    public void pause(int queue) {
        function.enable(queue, false);
        function.detach(queue);
    }

    /** Gives a paused queue back; the card goes on where it was. */
    public void resume(int queue) {
        QueueEnd end = end(queue);
        Virtqueue before = end.ring;
        if (before == null) {
            throw new IllegalStateException("queue " + queue + " never ran");
        }
        attach(queue, end, before.position(), false);
    }

    /**
     * Resets one queue and starts it again, empty; what its driver had under way is forgotten. {@code [virtio-1.4 §2.6.1]}
     *
     * @param size descriptors from now on, as {@link #start} takes them
     */
    public DriverQueue restart(int queue, int size, int indirectEntries) {
        pause(queue);
        end(queue).kick.close();
        return start(queue, size, indirectEntries);
    }

    /** Kicks the device, as a publication that asked for it does. */
    public void kick(int queue) {
        end(queue).kicks++;
        int word = NotificationData.of(
                function.device().notifyValue(queue), end(queue).driver.notificationData());
        notifyDevice(word);
    }

    /** A notification as the driver writes it; the device cannot rely on what it says. {@code [virtio-1.4 §2.9]} */
    public void notifyDevice(int word) {
        int queue = function.device().notifiedQueue(word);
        QueueEnd end = queue < 0 ? null : queues[queue];
        if (end != null) {
            end.kick.signal();
        }
    }

    /** What to run, on a worker of the card, when the device calls. */
    public void onCall(int queue, Runnable told) {
        end(queue).called = told;
    }

    /** Kicks so far, of all queues. */
    public long kicks() {
        long sum = 0;
        for (QueueEnd end : queues) {
            sum += end == null ? 0 : end.kicks;
        }
        return sum;
    }

    /** Calls so far, of all queues; any thread may ask. */
    public long calls() {
        long sum = 0;
        for (QueueEnd end : queues) {
            sum += end == null ? 0 : end.calls.get();
        }
        return sum;
    }

    /** Queues that the device gave up because of what this guest's driver did; any thread may ask. */
    public int brokenQueues() {
        return broken.get();
    }

    private QueueEnd end(int queue) {
        QueueEnd end = queues[queue];
        if (end == null) {
            throw new IllegalStateException("queue " + queue + " was not started");
        }
        return end;
    }

    /** Stops all queues, resets the device and gives the memory back. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        for (int i = 0; i < queues.length; i++) {
            QueueEnd end = queues[i];
            if (end != null) {
                pause(i);
                end.kick.close();
            }
        }
        function.device().reset();
        function.listen(FunctionListener.NONE);
        arena.close();
    }
}
