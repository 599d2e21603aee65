package dev.cipu.shim.vhost.backend;

import dev.cipu.shim.card.CardFunction;
import dev.cipu.shim.vhost.CarriedFeatures;
import dev.cipu.shim.vhost.Message;
import dev.cipu.shim.vhost.MessageLayout;
import dev.cipu.shim.vhost.ProtocolFeature;
import dev.cipu.virtio.DeviceStatus;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.VirtioDevice;
import dev.cipu.virtio.VirtioDevice.StatusRequest;
import dev.cipu.virtio.blk.BlkDevice;
import dev.cipu.virtio.net.NetDevice;
import java.util.Arrays;

/**
 * The messages that concern the device rather than its rings: features, status, configuration, and what only a network
 * device knows. Owned by the session's thread.
 */
final class DeviceMessages {
    private static final long COMMON = ProtocolFeature.MQ
            | ProtocolFeature.LOG_SHMFD
            | ProtocolFeature.REPLY_ACK
            | ProtocolFeature.RESET_DEVICE
            | ProtocolFeature.CONFIGURE_MEM_SLOTS
            | ProtocolFeature.STATUS;

    /** A disk is told of a new capacity, and its requests must survive us; frames in flight may be lost. */
    private static final long BLK =
            ProtocolFeature.CONFIG | ProtocolFeature.BACKEND_REQ | ProtocolFeature.INFLIGHT_SHMFD;

    /** A front-end that knows nothing of networks reads the configuration here, and hears when it changes. */
    private static final long NET = ProtocolFeature.CONFIG | ProtocolFeature.BACKEND_REQ | ProtocolFeature.NET_MTU;

    private static final int MAC_BYTES = 6;
    private static final int MAX_STATUS = 0xff;

    private final CardFunction function;
    private final VirtioDevice device;
    private long protocol;
    private long accepted;

    /** As {@link #accepted}, but kept through resets: what a driver had that has shut down. */
    private FeatureSet lastAccepted = FeatureSet.NONE;

    DeviceMessages(CardFunction function) {
        this.function = function;
        this.device = function.device();
    }

    /** The virtio features with the bits that are the protocol's own. */
    long offered() {
        return CarriedFeatures.of(device).low() | ProtocolFeature.TRANSPORT;
    }

    /** What makes sense for this type of device and is implemented. */
    long offeredProtocol() {
        // translations are asked for on the back-end's own channel
        boolean asks = device.offered().has(RingFeature.ACCESS_PLATFORM);
        return ofType() | (asks ? ProtocolFeature.BACKEND_REQ : 0);
    }

    private long ofType() {
        return switch (device) {
            case BlkDevice _ -> COMMON | BLK;
            case NetDevice _ -> COMMON | NET | (function.canAnnounce() ? ProtocolFeature.RARP : 0);
            default -> COMMON | ProtocolFeature.CONFIG;
        };
    }

    boolean offers(long protocolBit) {
        return (offeredProtocol() & protocolBit) != 0;
    }

    boolean agreed(long protocolBit) {
        return (protocol & protocolBit) != 0;
    }

    /** Either feature word may come first. */
    void setProtocol(long bits) {
        if ((bits & ~offeredProtocol()) != 0) {
            throw new RefusedException("protocol features 0x" + Long.toHexString(bits) + " were not offered");
        }
        protocol = bits;
    }

    /** Whether rings are born disabled. [vhost-user "Ring states"] */
    boolean ringsAwaitEnable() {
        return (accepted & ProtocolFeature.NEGOTIATION) != 0;
    }

    void setFeatures(long bits, boolean ringsRun) {
        if (ringsRun) {
            if (((bits ^ accepted) & ~ProtocolFeature.LOG_ALL) != 0) {
                throw new RefusedException("new features while rings run");
            }
            accepted = bits;
            return;
        }
        FeatureSet wanted = FeatureSet.ofLow(bits & ~ProtocolFeature.TRANSPORT);
        // what is not offered at all is the device's to refuse
        boolean carried = CarriedFeatures.of(device).containsAll(wanted.and(device.offered()));
        if (!carried) {
            device.refuse();
        }
        if (!carried || !device.negotiate(wanted)) {
            throw new RefusedException("features 0x" + Long.toHexString(bits) + " cannot be had");
        }
        accepted = bits;
        lastAccepted = device.negotiated();
    }

