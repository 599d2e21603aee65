package dev.cipu.shim.probe;

import dev.cipu.shim.posix.Fd;
import dev.cipu.shim.posix.Mapping;
import dev.cipu.shim.posix.Memfd;
import dev.cipu.shim.probe.LinkException.Kind;
import dev.cipu.shim.vhost.Message;
import dev.cipu.shim.vhost.MessageLayout;
import dev.cipu.shim.vhost.ProtocolFeature;
import dev.cipu.shim.vhost.Request;
import dev.cipu.virtio.DeviceStatus;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.driver.DriverMemory;
import dev.cipu.virtio.driver.DriverQueue;
import dev.cipu.virtio.ring.RingFormat;
import java.util.ArrayList;
import java.util.List;

/**
 * One front-end: a connection, memory, and as many rings as wanted, set up step by step so that each step can be left out,
 * repeated or done wrong. Owned by one thread.
 *
 * <p>The memory is one file in two regions that adjoin in guest addresses but neither in user addresses nor, most likely, where the
 * back-end maps them. Rings lie in the first.
 */
public final class Rig implements AutoCloseable {
    public static final long GUEST = 0x1_0000_0000L;
    public static final long USER = 0x5500_4000_0000L;
    public static final long BYTES = 16L << 20;

    /** Where the second region begins. */
    public static final long SEAM = BYTES / 2;

    /** What lies between the user addresses of both regions. */
    private static final long USER_GAP = 1L << 32;

    private static final long WANTED = ProtocolFeature.MQ
            | ProtocolFeature.REPLY_ACK
            | ProtocolFeature.CONFIG
            | ProtocolFeature.RESET_DEVICE
            | ProtocolFeature.CONFIGURE_MEM_SLOTS
            | ProtocolFeature.STATUS;

    /** What every driver accepts. */
    public static final FeatureSet LEAST = FeatureSet.of(RingFeature.VERSION_1);

    private static final long RING_ALIGN = 4096;

    private static final int ACCEPTED = DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER;

    private final Peer peer;
    private final Link link;
    private final Memfd file;
    private final Mapping mapping;
    private final DriverMemory memory;
    private final List<RigQueue> queues = new ArrayList<>();
    private final FeatureSet offered;
    private final boolean protocolKnown;
    private final long offeredProtocol;
    private final int maxQueues;
    private FeatureSet negotiated = FeatureSet.NONE;

    private Rig(Peer peer, Link link, long moreProtocol) {
        this.peer = peer;
        this.link = link;
        link.send(Request.SET_OWNER, Payload.NONE);
        long word = link.askNumber(Request.GET_FEATURES);
        offered = FeatureSet.ofLow(word & ~ProtocolFeature.NEGOTIATION);
        protocolKnown = (word & ProtocolFeature.NEGOTIATION) != 0;
        offeredProtocol = protocolKnown ? link.askNumber(Request.GET_PROTOCOL_FEATURES) : 0;
        if (protocolKnown) {
            long agreed = offeredProtocol & (WANTED | moreProtocol);
            link.send(Request.SET_PROTOCOL_FEATURES, Payload.u64(agreed));
            link.agreed(agreed);
        }
        maxQueues = link.has(ProtocolFeature.MQ) ? (int) link.askNumber(Request.GET_QUEUE_NUM) : 1;
        file = Memfd.create("cipu-probe", BYTES);
        mapping = file.map();
        memory = new DriverMemory(mapping.segment(), GUEST);
    }

    /** Connects and negotiates up to the point where the configuration can be read. */
    public static Rig connect(Peer peer) {
        return connect(peer, 0);
    }

    /** As above with more protocol features than usual, where they are offered. */
    public static Rig connect(Peer peer, long moreProtocol) {
        Link link = Link.open(peer);
        try {
            return new Rig(peer, link, moreProtocol);
        } catch (RuntimeException e) {
            link.close();
            throw e;
        }
    }

    public Peer peer() {
        return peer;
    }

    public Link link() {
        return link;
    }

    public DriverMemory memory() {
        return memory;
    }

    /** Device feature bits that the back-end offers. */
    public FeatureSet offered() {
        return offered;
    }

    public long offeredProtocol() {
        return offeredProtocol;
    }

    /** Whether the back-end knows protocol features at all. */
    public boolean protocolKnown() {
        return protocolKnown;
    }

    public FeatureSet negotiated() {
        return negotiated;
    }

    /** Queues, or pairs of a network device; 1 if the back-end does not say. */
    public int maxQueues() {
        return maxQueues;
    }

    public boolean has(long protocolFeature) {
        return link.has(protocolFeature);
    }

    /** The file behind the memory. */
    public Fd file() {
        return file.fd();
    }

    /** Takes zeroed memory that the device may reach; returns its guest address. */
    public long allocate(long bytes) {
        return memory.allocate(bytes, 64);
    }

    /** The user address of a guest address. */
    public static long user(long guest) {
        long offset = guest - GUEST;
        return USER + offset + (offset < SEAM ? 0 : USER_GAP);
    }

    /** Bytes of the configuration space. */
    public byte[] config(int offset, int bytes) {
        Message reply = link.ask(Request.GET_CONFIG, Payload.config(offset, bytes, new byte[bytes]));
        if (reply.size() < MessageLayout.CONFIG_DATA + bytes) {
            throw new LinkException(Kind.REFUSED, "no " + bytes + " bytes of configuration at " + offset);
        }
        return reply.bytes(MessageLayout.CONFIG_DATA, bytes);
    }

