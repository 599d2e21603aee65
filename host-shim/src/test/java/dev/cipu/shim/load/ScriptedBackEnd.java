package dev.cipu.shim.load;

import dev.cipu.shim.posix.EventFd;
import dev.cipu.shim.posix.Fd;
import dev.cipu.shim.posix.Mapping;
import dev.cipu.shim.posix.Memfd;
import dev.cipu.shim.posix.Readiness;
import dev.cipu.shim.posix.UnixListener;
import dev.cipu.shim.posix.UnixSocket;
import dev.cipu.shim.vhost.Message;
import dev.cipu.shim.vhost.MessageLayout;
import dev.cipu.shim.vhost.ProtocolFeature;
import dev.cipu.shim.vhost.Request;
import dev.cipu.shim.wire.MessageChannel;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.memory.GuestMemory;
import dev.cipu.virtio.ring.Chain;
import dev.cipu.virtio.ring.InflightLog;
import dev.cipu.virtio.ring.PackedLayout;
import dev.cipu.virtio.ring.SplitLayout;
import dev.cipu.virtio.ring.SplitQueue;
import dev.cipu.virtio.ring.VirtqueueBuilder;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A back-end for tests of the front-end: small, on a thread of its own, and able to misbehave. It serves one connection
 * after the other; what it does with chains is up to a {@link Device}. A crash leaves taken chains as they are.
 */
public final class ScriptedBackEnd implements AutoCloseable {
    /** Serves the chains of a queue. */
    public interface Device {
        /**
         * Handles the queue's chains; returns how many it took. Runs on the back-end's thread.
         *
         * @param all all queues by their index, null for those that do not run
         */
        int serve(int index, SplitQueue queue, List<@Nullable SplitQueue> all);

        /** Handles a packed ring on its bare memory, for devices that break its rules. */
        default int servePacked(int index, PackedParts ring, List<@Nullable PackedParts> all) {
            return 0;
        }

        /** Whether to call for every chain, whatever the driver wants. */
        default boolean alwaysCalls() {
            return false;
        }
    }

    /** A packed ring as the front-end has described it. */
    public record PackedParts(GuestMemory memory, MemorySegment descriptors, int size) {}

    private static final Duration PATIENCE = Duration.ofSeconds(5);
    /** Four pairs, and a control queue behind them. */
    private static final int RINGS = 9;

    private static final int CONFIG_BYTES = 96;

    private final UnixListener listener;
    private final long features;
    private final long protocol;
    private final Device device;
    private final byte[] config;
    private final List<Integer> requests = new CopyOnWriteArrayList<>();
    private final Thread thread;
    private volatile boolean stopped;
    private volatile long crashAfter = Long.MAX_VALUE;
    private final AtomicInteger sessions = new AtomicInteger();
    private final AtomicInteger resubmitted = new AtomicInteger();
    private volatile int refused;
    private volatile boolean silent;
    private volatile @Nullable Throwable failure;
    private long taken;

    public ScriptedBackEnd(Path socket, FeatureSet features, long protocol, byte[] config, Device device) {
        this.listener = UnixListener.listen(socket);
        this.features = features.low();
        this.protocol = protocol;
        this.config = config.clone();
        this.device = device;
        thread = Thread.ofPlatform().daemon().name("scripted-back-end").start(this::serveAll);
    }

    /** From now on the connection is cut after this many more chains, with some taken and not completed. */
    public void crashAfter(long chains) {
        crashAfter = chains;
    }

    /** From now on every request of this kind is refused. */
    public void refuse(int request) {
        refused = request;
    }

    /** From now on nothing is answered. */
    public void fallSilent() {
        silent = true;
    }

    /** Requests received so far. */
    public List<Integer> requests() {
        return List.copyOf(requests);
    }

    public int sessions() {
        return sessions.get();
    }

    /** Chains that were taken over from a crashed predecessor. */
    public int resubmitted() {
        return resubmitted.get();
    }

    public @Nullable Throwable failure() {
        return failure;
    }

    private void serveAll() {
        while (!stopped) {
            Readiness.await(20_000_000, listener.fd());
            UnixSocket socket = listener.accept();
            if (socket != null) {
                sessions.incrementAndGet();
                taken = 0;
                try (Session session = new Session(socket)) {
                    session.run();
                } catch (RuntimeException | AssertionError e) {
                    failure = e;
                }
            }
        }
    }

    @Override
    public void close() {
        stopped = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        listener.close();
    }

    /** What a queue is told before it starts. */
    private static final class Ring {
        int size;
        int base;
        long descriptors;
        long used;
        long avail;
        boolean enabled;

        @Nullable
        EventFd kick;

        @Nullable
        EventFd call;

        @Nullable
        SplitQueue queue;

        @Nullable
        PackedParts packed;
    }

    private final class Session implements AutoCloseable {
        private final MessageChannel channel;
        private final UnixSocket socket;
        private final Message message = new Message();
        private final List<Ring> rings =
                IntStream.range(0, RINGS).mapToObj(i -> new Ring()).toList();
        private final List<Mapping> mappings = new ArrayList<>();
        private final List<GuestMemory.Region> regions = new ArrayList<>();
        private FeatureSet negotiated = FeatureSet.NONE;
        private boolean acknowledges;
        private @Nullable Mapping inflight;