    /** Whether the pages that we write are to be logged. */
    boolean logs() {
        return (accepted & ProtocolFeature.LOG_ALL) != 0;
    }

    /** What the driver accepted, or the last one if it has been reset since; for people. */
    FeatureSet lastAccepted() {
        return lastAccepted;
    }

    /** Queues as the front-end counts them: pairs, for a network device, of which the control queue is none. */
    int queues() {
        return device instanceof NetDevice net ? net.pairs() : device.queueCount();
    }

    /** What is to be done with the rings for it. */
    StatusRequest setStatus(long bits) {
        if (bits < 0 || bits > MAX_STATUS) {
            throw new RefusedException("status 0x" + Long.toHexString(bits));
        }
        return device.setStatus((int) bits);
    }

    /**
     * Fills the answer with configuration bytes, zeros beyond the device's space: front-ends ask for as much as any
     * device of theirs could have. A range that starts outside gets an answer of no bytes at all.
     * [vhost-user "VHOST_USER_GET_CONFIG"]
     */
    void readConfig(Message request, Message answer, int code) {
        int offset = request.u32(MessageLayout.CONFIG_OFFSET);
        int size = request.u32(MessageLayout.CONFIG_SIZE);
        if (size <= 0
                || size > MessageLayout.CONFIG_MAX
                || offset < 0
                || offset > MessageLayout.CONFIG_MAX - size
                || offset >= device.configSize()) {
            answer.begin(code, MessageLayout.REPLY, 0);
            return;
        }
        byte[] known = new byte[Integer.min(size, device.configSize() - offset)];
        device.readConfig(offset, known);
        answer.begin(code, MessageLayout.REPLY, MessageLayout.CONFIG_DATA + size)
                .u32(MessageLayout.CONFIG_OFFSET, offset)
                .u32(MessageLayout.CONFIG_SIZE, size)
                .u32(MessageLayout.CONFIG_FLAGS, request.u32(MessageLayout.CONFIG_FLAGS))
                .bytes(MessageLayout.CONFIG_DATA, Arrays.copyOf(known, size));
    }

    void writeConfig(Message request) {
        int offset = request.u32(MessageLayout.CONFIG_OFFSET);
        int size = request.u32(MessageLayout.CONFIG_SIZE);
        if (size <= 0
                || size > MessageLayout.CONFIG_MAX
                || size > request.size() - MessageLayout.CONFIG_DATA
                || !device.writeConfig(offset, request.bytes(MessageLayout.CONFIG_DATA, size))) {
            throw new RefusedException("write to the configuration space at " + Integer.toUnsignedString(offset));
        }
    }

    /** The guest will never send more than this; we accept what our own frames can hold. */
    void limitMtu(long mtu) {
        if (!(device instanceof NetDevice net) || mtu < NetDevice.MIN_MTU || mtu > net.mtu()) {
            throw new RefusedException("MTU " + Long.toUnsignedString(mtu));
        }
    }

    void announce(Message request) {
        if (!offers(ProtocolFeature.RARP)) {
            throw new RefusedException("nothing to announce");
        }
        function.announce(request.bytes(0, MAC_BYTES));
    }

    /** Whether the driver has to hear of it through a configuration change. */
    boolean markBroken() {
        return device.markNeedsReset();
    }

    /**
     * Whether queues may be served. A front-end that tells us the status says so by DRIVER_OK, any other by enabling rings.
     * {@code [virtio-1.4 §2.1.2]}
     */
    boolean driverIsReady() {
        // QEMU's generic device tells of the features' acceptance and of nothing else
        return !agreed(ProtocolFeature.STATUS)
                || (device.status() & DeviceStatus.DRIVER) == 0
                || (device.status() & DeviceStatus.DRIVER_OK) != 0;
    }

    int status() {
        return device.status();
    }

    /** Whether the driver has to hear of a configuration change now. */
    boolean mayNotifyOfChange() {
        return device.mayNotifyOfChange();
    }

    void suspended() {
        device.suspended();
    }

    /** Whether the driver has to hear of a configuration change meanwhile. */
    boolean resumed() {
        return device.resumed();
    }

    void reset() {
        device.reset();
        accepted = 0;
    }
}
