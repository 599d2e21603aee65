package dev.cipu.shim.vhost.backend;

import dev.cipu.shim.card.CardFunction;
import dev.cipu.shim.card.FunctionListener;
import dev.cipu.shim.posix.EventFd;
import dev.cipu.shim.posix.Fd;
import dev.cipu.shim.posix.Memfd;
import dev.cipu.shim.posix.PosixException;
import dev.cipu.shim.posix.Readiness;
import dev.cipu.shim.posix.UnixSocket;
import dev.cipu.shim.session.Session;
import dev.cipu.shim.session.SessionCounters;
import dev.cipu.shim.session.WorkerReports;
import dev.cipu.shim.vhost.Message;
import dev.cipu.shim.vhost.MessageLayout;
import dev.cipu.shim.vhost.ProtocolFeature;
import dev.cipu.shim.vhost.Request;
import dev.cipu.shim.wire.MessageChannel;
import dev.cipu.shim.wire.ProtocolException;
import dev.cipu.virtio.VirtioDevice.StatusRequest;
import dev.cipu.virtio.ring.RingFormat;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One front-end from connect to disconnect. One thread makes the session, runs and closes it; only {@link #stop} may come from
 * others.
 */
public final class BackendSession implements Session {
    private static final int SOCKET_READY = 1;
    private static final int WAKE_READY = 2;
    private static final int ACCEPTED = 0;
    private static final int REFUSED = 1;
    private static final String STOPPED = "stopped";

    private final WorkerReports reports;
    private final CardFunction function;
    private final SessionCounters counters;
    private final MessageChannel channel;
    private final Message message = new Message();
    private final Message answer = new Message();
    private final DeviceMessages device;
    private final Vrings rings;
    private final BackendChannel frontEnd;

    private volatile boolean stopping;

    /**
     * @param socket the connection, ours from now on
     * @param patience how long a message may take from its first byte to its last, and an answer to be taken
     */
    public BackendSession(UnixSocket socket, CardFunction function, Duration patience, SessionCounters counters) {
        this.function = function;
        this.counters = counters;
        this.channel = new MessageChannel(socket, patience);
        this.device = new DeviceMessages(function);
        this.frontEnd = new BackendChannel(patience);
        this.rings = new Vrings(function, patience, frontEnd::missing);
        this.reports = new WorkerReports(rings.count(), counters);
        counters.sessionBegan();
        function.listen(reports);
    }

    @Override
    public End run() {
        try {
            return serve();
        } catch (ProtocolException e) {
            return failed(e.getMessage());
        } catch (PosixException e) {
            boolean left = "ECONNRESET".equals(e.errnoName()) || "EPIPE".equals(e.errnoName());
            return left ? ended("the front-end is gone") : failed(e.getMessage());
        } catch (InternalError e) {
            // what the JVM makes of SIGBUS: a file was truncated under us
            return failed("fault on memory that the front-end shared");
        }
    }

    /** Whatever a message cut short by {@link #stop} looks like is not the front-end's doing. */
    private End failed(@Nullable String reason) {
        if (stopping) {
            return ended(STOPPED);
        }
        counters.sessionFailed();
        return new End(true, String.valueOf(reason), device.lastAccepted());
    }

    private End ended(String reason) {
        return new End(false, reason, device.lastAccepted());
    }

    private End serve() {
        while (!stopping) {
            int ready = Readiness.await(rings.patience(), channel.socket().fd(), reports.fd());
            if ((ready & WAKE_READY) != 0) {
                handleEvents();
            }
            if ((ready & SOCKET_READY) != 0) {
                if (!channel.receive(message)) {
                    return ended(stopping ? STOPPED : "the front-end left");
                }
                handleMessage();
            }
            giveUpWaiting();
        }
        return ended(STOPPED);
    }

    private void handleEvents() {
        reports.begin();
        for (int i = 0; i < rings.count(); i++) {
            WorkerReports.Ungranted met = reports.takeUngranted(i);
            if (met != null && met.denied()) {
                frontEnd.denied(met.address(), met.write());
            } else if (met != null) {
                rings.missed(i, met.address(), met.write());
            }
            if (reports.takeBroken(i) != null && rings.ring(i).isRunning()) {
                fail(i);
            }
        }
        reports.faults().look(rings::filesStillCover, this::restart);
        if (reports.takeConfigChange() && device.mayNotifyOfChange()) {
            reportConfigChange();
        }
    }

    private void fail(int queue) {
        counters.queueBroke();
        rings.ring(queue).fail();
        if (device.markBroken()) {
            reports.noteConfigChange();
        }
    }

    /** A front-end does not say that an address has no translation: a ring that waited long enough is its driver's fault. */
    private void giveUpWaiting() {
        for (int i = rings.expired(); i >= 0; i = rings.expired()) {
            fail(i);
        }
        if (reports.takeConfigChange()) {
            reportConfigChange();
        }
    }

    private void restart(int queue) {
        try {
            rings.restart(queue);
        } catch (RefusedException e) {
            throw new ProtocolException(String.valueOf(e.getMessage()));
        }
    }

    private void reportConfigChange() {
        if (device.offers(ProtocolFeature.CONFIG)) {
            frontEnd.configChanged();
        }
    }

    private void handleMessage() {
        counters.messageCame();
        MessageRules.check(message);
        int request = message.request();
        boolean wantsAck =
                message.needsReply() && device.agreed(ProtocolFeature.REPLY_ACK) && !MessageRules.hasReply(request);
        try {
            handle(request);
            // what the message did not need is closed before anybody hears that it is done
            message.descriptors().close();
            if (wantsAck || MessageRules.isAnswered(request)) {
                answer(ACCEPTED);
            }
        } catch (RefusedException e) {
            // of a log a front-end does not read the answer, and would migrate its guest without the pages
            if (!wantsAck && request != Request.IOTLB_MSG) {
                throw new ProtocolException(String.valueOf(e.getMessage()));
            }
            message.descriptors().close();
            counters.refused();
            answer(REFUSED);
        }
    }

    private void handle(int request) {
        switch (request) {
            case Request.GET_FEATURES -> answer(device.offered());
            case Request.SET_FEATURES -> setFeatures();
            case Request.SET_OWNER -> {}
            case Request.RESET_OWNER, Request.RESET_DEVICE -> resetDevice();
            case Request.GET_PROTOCOL_FEATURES -> answer(device.offeredProtocol());
            case Request.SET_PROTOCOL_FEATURES -> setProtocolFeatures();
            case Request.GET_QUEUE_NUM -> answer(device.queues());
            case Request.GET_MAX_MEM_SLOTS -> answer(MemoryTable.MAX_SLOTS);
            case Request.SET_MEM_TABLE -> setMemoryTable();
            case Request.ADD_MEM_REG -> rings.changeTable(rings.table().with(singleRegion(), message.descriptors()));
            case Request.REM_MEM_REG -> removeRegion();
            case Request.SET_VRING_NUM,
                    Request.SET_VRING_ADDR,
                    Request.SET_VRING_BASE,
                    Request.GET_VRING_BASE,
                    Request.SET_VRING_ENABLE -> handleRing(request);
            case Request.SET_VRING_KICK, Request.SET_VRING_CALL, Request.SET_VRING_ERR -> handleRingFile(request);
            case Request.GET_STATUS -> answer(device.status());
            case Request.SET_STATUS -> setStatus();
            default -> handleOptional(request);
        }
    }

    /** Messages of protocol features that not every device offers. */
    private void handleOptional(int request) {
        long feature = switch (request) {
            case Request.GET_CONFIG, Request.SET_CONFIG -> ProtocolFeature.CONFIG;
            case Request.GET_INFLIGHT_FD, Request.SET_INFLIGHT_FD -> ProtocolFeature.INFLIGHT_SHMFD;
            case Request.SET_BACKEND_REQ_FD -> ProtocolFeature.BACKEND_REQ;
            case Request.NET_SET_MTU -> ProtocolFeature.NET_MTU;
            case Request.SET_LOG_BASE, Request.SET_LOG_FD -> ProtocolFeature.LOG_SHMFD;
            case Request.IOTLB_MSG -> ProtocolFeature.BACKEND_REQ;
            case Request.SEND_RARP -> ProtocolFeature.RARP;
            default -> 0;
        };
        if (!device.offers(feature)) {
            throw new RefusedException("unknown message " + Integer.toUnsignedString(request));
        }
        switch (request) {
            case Request.GET_CONFIG -> {
                device.readConfig(message, answer, request);
                channel.send(answer);
            }
            case Request.SET_CONFIG -> device.writeConfig(message);
            case Request.GET_INFLIGHT_FD -> createInflight();
            case Request.SET_INFLIGHT_FD -> adoptInflight();
            case Request.SET_BACKEND_REQ_FD -> openBackendChannel();
            case Request.NET_SET_MTU -> device.limitMtu(message.u64(0));
            case Request.SET_LOG_BASE -> setLogBase();
            case Request.SET_LOG_FD -> rings.logged(logEvent());
            case Request.IOTLB_MSG -> handleTranslation();
            case Request.SEND_RARP -> device.announce(message);
            default -> throw new IllegalStateException("message " + request);
        }
    }

    private void setProtocolFeatures() {
        device.setProtocol(message.u64(0));
        rings.driverIsReady(device.driverIsReady());
    }

    private void setFeatures() {
        device.setFeatures(message.u64(0), rings.anyRunning());
        if (!device.ringsAwaitEnable()) {
            for (int i = 0; i < rings.count(); i++) {
                rings.ring(i).enable(true);
            }
        }
        rings.logging(device.logs());
        rings.features(function.device().negotiated());
    }

    private void setLogBase() {
        rings.log(LogRegion.of(
                message.takeDescriptor(), message.u64(MessageLayout.LOG_SIZE), message.u64(MessageLayout.LOG_OFFSET)));
    }

    private EventFd logEvent() {
        try {
            return EventFd.adopt(message.takeDescriptor());
        } catch (IllegalArgumentException e) {
            throw new RefusedException("log event: " + e.getMessage());
        }
    }

    private void handleTranslation() {
        long address = message.u64(MessageLayout.IOTLB_ADDRESS);
        long size = message.u64(MessageLayout.IOTLB_SIZE);
        switch (message.u8(MessageLayout.IOTLB_TYPE)) {
            case MessageLayout.IOTLB_UPDATE ->
                rings.translate(
                        address, size, message.u64(MessageLayout.IOTLB_USER), message.u8(MessageLayout.IOTLB_ACCESS));
            case MessageLayout.IOTLB_INVALIDATE -> rings.invalidate(address, size);
            default ->
                throw new RefusedException("translation message of type " + message.u8(MessageLayout.IOTLB_TYPE));
        }
    }

    private void setStatus() {
        long status = message.u64(0);
        if (status == 0) {
            // [virtio-1.4 §2.1.2] writing 0 is a reset, however far the rings are
            resetDevice();
        } else {
            apply(device.setStatus(status));
        }
    }

    /** {@code [virtio-1.4 §3.4.2]} */
    private void apply(StatusRequest request) {
        switch (request) {
            case SUSPEND -> {
                // returns when all that was in process is answered and the driver called
                rings.driverIsReady(false);
                device.suspended();
            }
            case RESUME -> {
                if (device.resumed()) {
                    reportConfigChange();
                }
                rings.driverIsReady(true);
            }
            case NOTHING -> rings.driverIsReady(device.driverIsReady());
        }
    }

    private void resetDevice() {
        rings.reset();
        rings.features(null);
        device.reset();
        rings.logging(device.logs());
        rings.driverIsReady(device.driverIsReady());
    }

    private void setMemoryTable() {
        List<MemoryRegion> regions = new ArrayList<>();
        for (int i = 0; i < MessageRules.regions(message); i++) {
            regions.add(MemoryRegion.read(message, MessageLayout.TABLE_REGIONS + i * MessageLayout.REGION_BYTES));
        }
        rings.replaceTable(MemoryTable.of(regions, message.descriptors()));
    }

    private MemoryRegion singleRegion() {
        return MemoryRegion.read(message, MessageLayout.SINGLE_REGION);
    }

    private void removeRegion() {
        MemoryRegion region = singleRegion();
        MemoryTable fewer = rings.table().without(region);
        if (rings.anyLies(region)) {
            throw new RefusedException("a running ring lies in this memory region");
        }
        rings.changeTable(fewer);
    }

    private void handleRing(int request) {
        Vring ring = ring(message.u32(MessageLayout.STATE_INDEX));
        int number = message.u32(MessageLayout.STATE_NUM);
        switch (request) {
            case Request.SET_VRING_NUM -> ring.size(number, rings.format());
            case Request.SET_VRING_BASE -> ring.base(number, rings.format());
            case Request.SET_VRING_ENABLE -> ring.enable(number != 0);
            case Request.SET_VRING_ADDR -> {
                ring.addresses(
                        message.u64(MessageLayout.ADDRESS_DESCRIPTORS),
                        message.u64(MessageLayout.ADDRESS_USED),
                        message.u64(MessageLayout.ADDRESS_AVAIL));
                ring.log(
                        (message.u32(MessageLayout.ADDRESS_FLAGS) & MessageLayout.ADDRESS_FLAG_LOG) != 0,
                        message.u64(MessageLayout.ADDRESS_LOG));
            }
            case Request.GET_VRING_BASE -> {
                answer.begin(request, MessageLayout.REPLY, MessageLayout.STATE_BYTES)
                        .u32(MessageLayout.STATE_INDEX, message.u32(MessageLayout.STATE_INDEX))
                        .u32(MessageLayout.STATE_NUM, ring.stop());
                channel.send(answer);
                return;
            }
            default -> throw new IllegalStateException("message " + request);
        }
        rings.startReady();
    }

    private void handleRingFile(int request) {
        long value = message.u64(0);
        if ((value & ~(MessageLayout.FILE_INDEX_MASK | MessageLayout.FILE_NONE)) != 0) {
            throw new RefusedException("queue " + Long.toUnsignedString(value));
        }
        Vring ring = ring((int) (value & MessageLayout.FILE_INDEX_MASK));
        Fd file = (value & MessageLayout.FILE_NONE) == 0 ? message.takeDescriptor() : null;
        switch (request) {
            case Request.SET_VRING_KICK -> ring.kick(file);
            case Request.SET_VRING_CALL -> ring.call(file);
            case Request.SET_VRING_ERR -> ring.error(file);
            default -> throw new IllegalStateException("message " + request);
        }
        rings.startReady();
    }

    private Vring ring(int index) {
        if (index < 0 || index >= rings.count()) {
            throw new RefusedException("queue " + Integer.toUnsignedString(index));
        }
        return rings.ring(index);
    }

    private void createInflight() {
        int queues = message.u16(MessageLayout.INFLIGHT_QUEUES);
        int size = message.u16(MessageLayout.INFLIGHT_QUEUE_SIZE);
        try (Memfd memory = InflightRegion.create(formatOrSplit(), queues, size, rings.count())) {
            // as long as the question: some front-ends count the structure's padding, some do not
            answer.begin(message.request(), MessageLayout.REPLY, message.size())
                    .u64(MessageLayout.INFLIGHT_SIZE, memory.size())
                    .u16(MessageLayout.INFLIGHT_QUEUES, queues)
                    .u16(MessageLayout.INFLIGHT_QUEUE_SIZE, size);
            channel.send(answer, memory.fd());
        }
    }

    /** A front-end that wants packed rings has said so before it asks for a region. */
    private RingFormat formatOrSplit() {
        RingFormat format = rings.format();
        return format == null ? RingFormat.SPLIT : format;
    }

    private void adoptInflight() {
        rings.inflight(InflightRegion.adopt(
                message.descriptors(),
                formatOrSplit(),
                message.u64(MessageLayout.INFLIGHT_SIZE),
                message.u64(MessageLayout.INFLIGHT_OFFSET),
                message.u16(MessageLayout.INFLIGHT_QUEUES),
                message.u16(MessageLayout.INFLIGHT_QUEUE_SIZE),
                rings.count()));
    }

    private void openBackendChannel() {
        frontEnd.open(message.takeDescriptor());
        rings.askAgain();
    }

    private void answer(long value) {
        answer.begin(message.request(), MessageLayout.REPLY, MessageLayout.U64_BYTES)
                .u64(0, value);
        channel.send(answer);
    }

    @Override
    public void stop() {
        stopping = true;
        reports.wake(() -> channel.socket().endInput());
    }

    @Override
    public void close() {
        try {
            function.listen(FunctionListener.NONE);
            rings.close();
            function.device().reset();
        } finally {
            // first: from now on nobody else touches the socket
            reports.close();
            frontEnd.close();
            channel.close();
            message.close();
            answer.close();
        }
    }
}