        Session(UnixSocket socket) {
            this.socket = socket;
            channel = new MessageChannel(socket, PATIENCE);
        }

        void run() {
            int idle = 0;
            while (!stopped) {
                boolean ready = Readiness.await(idle > 100 ? 1_000_000 : 0, socket.fd()) != 0;
                if (ready && (!channel.receive(message) || !handle())) {
                    return;
                }
                if (taken >= crashAfter && leaveTaken() > 0) {
                    crashAfter = Long.MAX_VALUE;
                    return;
                }
                int done = taken < crashAfter ? serve() : 0;
                taken += done;
                idle = done > 0 ? 0 : idle + 1;
            }
        }

        private int serve() {
            int done = 0;
            for (int i = 0; i < rings.size(); i++) {
                SplitQueue queue = rings.get(i).queue;
                if (queue != null && rings.get(i).enabled) {
                    int served = device.serve(i, queue, queues());
                    EventFd call = rings.get(i).call;
                    if (served > 0 && call != null && device.alwaysCalls()) {
                        call.signal();
                    }
                    done += served;
                }
                PackedParts packed = rings.get(i).packed;
                if (packed != null && rings.get(i).enabled) {
                    done += device.servePacked(
                            i, packed, rings.stream().map(ring -> ring.packed).toList());
                }
            }
            return done;
        }

        private List<@Nullable SplitQueue> queues() {
            List<@Nullable SplitQueue> all = new ArrayList<>();
            rings.forEach(ring -> all.add(ring.queue));
            return all;
        }

        /** Takes a few chains and completes none; returns how many. */
        private int leaveTaken() {
            Chain chain = new Chain();
            int count = 0;
            for (SplitQueue queue : queues()) {
                while (queue != null && count < 3 && queue.pop(chain)) {
                    count++;
                }
            }
            return count;
        }

        /** Handles one request; false to end the connection. */
        private boolean handle() {
            int request = message.request();
            boolean acknowledge = acknowledges && message.needsReply();
            requests.add(request);
            if (silent) {
                return true;
            }
            switch (request) {
                case Request.GET_FEATURES -> answer(features | (protocol != 0 ? ProtocolFeature.NEGOTIATION : 0));
                case Request.GET_PROTOCOL_FEATURES -> answer(protocol);
                case Request.GET_QUEUE_NUM -> answer(rings.size() / 2);
                case Request.GET_STATUS -> answer(0xf);
                case Request.GET_CONFIG -> answerConfig();
                case Request.GET_INFLIGHT_FD -> answerInflight();
                case Request.GET_VRING_BASE -> answerBase();
                default -> {
                    long word = message.size() >= 8 ? message.u64(0) : 0;
                    if (request != refused) {
                        obey(request, word);
                    }
                    if (acknowledge) {
                        answer(request == refused ? 1 : 0);
                    }
                }
            }
            return true;
        }

        private void obey(int request, long word) {
            Ring ring = rings.get((int) ((word & MessageLayout.FILE_INDEX_MASK) % RINGS));
            switch (request) {
                case Request.SET_FEATURES -> negotiated = FeatureSet.ofLow(word);
                case Request.SET_PROTOCOL_FEATURES -> acknowledges = (word & ProtocolFeature.REPLY_ACK) != 0;
                case Request.SET_MEM_TABLE -> addRegion(MessageLayout.TABLE_REGIONS);
                case Request.ADD_MEM_REG -> addRegion(MessageLayout.SINGLE_REGION);
                case Request.SET_INFLIGHT_FD ->
                    inflight = Mapping.of(message.takeDescriptor(), 0, message.u64(MessageLayout.INFLIGHT_SIZE));
                case Request.SET_VRING_NUM -> ring.size = message.u32(MessageLayout.STATE_NUM);
                case Request.SET_VRING_BASE -> ring.base = message.u32(MessageLayout.STATE_NUM);
                case Request.SET_VRING_ENABLE -> ring.enabled = message.u32(MessageLayout.STATE_NUM) == 1;
                case Request.SET_VRING_ADDR -> {
                    ring.descriptors = message.u64(MessageLayout.ADDRESS_DESCRIPTORS);
                    ring.used = message.u64(MessageLayout.ADDRESS_USED);
                    ring.avail = message.u64(MessageLayout.ADDRESS_AVAIL);
                }
                case Request.SET_VRING_CALL -> ring.call = EventFd.adopt(message.takeDescriptor());
                case Request.SET_VRING_KICK -> {
                    ring.kick = EventFd.adopt(message.takeDescriptor());
                    start(ring, rings.indexOf(ring));
                }
                default -> {}
            }
        }

        private void addRegion(int at) {
            Fd file = message.takeDescriptor();
            long size = message.u64(at + MessageLayout.REGION_SIZE);
            Mapping mapping = Mapping.of(file, message.u64(at + MessageLayout.REGION_OFFSET), size);
            mappings.add(mapping);
            regions.add(new GuestMemory.Region(
                    message.u64(at + MessageLayout.REGION_GUEST),
                    message.u64(at + MessageLayout.REGION_USER),
                    mapping.segment()));
        }

