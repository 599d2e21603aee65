package dev.cipu.dataplane.blk;

import dev.cipu.dataplane.CounterGroup;
import dev.cipu.dataplane.Poller;
import dev.cipu.dataplane.QueueListener;
import dev.cipu.dataplane.journal.RecordLayout;
import dev.cipu.virtio.blk.BlkDevice;
import dev.cipu.virtio.blk.BlkRequest;
import dev.cipu.virtio.memory.GuestMemory;
import dev.cipu.virtio.memory.HostMemory;
import dev.cipu.virtio.ring.Chain;
import dev.cipu.virtio.ring.TranslationMiss;
import dev.cipu.virtio.ring.Violation;
import dev.cipu.virtio.ring.Virtqueue;
import dev.cipu.virtio.ring.VirtqueueViolation;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Serves one request queue of a block device from a store. Owner: the worker that polls it; it lives from the moment the
 * transport starts the ring until the transport has had it {@link #drained} and closed it.
 *
 * <p>Data moves between the store and guest memory directly. A request that the store completes at once is answered in
 * the same {@link #poll} that popped it. Neither a request that breaks the rules nor a ring that does reaches any other
 * queue: bad requests get a status, a bad ring stops this queue.
 *
 * <p>The used length counts the bytes written without a gap from the chain's first writable byte on: data and status for
 * a read, 1 for a request whose only writable byte is the status. {@code [virtio-1.4 §2.7.8.2]}
 */
public final class BlockQueue implements Poller, AutoCloseable {
    /** Names of the counters that a queue keeps, in order. */
    public static final List<String> COUNTERS = BlockCounters.NAMES;

    /** Bytes of the largest read or write: what the device's segment limits allow. */
    public static final long MAX_BYTES = (long) BlkDevice.SEG_MAX * BlkDevice.SIZE_MAX;

    /**
     * Requests of one burst, and bytes after which a burst ends. Small enough that a driver with 32 requests on their way
     * works on one half while we work on the other.
     */
    private static final int BURST = 16;

    private static final long BURST_BYTES = 1 << 20;

    /** Parts of chains in flight after which no more are popped: a driver may make each chain as long as its ring. */
    private static final long MAX_PARTS = 1 << 17;

    /** Requests in flight at a time, for queues that are larger. */
    private static final int MAX_TASKS = 1024;

    private final Virtqueue queue;
    private final BlockChannel channel;
    private final RequestParser parser;
    private final @Nullable ZoneRequests zones;
    private final @Nullable Wear wear;
    private final BlockCounters counters;
    private final QueueListener listener;
    private final @Nullable BlockJournal journal;
    private final MemorySegment serial = Arena.ofAuto().allocate(BlkRequest.SERIAL_BYTES);

    private final BlockTask[] tasks;
    private final BlockTask[] free;
    private int freeCount;

    /** Tasks whose next range waits to be submitted. */
    private final BlockTask[] again;

    private int againCount;

    /** Tasks whose zone is not ready for them. While there is one, nothing is popped: requests keep their order. */
    private final BlockTask[] waiting;

    private int waitingCount;

    /** Of the chains in flight. */
    private long parts;

    private boolean paused;

    /** Waits for a translation: nothing is popped until the memory is replaced. */
    private boolean missed;

    private boolean faulted;

    /** Serves a disk that is nothing but its store. */
    public BlockQueue(
            Virtqueue queue, BlkDevice device, BlockStore store, CounterGroup counters, QueueListener listener) {
        this(queue, device, Disk.of(store), counters, listener);
    }

    /**
     * @param device what the driver sees; capacity, cache mode and serial number are taken from it
     * @param disk shared with the device's other queues
     * @param counters made of {@link #COUNTERS}; the queue's worker becomes their writer
     */
    public BlockQueue(Virtqueue queue, BlkDevice device, Disk disk, CounterGroup counters, QueueListener listener) {
        this(queue, device, disk, counters, listener, null);
    }

    /** As above, with what passes the queue recorded if there is a journal. */
    public BlockQueue(
            Virtqueue queue,
            BlkDevice device,
            Disk disk,
            CounterGroup counters,
            QueueListener listener,
            @Nullable BlockJournal journal) {
        this.journal = journal;
        this.queue = Objects.requireNonNull(queue);
        this.counters = new BlockCounters(counters);
        this.listener = Objects.requireNonNull(listener);
        int count = Math.min(queue.size(), MAX_TASKS);
        channel = disk.store().channel(count);
        zones = disk.zones() == null ? null : new ZoneRequests(disk.zones());
        wear = disk.wear();
        parser = new RequestParser(device, disk, zones);
        byte[] text = device.traits().serial().getBytes(StandardCharsets.US_ASCII);
        MemorySegment.copy(text, 0, serial, ValueLayout.JAVA_BYTE, 0, text.length);
        free = new BlockTask[count];
        again = new BlockTask[count];
        waiting = new BlockTask[count];
        for (int i = 0; i < count; i++) {
            free[i] = new BlockTask(i, this::completed);
        }
        tasks = free.clone();
        freeCount = count;
    }

    @Override
    public int poll() {
        int work = 0;
        try {
            settle();
            if (waitingCount > 0) {
                work = proceed();
            }
            if (!paused && !faulted && !missed && waitingCount == 0) {
                work += popBurst();
            }
            if (channel.inFlight() > 0) {
                work += channel.poll();
            }
            if (againCount > 0) {
                work += submitAgain();
            }
            if (!faulted) {
                queue.release();
            }
            if (journal != null) {
                journal.release();
            }
        } catch (InternalError e) {
            fault();
            work++;
        }
        return work;
    }

    /** One range of each task that has more: those that are done at once wait for the next turn with what is left. */
    private int submitAgain() {
        int steps = againCount;
        for (int left = steps; left > 0; left--) {
            BlockTask task = again[0];
            againCount--;
            System.arraycopy(again, 1, again, 0, againCount);
            channel.submit(task);
        }
        return steps;
    }

    /** Tries again what had to wait for a zone; returns how many went on. */
    private int proceed() {
        ZoneRequests governed = Objects.requireNonNull(zones);
        int tried = waitingCount;
        waitingCount = 0;
        for (int i = 0; i < tried; i++) {
            BlockTask task = waiting[i];
            goOn(task, governed.proceed(task));
        }
        return tried - waitingCount;
    }

    private void goOn(BlockTask task, int verdict) {
        switch (verdict) {
            case RequestParser.SUBMIT -> {
                count(task);
                again[againCount++] = task;
            }
            case RequestParser.STEP -> again[againCount++] = task;
            case RequestParser.WAIT -> waiting[waitingCount++] = task;
            case RequestParser.APPENDED ->
                finish(task, BlkRequest.OK, faulted || zones == null ? 0 : zones.tellWhere(task));
            default -> finish(task, (byte) verdict, 0);
        }
    }

    /** Calls the driver for the answers of the turn before, whose stores have drained meanwhile. */
    private void settle() {
        if (!faulted && queue.call()) {
            counters.call();
        }
    }

    private int popBurst() {
        int popped = 0;
        long budget = BURST_BYTES;
        while (popped < BURST && budget > 0 && freeCount > 0 && parts < MAX_PARTS) {
            BlockTask task = free[freeCount - 1];
            if (!pop(task.chain())) {
                break;
            }
            if (journal != null) {
                journal.popped(task, popped == 0);
            }
            freeCount--;
            parts += task.chain().parts();
            popped++;
            budget -= begin(task);
        }
        return popped;
    }

    private boolean pop(Chain chain) {
        try {
            return queue.pop(chain);
        } catch (VirtqueueViolation violation) {
            counters.violation();
            if (violation.kind() == Violation.ACCESS_DENIED) {
                listener.accessDenied(violation.address(), violation.write());
            }
            listener.queueBroken(violation.kind());
            return false;
        } catch (TranslationMiss miss) {
            missed = true;
            listener.translationMissed(miss.address(), miss.write());
            return false;
        }
    }

    /** Starts a request; returns the bytes of its data. */
    private long begin(BlockTask task) {
        int verdict = parser.parse(task);
        switch (verdict) {
            case RequestParser.SUBMIT -> {
                count(task);
                long bytes = task.length();
                channel.submit(task);
                return bytes;
            }
            case RequestParser.IDENTIFY -> identify(task);
            case RequestParser.UNWRITTEN -> {
                count(task);
                return replied(task);
            }
            case RequestParser.AGED -> {
                counters.lifetime();
                return replied(task);
            }
            case RequestParser.REPORTED -> {
                counters.command(task);
                return replied(task);
            }
            case RequestParser.STEP -> {
                counters.command(task);
                channel.submit(task);
            }
            case RequestParser.WAIT -> {
                counters.command(task);
                waiting[waitingCount++] = task;
                return BURST_BYTES;
            }
            case RequestParser.NO_STATUS -> {
                counters.malformed();
                push(task, RecordLayout.NO_STATUS, 0);
            }
            case RequestParser.NO_HEADER -> {
                counters.malformed();
                finish(task, BlkRequest.IOERR, 0);
            }
            case BlkRequest.OK -> {
                counters.command(task);
                finish(task, BlkRequest.OK, 0);
            }
            default -> finish(task, (byte) verdict, 0);
        }
        return 0;
    }

    private void count(BlockTask task) {
        counters.request(task);
        if (wear != null && task.op() == BlockOp.WRITE) {
            wear.add(task.length());
        }
    }

    private long replied(BlockTask task) {
        long bytes = task.delivered();
        finish(task, BlkRequest.OK, bytes);
        return bytes;
    }

    /** The serial number, NUL-padded to 20 bytes, or as much of it as there is room for. */
    private void identify(BlockTask task) {
        counters.identity();
        int bytes = (int) Math.min(BlkRequest.SERIAL_BYTES, task.chain().writableBytes() - 1);
        task.deliver(0, serial, 0, bytes);
        finish(task, BlkRequest.OK, bytes);
    }

    private void completed(BlockTask task, byte status) {
        if (zones != null && zones.governs(task)) {
            goOn(task, zones.completed(task, status));
            return;
        }
        if (status == BlkRequest.OK && task.nextRange()) {
            again[againCount++] = task;
            return;
        }
        finish(task, status, status == BlkRequest.OK && task.op() == BlockOp.READ ? task.delivered() : 0);
    }

    /**
     * Answers a request.
     *
     * @param data bytes written from the first writable byte on
     */
    private void finish(BlockTask task, byte status, long data) {
        counters.answer(status);
        if (faulted) {
            putBack(task);
            return;
        }
        Chain chain = task.chain();
        int last = chain.parts() - 1;
        HostMemory.ALL.set(ValueLayout.JAVA_BYTE, chain.address(last) + chain.length(last) - 1, status);
        long writable = chain.writableBytes();
        push(task, Byte.toUnsignedInt(status), (int) (data == writable - 1 ? writable : data));
    }

    private void push(BlockTask task, int status, int written) {
        if (journal != null) {
            journal.answered(task, status, written);
        }
        queue.push(task.chain().head(), written);
        putBack(task);
    }

    private void putBack(BlockTask task) {
        parts -= task.chain().parts();
        task.chain().trim();
        free[freeCount++] = task;
    }

    @Override
    public boolean arm() {
        if (channel.needsPolling() || againCount > 0 || waitingCount > 0) {
            return false;
        }
        if (paused || faulted) {
            return true;
        }
        try {
            settle();
            if (missed) {
                return true;
            }
            return queue.awaitKicks();
        } catch (InternalError e) {
            fault();
            return false;
        }
    }

    @Override
    public void disarm() {
        if (faulted) {
            return;
        }
        try {
            queue.suppressKicks();
        } catch (InternalError e) {
            fault();
        }
    }

    @Override
    public long dueIn() {
        return channel.dueIn();
    }

    @Override
    public boolean failed(Throwable cause) {
        if (cause instanceof InternalError) {
            fault();
            return true;
        }
        return false;
    }

    /** Guest memory is gone: whatever is still in flight is awaited, but neither ring nor buffers are touched again. */
    private void fault() {
        if (!faulted) {
            faulted = true;
            againCount = 0;
            waitingCount = 0;
            counters.fault();
            listener.memoryFault();
        }
    }

    /**
     * Pops nothing more, and tells whether every request popped so far is answered and its answer published. From then on
     * nothing reads or writes guest memory until {@link #resume}. It never waits: a slow store's other queues and its
     * worker's other guests go on between one question and the next. Nor is anything held back by the clock: a guest that has
     * asked for an hour's worth of reads does not keep its queue for an hour.
     */
    public boolean drained() {
        paused = true;
        channel.hurry();
        poll();
        if (channel.inFlight() > 0 || againCount > 0 || waitingCount > 0) {
            return false;
        }
        // the last turn's call
        poll();
        return true;
    }

    /** Goes on popping after {@link #drained}. */
    public void resume() {
        paused = false;
    }

    /** From now on chains are found in {@code memory}; those in flight stay where they are. */
    public void replaceMemory(GuestMemory memory) {
        queue.replaceMemory(memory);
        missed = false;
    }

    /** The ring that is served. */
    public Virtqueue queue() {
        return queue;
    }

    /** Requests popped and not answered. */
    public int inFlight() {
        return free.length - freeCount;
    }

    /** Waits for what is in flight and gives back the channel. The ring is not touched any more. */
    @Override
    public void close() {
        while (!drained()) {
            Thread.onSpinWait();
        }
        if (zones != null) {
            for (BlockTask task : tasks) {
                // one that a memory fault cut short never came back
                zones.abandon(task);
            }
        }
        channel.close();
        if (journal != null) {
            journal.rest();
        }
    }
}
