package dev.cipu.shim.vhost.frontend;

import dev.cipu.shim.posix.EpollBell;
import dev.cipu.shim.vhost.Message;
import dev.cipu.shim.vhost.MessageLayout;
import dev.cipu.shim.vhost.ProtocolFeature;
import dev.cipu.shim.vhost.Request;
import dev.cipu.virtio.DeviceStatus;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.driver.DriverMemory;
import dev.cipu.virtio.driver.DriverQueue;
import dev.cipu.virtio.memory.Le;
import dev.cipu.virtio.ring.RingFormat;
import dev.cipu.virtio.ring.SplitLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A driver's device behind a vhost-user socket: memory, rings, and the connection to whatever back-end serves them.
 *
 * <p>One thread at a time uses it. Memory and rings live until {@link #close}, over every {@link #reconnect}. Any wait
 * for the back-end is bounded and ends in a {@link FrontEndException}.
 */
public final class FrontEnd implements AutoCloseable {
    private static final long WANTED_PROTOCOL = ProtocolFeature.MQ
            | ProtocolFeature.REPLY_ACK
            | ProtocolFeature.CONFIG
            | ProtocolFeature.INFLIGHT_SHMFD
            | ProtocolFeature.RESET_DEVICE
            | ProtocolFeature.CONFIGURE_MEM_SLOTS
            | ProtocolFeature.STATUS;

    private static final int RING_ALIGN = 4096;
    private static final Duration RETRY = Duration.ofMillis(5);

    private final FrontEndSpec spec;
    private final Connector connector;
    private final SharedRam ram;
    private final List<FrontEndQueue> queues = new ArrayList<>();
    private final EpollBell bell = new EpollBell();
    private Wire wire;
    private FeatureSet offered;
    private FeatureSet negotiated;
    private long protocol;
    private int maxQueues;
    private @Nullable InflightBook inflight;

    /** Of the connection, if the device is behind one. Its thread speaks through the wire too: who does holds the lock. */
    private @Nullable Iommu iommu;

    private final Object lock = new Object();

    private FrontEnd(FrontEndSpec spec, Connector connector, SharedRam ram, Wire wire) {
        this.spec = spec;
        this.connector = connector;
        this.ram = ram;
        this.wire = wire;
        this.offered = FeatureSet.NONE;
        this.negotiated = FeatureSet.NONE;
    }

    /**
     * Connects and negotiates up to the point where the configuration can be read.
     *
     * @throws FrontEndException if there is no back-end or it refuses
     */
    public static FrontEnd open(FrontEndSpec spec) {
        long split = DriverQueue.bytes(RingFormat.SPLIT, spec.queueSize(), spec.indirectEntries());
        long packed = DriverQueue.bytes(RingFormat.PACKED, spec.queueSize(), spec.indirectEntries());
        long ringBytes = spec.maxQueues() * (Math.max(split, packed) + RING_ALIGN);
        Connector connector = new Connector(spec.socket(), spec.server());
        SharedRam ram = null;
        Wire wire = null;
        try {
            ram = SharedRam.allocate(ringBytes + spec.memoryBytes(), spec.hugePages());
            wire = new Wire(connector.connect(spec.timeout()), spec.timeout());
            FrontEnd frontEnd = new FrontEnd(spec, connector, ram, wire);
            try {
                frontEnd.greet();
            } catch (RuntimeException e) {
                frontEnd.bell.close();
                throw e;
            }
            frontEnd.negotiate();
            return frontEnd;
        } catch (RuntimeException e) {
            if (wire != null) {
                wire.close();
            }
            if (ram != null) {
                ram.close();
            }
            connector.close();
            throw e;
        }
    }

    private void negotiate() {
        FeatureSet wanted = spec.wanted();
        if (spec.iommuEntries() > 0) {
            if (!offered.has(RingFeature.ACCESS_PLATFORM) || !wire.has(ProtocolFeature.BACKEND_REQ)) {
                bell.close();
                throw FrontEndException.refused("the back-end has no ACCESS_PLATFORM, and so no use for an IOMMU");
            }
            wanted = wanted.with(RingFeature.ACCESS_PLATFORM);
        }
        negotiated = offered.and(wanted);
    }

    /** Everything before the device's features are set. */
    private void greet() {
        wire.order("SET_OWNER", Request.SET_OWNER, 0);
        wire.tell();
        long word = wire.askNumber("GET_FEATURES", Request.GET_FEATURES);
        offered = FeatureSet.ofLow(word & ~ProtocolFeature.TRANSPORT);
        protocol = 0;
        maxQueues = 1;
        if ((word & ProtocolFeature.NEGOTIATION) != 0) {
            long wanted = WANTED_PROTOCOL | (spec.iommuEntries() > 0 ? ProtocolFeature.BACKEND_REQ : 0);
            long agreed = wire.askNumber("GET_PROTOCOL_FEATURES", Request.GET_PROTOCOL_FEATURES) & wanted;
            wire.tell("SET_PROTOCOL_FEATURES", Request.SET_PROTOCOL_FEATURES, agreed);
            wire.protocolFeatures(agreed);
            protocol = agreed | ProtocolFeature.NEGOTIATION;
        }
        if (wire.has(ProtocolFeature.MQ)) {
            maxQueues = (int) wire.askNumber("GET_QUEUE_NUM", Request.GET_QUEUE_NUM);
        }
        bell.add(wire.fd());
    }

    /** Device feature bits that the back-end offers. */
    public FeatureSet offered() {
        return offered;
    }

    /** Device feature bits in use. */
    public FeatureSet negotiated() {
        return negotiated;
    }

    /** Names of the protocol features in use. */
    public List<String> protocolFeatures() {
        return ProtocolFeatureNames.of(protocol & ~ProtocolFeature.NEGOTIATION);
    }

    /** How many queues, or pairs of a network device, the back-end has; 1 if it does not say. */
    public int maxQueues() {
        return maxQueues;
    }

    /** Whether {@link #readConfig} can work. */
    public boolean hasConfig() {
        return wire.has(ProtocolFeature.CONFIG);
    }

    /** The device-visible memory; the driver takes its buffers from it. */
    public DriverMemory memory() {
        return ram.memory();
    }

    /**
     * Reads configuration space.
     *
     * @throws FrontEndException if the back-end has none, or not that many bytes
     */
    public byte[] readConfig(int offset, int bytes) {
        if (!hasConfig()) {
            throw FrontEndException.refused(
                    "the back-end shows no configuration space: is it the right kind of device?");
        }
        synchronized (lock) {
            wire.question("GET_CONFIG", Request.GET_CONFIG, MessageLayout.CONFIG_DATA + bytes)
                    .u32(MessageLayout.CONFIG_OFFSET, offset)
                    .u32(MessageLayout.CONFIG_SIZE, bytes);
            Message reply = wire.ask(0);
            if (reply.size() < MessageLayout.CONFIG_DATA + bytes) {
                throw FrontEndException.refused("the back-end has no " + bytes + " bytes of configuration");
            }
            return reply.bytes(MessageLayout.CONFIG_DATA, bytes);
        }
    }

    /**
     * Makes rings 0..{@code count}-1 and starts them.
     *
     * @throws FrontEndException if the back-end refuses
     */
    public void start(int count) {
        if (count > spec.maxQueues() || !queues.isEmpty()) {
            throw new IllegalStateException("rings can be started once, " + spec.maxQueues() + " of them");
        }
        for (int i = 0; i < count; i++) {
            long bytes = DriverQueue.bytes(RingFormat.of(negotiated), spec.queueSize(), spec.indirectEntries());
            long at = ram.memory().allocate(bytes, RING_ALIGN);
            DriverQueue ring = DriverQueue.of(
                    ram.memory().slice(at, bytes), at, spec.queueSize(), negotiated, spec.indirectEntries());
            FrontEndQueue queue = new FrontEndQueue(i, ring);
            queues.add(queue);
            bell.add(queue.callFd().fd());
        }
        synchronized (lock) {
            acceptFeatures();
            if (wire.has(ProtocolFeature.INFLIGHT_SHMFD)) {
                inflight = InflightBook.ask(wire, queues.size(), spec.queueSize());
            }
            run();
        }
    }

    private void acceptFeatures() {
        status(DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER);
        long word = negotiated.low() | (protocol & ProtocolFeature.NEGOTIATION);
        wire.tell("SET_FEATURES", Request.SET_FEATURES, word);
        status(DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER | DeviceStatus.FEATURES_OK);
        if (wire.has(ProtocolFeature.STATUS)
                && (wire.askNumber("GET_STATUS", Request.GET_STATUS) & DeviceStatus.FEATURES_OK) == 0) {
            throw FrontEndException.refused("the device does not accept features " + negotiated);
        }
    }

    private void status(int bits) {
        if (wire.has(ProtocolFeature.STATUS)) {
            wire.tell("SET_STATUS", Request.SET_STATUS, bits);
        }
    }

    /** From accepted features to running rings. */
    private void run() {
        InflightBook book = inflight;
        if (book != null) {
            book.tell(wire);
        }
        shareMemory();
        if (isTranslated()) {
            openIommu();
        }
        for (FrontEndQueue queue : queues) {
            setUp(queue);
        }
        if ((protocol & ProtocolFeature.NEGOTIATION) != 0) {
            // rings start disabled then: [vhost-user "Ring states"]
            for (FrontEndQueue queue : queues) {
                state("SET_VRING_ENABLE", Request.SET_VRING_ENABLE, queue.index(), 1);
            }
        }
        status(DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER | DeviceStatus.FEATURES_OK | DeviceStatus.DRIVER_OK);
        if (!wire.has(ProtocolFeature.REPLY_ACK)) {
            // nothing was acknowledged: an answer to this one tells that all before it was at least read
            wire.askNumber("GET_FEATURES", Request.GET_FEATURES);
        }
    }

    private boolean isTranslated() {
        return negotiated.has(RingFeature.ACCESS_PLATFORM);
    }

    /** What the driver takes for addresses are I/O virtual ones, and all of the memory is mapped. */
    private void openIommu() {
        Iommu made =
                new Iommu(this::translate, SharedRam.GUEST_ADDRESS, ram.size(), spec.iommuEntries(), spec.timeout());
        iommu = made;
        made.start();
        wire.order("SET_BACKEND_REQ_FD", Request.SET_BACKEND_REQ_FD, 0);
        wire.tell(made.channel());
    }

    private void translate(int type, long iova, long size, int access) {
        synchronized (lock) {
            wire.question("IOTLB_MSG", Request.IOTLB_MSG, MessageLayout.IOTLB_BYTES)
                    .u64(MessageLayout.IOTLB_ADDRESS, iova)
                    .u64(MessageLayout.IOTLB_SIZE, size)
                    .u64(MessageLayout.IOTLB_USER, SharedRam.userAddress(iova))
                    .u8(MessageLayout.IOTLB_ACCESS, access)
                    .u8(MessageLayout.IOTLB_TYPE, type);
            if (wire.ask(MessageLayout.U64_BYTES).u64(0) != 0) {
                throw FrontEndException.refused("the back-end refuses a translation");
            }
        }
    }

    private void shareMemory() {
        boolean slots = wire.has(ProtocolFeature.CONFIGURE_MEM_SLOTS);
        int at = slots ? MessageLayout.SINGLE_REGION : MessageLayout.TABLE_REGIONS;
        Message message = slots
                ? wire.order("ADD_MEM_REG", Request.ADD_MEM_REG, at + MessageLayout.REGION_BYTES)
                : wire.order("SET_MEM_TABLE", Request.SET_MEM_TABLE, at + MessageLayout.REGION_BYTES)
                        .u32(MessageLayout.TABLE_COUNT, 1);
        // with an IOMMU nobody may use this one
        long guest = isTranslated() ? SharedRam.PHYSICAL_ADDRESS : SharedRam.GUEST_ADDRESS;
        message.u64(at + MessageLayout.REGION_GUEST, guest)
                .u64(at + MessageLayout.REGION_SIZE, ram.size())
                .u64(at + MessageLayout.REGION_USER, SharedRam.USER_ADDRESS)
                .u64(at + MessageLayout.REGION_OFFSET, 0);
        wire.tell(ram.fd());
    }

    private void setUp(FrontEndQueue queue) {
        int index = queue.index();
        DriverQueue ring = queue.ring();
        state("SET_VRING_NUM", Request.SET_VRING_NUM, index, ring.size());
        state("SET_VRING_BASE", Request.SET_VRING_BASE, index, base(ring));
        wire.order("SET_VRING_ADDR", Request.SET_VRING_ADDR, MessageLayout.ADDRESS_BYTES)
                .u32(MessageLayout.ADDRESS_INDEX, index)
                .u64(MessageLayout.ADDRESS_DESCRIPTORS, ringAddress(ring.descriptorAddress()))
                .u64(MessageLayout.ADDRESS_USED, ringAddress(ring.deviceAreaAddress()))
                .u64(MessageLayout.ADDRESS_AVAIL, ringAddress(ring.driverAreaAddress()));
        wire.tell();
        wire.tell("SET_VRING_ERR", Request.SET_VRING_ERR, index, queue.errorFd().fd());
        wire.tell(
                "SET_VRING_CALL", Request.SET_VRING_CALL, index, queue.callFd().fd());
        wire.tell(
                "SET_VRING_KICK", Request.SET_VRING_KICK, index, queue.kickFd().fd());
    }

    /** How a back-end is told of a ring's part. [vhost-user "A vring address description"] */
    private long ringAddress(long guestAddress) {
        return isTranslated() ? guestAddress : SharedRam.userAddress(guestAddress);
    }

    private void state(String name, int request, int index, int value) {
        wire.order(name, request, MessageLayout.STATE_BYTES)
                .u32(MessageLayout.STATE_INDEX, index)
                .u32(MessageLayout.STATE_NUM, value);
        wire.tell();
    }

    /** Where a back-end goes on: behind the requests that are done, at the beginning of a fresh ring. */
    private int base(DriverQueue ring) {
        if (ring.format() == RingFormat.PACKED) {
            return ring.position();
        }
        // as the back-end last wrote it, whatever of it we have taken
        DriverMemory memory = ram.memory();
        return Short.toUnsignedInt((short)
                Le.U16.getAcquire(memory.segment(), memory.offset(ring.deviceAreaAddress()) + SplitLayout.INDEX));
    }

    public FrontEndQueue queue(int index) {
        return queues.get(index);
    }

    /** Whether the back-end still holds the connection; costs a system call. */
    public boolean isConnected() {
        synchronized (lock) {
            return wire.isOpen();
        }
    }

    /** Whether the back-end has reported an error of any ring since the last question. */
    public boolean takeError() {
        boolean any = false;
        for (FrontEndQueue queue : queues) {
            any |= queue.takeError();
        }
        return any;
    }

    /** Sleeps until a call, an event of the connection, or until {@code maxNanos} have passed; may wake early. */
    public void await(long maxNanos) {
        bell.await(maxNanos);
    }

    /** From now on {@code other} wakes whenever {@link #await} would; it is closed before this is. */
    public void wakeAlso(EpollBell other) {
        other.add(bell);
    }

    /**
     * Waits for the next back-end at the same socket and hands it memory and rings once more.
     *
     * @return true if the inflight region went with them, so that the back-end completes what its predecessor had taken;
     *     false if the rings were restarted empty, and the driver has to submit once more what was under way
     * @throws FrontEndException if none comes in time, or it is not like its predecessor
     */
    public boolean reconnect() {
        long deadline = System.nanoTime() + spec.timeout().toNanos();
        FeatureSet before = negotiated;
        boolean kept = inflight != null;
        if (!kept) {
            queues.forEach(queue -> queue.ring().restart());
        }
        while (true) {
            disconnect();
            try {
                synchronized (lock) {
                    wire = new Wire(connector.connect(spec.timeout()), spec.timeout());
                    greet();
                    if (!offered.containsAll(before) || kept != wire.has(ProtocolFeature.INFLIGHT_SHMFD)) {
                        throw FrontEndException.refused("the back-end came back with other features: " + offered);
                    }
                    acceptFeatures();
                    run();
                }
                return kept;
            } catch (FrontEndException e) {
                if (!e.isMissing() || System.nanoTime() - deadline >= 0) {
                    throw e;
                }
                pause();
            }
        }
    }

    private static void pause() {
        try {
            Thread.sleep(RETRY);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw FrontEndException.missing("interrupted while waiting for the back-end", e);
        }
    }

    private void disconnect() {
        Iommu asked = iommu;
        if (asked != null) {
            asked.close();
            iommu = null;
        }
        if (wire.fd().isOpen()) {
            bell.remove(wire.fd().number());
        }
        wire.close();
    }

    /**
     * Stops all rings in order and resets the device.
     *
     * @return for each ring the available index at which the device stopped
     */
    public int[] stop() {
        synchronized (lock) {
            return stopRings();
        }
    }

    private int[] stopRings() {
        int[] stoppedAt = new int[queues.size()];
        for (FrontEndQueue queue : queues) {
            if ((protocol & ProtocolFeature.NEGOTIATION) != 0) {
                state("SET_VRING_ENABLE", Request.SET_VRING_ENABLE, queue.index(), 0);
            }
            wire.question("GET_VRING_BASE", Request.GET_VRING_BASE, MessageLayout.STATE_BYTES)
                    .u32(MessageLayout.STATE_INDEX, queue.index());
            stoppedAt[queue.index()] = wire.ask(MessageLayout.STATE_BYTES).u32(MessageLayout.STATE_NUM);
        }
        if (wire.has(ProtocolFeature.STATUS)) {
            status(0);
        } else if (wire.has(ProtocolFeature.RESET_DEVICE)) {
            wire.order("RESET_DEVICE", Request.RESET_DEVICE, 0);
            wire.tell();
        }
        return stoppedAt;
    }

    /** Ends the connection and gives all memory and descriptors back. */
    @Override
    public void close() {
        disconnect();
        connector.close();
        queues.forEach(FrontEndQueue::close);
        bell.close();
        InflightBook book = inflight;
        if (book != null) {
            book.close();
        }
        ram.close();
    }
}