        private void start(Ring ring, int index) {
            GuestMemory memory = GuestMemory.of(regions);
            ring.enabled = protocol == 0;
            if (negotiated.has(RingFeature.RING_PACKED)) {
                long bytes = (long) ring.size * PackedLayout.DESCRIPTOR_BYTES;
                ring.packed = new PackedParts(memory, part(memory, ring.descriptors, bytes), ring.size);
                return;
            }
            VirtqueueBuilder builder = new VirtqueueBuilder()
                    .size(ring.size)
                    .memory(memory)
                    .features(negotiated)
                    .rings(
                            part(memory, ring.descriptors, SplitLayout.descriptorBytes(ring.size)),
                            part(memory, ring.avail, SplitLayout.availBytes(ring.size)),
                            part(memory, ring.used, SplitLayout.usedBytes(ring.size)))
                    .position(ring.base);
            EventFd call = ring.call;
            if (call != null) {
                builder.interrupt(call::signal);
            }
            Mapping log = inflight;
            if (log != null) {
                MemorySegment marks = log.segment().asSlice((long) index * ring.size, ring.size);
                int[] heads = IntStream.range(0, ring.size)
                        .filter(head -> marks.get(ValueLayout.JAVA_BYTE, head) != 0)
                        .toArray();
                resubmitted.addAndGet(heads.length);
                builder.inflight(new Marks(marks)).resubmit(heads).position(ring.base + heads.length);
            }
            ring.queue = builder.buildSplit();
        }

        private static MemorySegment part(GuestMemory memory, long userAddress, long bytes) {
            MemorySegment segment = memory.userRange(userAddress, bytes);
            if (segment == null) {
                throw new IllegalStateException("no memory at user address 0x" + Long.toHexString(userAddress));
            }
            return segment;
        }

        private void answer(long value) {
            int request = message.request();
            message.begin(request, MessageLayout.REPLY, MessageLayout.U64_BYTES).u64(0, value);
            channel.send(message);
        }

        private void answerConfig() {
            int offset = message.u32(MessageLayout.CONFIG_OFFSET);
            int size = message.u32(MessageLayout.CONFIG_SIZE);
            boolean there = offset + size <= Math.min(config.length, CONFIG_BYTES);
            message.begin(Request.GET_CONFIG, MessageLayout.REPLY, there ? MessageLayout.CONFIG_DATA + size : 0);
            if (there) {
                byte[] part = new byte[size];
                System.arraycopy(config, offset, part, 0, size);
                message.u32(MessageLayout.CONFIG_OFFSET, offset)
                        .u32(MessageLayout.CONFIG_SIZE, size)
                        .bytes(MessageLayout.CONFIG_DATA, part);
            }
            channel.send(message);
        }

        private void answerInflight() {
            int queues = message.u16(MessageLayout.INFLIGHT_QUEUES);
            int size = message.u16(MessageLayout.INFLIGHT_QUEUE_SIZE);
            try (Memfd file = Memfd.create("scripted-inflight", (long) queues * size)) {
                message.begin(Request.GET_INFLIGHT_FD, MessageLayout.REPLY, MessageLayout.INFLIGHT_BYTES)
                        .u64(MessageLayout.INFLIGHT_SIZE, file.size())
                        .u16(MessageLayout.INFLIGHT_QUEUES, queues)
                        .u16(MessageLayout.INFLIGHT_QUEUE_SIZE, size);
                channel.send(message, file.fd());
            }
        }

        private void answerBase() {
            int index = message.u32(MessageLayout.STATE_INDEX);
            SplitQueue queue = rings.get(index).queue;
            int base = queue == null ? 0 : queue.position();
            rings.get(index).queue = null;
            message.begin(Request.GET_VRING_BASE, MessageLayout.REPLY, MessageLayout.STATE_BYTES)
                    .u32(MessageLayout.STATE_INDEX, index)
                    .u32(MessageLayout.STATE_NUM, base);
            channel.send(message);
        }

        @Override
        public void close() {
            channel.close();
            message.close();
            for (Ring ring : rings) {
                if (ring.kick != null) {
                    ring.kick.close();
                }
                if (ring.call != null) {
                    ring.call.close();
                }
            }
            mappings.forEach(Mapping::close);
            if (inflight != null) {
                inflight.close();
            }
        }
    }

    /** One byte for each head: whether the device has it. */
    private static final class Marks implements InflightLog {
        private final MemorySegment marks;
        private final List<Integer> completing = new ArrayList<>();

        Marks(MemorySegment marks) {
            this.marks = marks;
        }

        @Override
        public void taken(int head) {
            marks.set(ValueLayout.JAVA_BYTE, head, (byte) 1);
        }

        @Override
        public void completing(int head) {
            completing.add(head);
        }

        @Override
        public void published(int usedIndex) {
            completing.forEach(head -> marks.set(ValueLayout.JAVA_BYTE, head, (byte) 0));
            completing.clear();
        }
    }
}
