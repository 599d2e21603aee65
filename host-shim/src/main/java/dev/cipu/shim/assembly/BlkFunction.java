package dev.cipu.shim.assembly;

import dev.cipu.dataplane.CounterGroup;
import dev.cipu.dataplane.Worker;
import dev.cipu.dataplane.blk.BlockJournal;
import dev.cipu.dataplane.blk.BlockQueue;
import dev.cipu.dataplane.blk.Disk;
import dev.cipu.shim.card.CardFunction;
import dev.cipu.virtio.blk.BlkDevice;
import dev.cipu.virtio.memory.GuestMemory;
import dev.cipu.virtio.ring.Virtqueue;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A block device of the card: each of its request queues is a duty of one worker, over one disk. */
final class BlkFunction extends CardFunction {
    /** Between two questions whether a queue that stops has answered everything. */
    private static final long DRAIN_NANOS = 50_000;

    private final BlkDevice device;
    private final Disk disk;
    private final List<Place> places;
    private final @Nullable Attachment[] attachments;
    private final Runnable faultListener = this::tellOfMemoryFault;

    /** Where a queue is served, counted and, if at all, recorded, whenever it is attached. */
    record Place(
            CardCore core, CounterGroup counters, @Nullable BlockJournal journal) {}

    /** A queue that is attached. Owned by the transport's control thread. */
    private static final class Attachment {
        final int kickFd;
        final boolean kicks;
        final BlockQueue duty;
        boolean served;

        Attachment(int kickFd, boolean kicks, BlockQueue duty) {
            this.kickFd = kickFd;
            this.kicks = kicks;
            this.duty = duty;
        }
    }

    /**
     * @param places one for each request queue
     */
    BlkFunction(BlkDevice device, Disk disk, List<Place> places) {
        this.device = device;
        this.disk = disk;
        this.places = List.copyOf(places);
        attachments = new Attachment[device.queueCount()];
        cores().forEach(core -> core.onMemoryFault(faultListener));
    }

    private Stream<CardCore> cores() {
        return places.stream().map(Place::core).distinct();
    }

    private void tellOfMemoryFault() {
        listener().memoryFault();
    }

    /** Leaves the workers, for good; no transport may drive the device any more. */
    void unplug() {
        for (int i = 0; i < attachments.length; i++) {
            detach(i);
        }
        cores().forEach(core -> core.forgetMemoryFault(faultListener));
    }

    @Override
    public BlkDevice device() {
        return device;
    }

    /** The store may have another size or other abilities than before. Requests in flight beyond a new end fail as it sees fit. */
    @Override
    public synchronized void refresh() {
        boolean changed = disk.refresh();
        if (changed) {
            device.capacity(disk.sectors());
        }
        boolean unmaps = disk.store().canUnmap();
        if (unmaps != device.zeroesMayUnmap()) {
            device.zeroesMayUnmap(unmaps);
            changed = true;
        }
        if (changed) {
            // [virtio-1.4 §5.2.6.2] SHOULD trigger a notification
            listener().configChanged();
        }
    }

    @Override
    public void attach(int queue, Virtqueue q, int kickFd) {
        if (attachments[queue] != null) {
            throw new IllegalStateException("queue " + queue + " is attached already");
        }
        Place place = places.get(queue);
        @Nullable BlockQueue[] made = new BlockQueue[1];
        // on the worker: some stores tie a channel to the thread that opens it
        place.core()
                .worker()
                .call(() -> made[0] = new BlockQueue(
                        q,
                        device,
                        disk,
                        place.counters(),
                        new QueueEvents(queue, place.core(), this::listener),
                        place.journal()));
        BlockQueue duty = made[0];
        if (duty == null) {
            throw new IllegalStateException("a worker acknowledged what it had not done");
        }
        try {
            attachments[queue] = new Attachment(kickFd, place.core().watch(kickFd), duty);
        } catch (RuntimeException e) {
            place.core().worker().call(duty::close);
            throw e;
        }
    }

    @Override
    public void enable(int queue, boolean on) {
        Attachment attachment = attachments[queue];
        if (attachment == null || attachment.served == on) {
            return;
        }
        CardCore core = places.get(queue).core();
        BlockQueue duty = attachment.duty;
        if (on) {
            core.worker().call(duty::resume);
            core.worker().add(duty);
        } else {
            drain(core.worker(), duty);
            core.worker().remove(duty);
        }
        attachment.served = on;
    }

    @Override
    public void replaceMemory(int queue, GuestMemory memory, boolean quiesce) {
        Attachment attachment = attachments[queue];
        if (attachment == null) {
            return;
        }
        Worker worker = places.get(queue).core().worker();
        BlockQueue duty = attachment.duty;
        if (!quiesce || !attachment.served) {
            worker.call(() -> duty.replaceMemory(memory));
            return;
        }
        drain(worker, duty);
        worker.call(() -> {
            duty.replaceMemory(memory);
            duty.resume();
        });
    }

    /** Waits on this thread, however long the store takes, so that the worker's other guests need not. */
    private static void drain(Worker worker, BlockQueue duty) {
        AtomicBoolean drained = new AtomicBoolean();
        worker.call(() -> drained.set(duty.drained()));
        while (!drained.get()) {
            LockSupport.parkNanos(DRAIN_NANOS);
            worker.call(() -> drained.set(duty.drained()));
        }
    }

    @Override
    public void detach(int queue) {
        Attachment attachment = attachments[queue];
        if (attachment == null) {
            return;
        }
        enable(queue, false);
        CardCore core = places.get(queue).core();
        core.worker().call(attachment.duty::close);
        attachments[queue] = null;
        core.unwatch(attachment.kickFd, attachment.kicks);
    }
}
