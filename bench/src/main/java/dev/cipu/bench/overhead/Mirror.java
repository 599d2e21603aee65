package dev.cipu.bench.overhead;

import dev.cipu.dataplane.CounterGroup;
import dev.cipu.dataplane.IdlePolicy;
import dev.cipu.dataplane.Poller;
import dev.cipu.dataplane.Worker;
import dev.cipu.shim.card.CardFunction;
import dev.cipu.shim.posix.Affinity;
import dev.cipu.shim.posix.EpollBell;
import dev.cipu.shim.session.SessionCounters;
import dev.cipu.shim.session.SocketEndpoint;
import dev.cipu.shim.vhost.backend.BackendEndpoint;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.VirtioDevice;
import dev.cipu.virtio.blk.BlkDevice;
import dev.cipu.virtio.blk.BlkRequest;
import dev.cipu.virtio.blk.BlkTraits;
import dev.cipu.virtio.memory.HostMemory;
import dev.cipu.virtio.memory.Le;
import dev.cipu.virtio.net.NetDevice;
import dev.cipu.virtio.net.NetFeature;
import dev.cipu.virtio.net.NetHeader;
import dev.cipu.virtio.ring.Chain;
import dev.cipu.virtio.ring.SingleChains;
import dev.cipu.virtio.ring.Virtqueue;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What stands for the hardware when a guest has no virtual device: a thread of this process that moves a frame from one buffer
 * of the guest straight to another, or marks a request as done, and knows no switch, pool, store or rule. What the
 * driver spends on it is the driver's own work, and what moving the bytes between two cores takes.
 *
 * <p>While no guest uses it the thread sleeps.
 */
final class Mirror implements AutoCloseable {
    /** The thread that moves. */
    static final String THREAD = "cipu-mirror";

    private static final int BURST = 32;
    private static final byte[] MAC = {2, 0, 0, 0, 0, 1};
    private static final int MTU = Work.MTU;
    private static final long SECTORS = 1L << 21;

    private final Path net;
    private final Path blk;
    private final EpollBell bell = new EpollBell();
    private final Worker worker = new Worker(
            IdlePolicy.SPIN,
            bell,
            System::nanoTime,
            CounterGroup.unlisted(Worker.COUNTERS),
            (source, cause) -> System.err.println("the mirror goes on without " + source + ": " + cause));
    private final Thread thread;
    private final SocketEndpoint netEnd;
    private final SocketEndpoint blkEnd;

    /**
     * @param core where its thread runs
     * @param folder where its sockets go
     */
    Mirror(int core, Path folder) {
        net = folder.resolve("mirror-net");
        blk = folder.resolve("mirror-blk");
        thread = Thread.ofPlatform().name(THREAD).daemon().start(() -> {
            Affinity.pin(core);
            worker.run();
        });
        netEnd = BackendEndpoint.listen("mirror-net", net, new Frames(), SessionCounters.unlisted());
        blkEnd = BackendEndpoint.listen("mirror-blk", blk, new Requests(), SessionCounters.unlisted());
    }

    Path net() {
        return net;
    }

    Path blk() {
        return blk;
    }

    /** Its thread, see {@link Thread#threadId}. */
    long threadId() {
        return thread.threadId();
    }

    @Override
    public void close() {
        netEnd.close();
        blkEnd.close();
        worker.stop();
        try {
            thread.join();
            bell.close();
        } catch (InterruptedException e) {
            // the bell goes with the process
            Thread.currentThread().interrupt();
        }
    }

    /** A device whose queues are polled once all of them are in use. */
    private abstract class Function extends CardFunction implements Poller {
        private final VirtioDevice device;
        private final @Nullable Virtqueue[] queues;
        private final boolean[] enabled;

        Function(VirtioDevice device) {
            this.device = device;
            queues = new Virtqueue[device.queueCount()];
            enabled = new boolean[device.queueCount()];
        }

        /** Starts to use these queues, all of the device's. */
        abstract void begin(@Nullable Virtqueue[] all);

        @Override
        public VirtioDevice device() {
            return device;
        }

        @Override
        public void attach(int queue, Virtqueue q, int kickFd) {
            q.suppressKicks();
            queues[queue] = q;
        }