    /** Sends the word of features and returns the acknowledgement: 0 if none was negotiated. */
    public long sendFeatures(FeatureSet wanted) {
        return link.order(
                Request.SET_FEATURES, Payload.u64(wanted.low() | (protocolKnown ? ProtocolFeature.NEGOTIATION : 0)));
    }

    /** Writes the status if the back-end has one. */
    public void status(int bits) {
        if (has(ProtocolFeature.STATUS)) {
            link.demand("status " + bits, Request.SET_STATUS, Payload.u64(bits));
        }
    }

    public int status() {
        return (int) link.askNumber(Request.GET_STATUS);
    }

    /** Whether the back-end takes these features, as far as it can say no. */
    public boolean tryFeatures(FeatureSet wanted) {
        status(ACCEPTED);
        if (sendFeatures(wanted) != 0) {
            return false;
        }
        negotiated = wanted;
        status(ACCEPTED | DeviceStatus.FEATURES_OK);
        return !has(ProtocolFeature.STATUS) || (status() & DeviceStatus.FEATURES_OK) != 0;
    }

    /** Accepts what is offered of {@code wanted}. */
    public Rig accept(FeatureSet wanted) {
        FeatureSet some = offered.and(wanted);
        if (!tryFeatures(some)) {
            throw new LinkException(Kind.REFUSED, "the device does not accept features " + some);
        }
        return this;
    }

    /** Shares the memory. */
    public Rig share() {
        link.demand(
                "SET_MEM_TABLE",
                Request.SET_MEM_TABLE,
                Payload.table(GUEST, SEAM, USER, 0, GUEST + SEAM, BYTES - SEAM, user(GUEST + SEAM), SEAM),
                file(),
                file());
        return this;
    }

    /** A ring for the driver's half, of the format that was negotiated, not yet known to the back-end. */
    public RigQueue queue(int index, int size, int indirectEntries) {
        long bytes = DriverQueue.bytes(RingFormat.of(negotiated), size, indirectEntries);
        long at = memory.allocate(bytes, RING_ALIGN);
        return keep(
                new RigQueue(index, DriverQueue.of(memory.slice(at, bytes), at, size, negotiated, indirectEntries)));
    }

    /** A ring of bare fields, not yet known to the back-end. */
    public RigQueue rawQueue(int index, int size) {
        return keep(new RigQueue(index, new RawRing(memory, size)));
    }

    private RigQueue keep(RigQueue queue) {
        queues.add(queue);
        return queue;
    }

    /** As {@link #start(RigQueue, int)}, a ring of the driver's half from where it is. */
    public void start(RigQueue queue) {
        start(queue, queue.ring().position());
    }

    /** Tells the back-end all about a ring; it starts, and is enabled where rings start disabled. */
    public void start(RigQueue queue, int base) {
        describe(queue, base);
        enable(queue, true);
    }

    /** As {@link #start}, without enabling it. */
    public void describe(RigQueue queue, int base) {
        int index = queue.index();
        link.demand("SET_VRING_NUM", Request.SET_VRING_NUM, Payload.state(index, queue.size()));
        link.demand("SET_VRING_BASE", Request.SET_VRING_BASE, Payload.state(index, base));
        link.demand(
                "SET_VRING_ADDR",
                Request.SET_VRING_ADDR,
                Payload.addresses(
                        index, user(queue.descriptorAddress()), user(queue.usedAddress()), user(queue.availAddress())));
        link.demand(
                "SET_VRING_ERR",
                Request.SET_VRING_ERR,
                Payload.u64(index),
                queue.errorEvent().fd());
        link.demand(
                "SET_VRING_CALL",
                Request.SET_VRING_CALL,
                Payload.u64(index),
                queue.callEvent().fd());
        link.demand(
                "SET_VRING_KICK",
                Request.SET_VRING_KICK,
                Payload.u64(index),
                queue.kickEvent().fd());
    }

    /** Enables or disables a ring where the protocol has a word for that. [vhost-user "Ring states"] */
    public void enable(RigQueue queue, boolean on) {
        if (protocolKnown) {
            link.demand("SET_VRING_ENABLE", Request.SET_VRING_ENABLE, Payload.state(queue.index(), on ? 1 : 0));
        }
    }

    /** The device may work from now on. Returns when the back-end has read all that was sent. */
    public void driverOk() {
        status(ACCEPTED | DeviceStatus.FEATURES_OK | DeviceStatus.DRIVER_OK);
        link.askNumber(Request.GET_FEATURES);
    }

    /** Stops a ring; returns the available index at which the device stopped. */
    public int stop(RigQueue queue) {
        return link.ask(Request.GET_VRING_BASE, Payload.state(queue.index(), 0)).u32(MessageLayout.STATE_NUM);
    }

    /** Whether {@link #reset} can work. */
    public boolean canReset() {
        return has(ProtocolFeature.STATUS) || has(ProtocolFeature.RESET_DEVICE);
    }

    /** Resets the device. */
    public void reset() {
        if (has(ProtocolFeature.STATUS)) {
            status(0);
        } else {
            link.demand("RESET_DEVICE", Request.RESET_DEVICE, Payload.NONE);
        }
        link.askNumber(Request.GET_FEATURES);
    }

    @Override
    public void close() {
        link.close();
        queues.forEach(RigQueue::close);
        mapping.close();
        file.close();
    }
}