        @Override
        public void detach(int queue) {
            enable(queue, false);
            queues[queue] = null;
        }

        @Override
        public void enable(int queue, boolean on) {
            worker.remove(this);
            enabled[queue] = on;
            for (int i = 0; i < queues.length; i++) {
                if (queues[i] == null || !enabled[i]) {
                    return;
                }
            }
            begin(queues);
            worker.add(this);
        }

        @Override
        public boolean arm() {
            return false;
        }

        @Override
        public void disarm() {}
    }

    private static Virtqueue present(@Nullable Virtqueue queue) {
        if (queue == null) {
            throw new IllegalStateException("a queue that is not there");
        }
        return queue;
    }

    /** Frames from the transmitq to the receiveq. */
    private final class Frames extends Function {
        /** num_buffers in the last word of a frame's header. {@code [virtio-1.4 §5.1.6]} */
        private static final int ONE_BUFFER = 1 << 16;

        private final SingleChains sent = new SingleChains(BURST);
        private final SingleChains free = new SingleChains(BURST);
        private @Nullable Virtqueue receiveq;
        private @Nullable Virtqueue transmitq;

        Frames() {
            super(plain(new NetDevice(MAC, MTU, 1)));
        }

        /** A device without a control queue, whose frames are no larger than its buffers. */
        private static NetDevice plain(NetDevice device) {
            device.restrict(FeatureSet.of(
                    RingFeature.INDIRECT_DESC,
                    RingFeature.EVENT_IDX,
                    RingFeature.IN_ORDER,
                    NetFeature.CSUM,
                    NetFeature.GUEST_CSUM,
                    NetFeature.MTU,
                    NetFeature.MAC,
                    NetFeature.MRG_RXBUF,
                    NetFeature.STATUS));
            return device;
        }

        @Override
        void begin(@Nullable Virtqueue[] all) {
            receiveq = all[0];
            transmitq = all[1];
        }

        @Override
        public int poll() {
            Virtqueue from = present(transmitq);
            Virtqueue to = present(receiveq);
            int n = from.popSingles(sent, BURST, false);
            if (n == 0) {
                // as our own device does: whether the driver wants a call is looked at when there is time
                to.call();
                from.call();
                return 0;
            }
            int room = to.popSingles(free, n, true);
            from.unpopSingles(sent, room, n);
            for (int i = 0; i < room; i++) {
                int bytes = Math.min(sent.length(i), free.length(i));
                move(sent.address(i), free.address(i), bytes);
                free.written(i, bytes);
            }
            from.pushSingles(sent, room);
            to.pushSingles(free, room);
            to.release();
            from.release();
            return room;
        }

        private static void move(long from, long to, int bytes) {
            if (HostMemory.ALL.get(Le.INT_UNALIGNED, to + 8) != ONE_BUFFER) {
                HostMemory.ALL.set(Le.LONG_UNALIGNED, to, 0L);
                HostMemory.ALL.set(Le.INT_UNALIGNED, to + 8, ONE_BUFFER);
            }
            HostMemory.copy(from + NetHeader.BYTES, to + NetHeader.BYTES, bytes - NetHeader.BYTES);
        }
    }

    /** Requests that are done as soon as they are seen; like the null store, they move no data. */
    private final class Requests extends Function {
        private final Chain chain = new Chain();
        private @Nullable Virtqueue queue;

        Requests() {
            super(new BlkDevice(BlkTraits.of(SECTORS).withSerial("mirror")));
        }

        @Override
        void begin(@Nullable Virtqueue[] all) {
            queue = all[0];
        }

        @Override
        public int poll() {
            Virtqueue of = present(queue);
            int done = 0;
            while (done < BURST && of.pop(chain)) {
                int last = chain.parts() - 1;
                if (chain.readableParts() <= last) {
                    // the last byte is the status: [virtio-1.4 §5.2.6]
                    HostMemory.ALL.set(
                            ValueLayout.JAVA_BYTE, chain.address(last) + chain.length(last) - 1, BlkRequest.OK);
                }
                of.push(chain.head(), (int) chain.writableBytes());
                done++;
            }
            if (done > 0) {
                of.release();
            } else {
                of.call();
            }
            return done;
        }
    }
}
