package dev.cipu.shim.vfio.server;

import dev.cipu.shim.card.FunctionListener;
import dev.cipu.shim.posix.Fd;
import dev.cipu.shim.posix.PosixException;
import dev.cipu.shim.posix.Readiness;
import dev.cipu.shim.posix.UnixSocket;
import dev.cipu.shim.session.Session;
import dev.cipu.shim.session.SessionCounters;
import dev.cipu.shim.session.WorkerReports;
import dev.cipu.shim.vfio.Command;
import dev.cipu.shim.vfio.ErrorNumber;
import dev.cipu.shim.vfio.VfioLayout;
import dev.cipu.shim.vfio.VfioMessage;
import dev.cipu.shim.wire.MessageChannel;
import dev.cipu.shim.wire.ProtocolException;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.ring.Violation;
import java.io.Serial;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One client of a function, from connect to disconnect. Its thread is the function's control thread meanwhile. When it ends
 * the function is as after power-on, so that the next client finds nothing of this one.
 */
public final class VfioSession implements Session {
    private static final int SOCKET_READY = 1;
    private static final int WAKE_READY = 2;
    private static final int UNMASK_READY = 4;
    private static final String STOPPED = "stopped";
    private static final String LEFT = "the client left";

    private static final Fd[] NO_DESCRIPTORS = {};

    private final VfioDevice device;
    private final Duration patience;
    private final SessionCounters counters;
    private final EmptySlots slots;
    private final MessageChannel channel;
    private final VfioMessage message = new VfioMessage();
    private final VfioMessage answer = new VfioMessage();
    private final CardQueues queues;
    private final IrqLines lines;
    private final IrqCommands interrupts;
    private final RegionCommands regions;
    private final DirtyCommands dirty;
    private final FarMemory far;
    private final WorkerReports reports;
    private DmaTable table = DmaTable.EMPTY;

    /** What {@link #table} replaces, until no worker uses it. */
    private DmaTable outgoing = DmaTable.EMPTY;

    private @Nullable Agreement agreement;
    private FeatureSet accepted = FeatureSet.NONE;
    private volatile boolean stopping;

    /** Whether the session ended in order, and not by the client's doing. */
    private boolean unplugged;

    /**
     * @param socket the connection, ours from now on
     * @param mapDoorbells whether the client may map doorbells; queues are then polled
     * @param patience how long a message may take from its first byte to its last, and an answer to be taken
     */
    public VfioSession(
            UnixSocket socket, VfioDevice device, boolean mapDoorbells, Duration patience, SessionCounters counters) {
        this(socket, device, mapDoorbells, patience, counters, EmptySlots.none());
    }

    /**
     * As above.
     *
     * @param slots take the client when it is {@link #stop} that ends the session
     */
    VfioSession(
            UnixSocket socket,
            VfioDevice device,
            boolean mapDoorbells,
            Duration patience,
            SessionCounters counters,
            EmptySlots slots) {
        this.device = device;
        this.patience = patience;
        this.counters = counters;
        this.slots = slots;
        channel = new MessageChannel(socket, patience);
        queues = device.queues();
        lines = new IrqLines(device.pci());
        interrupts = new IrqCommands(lines);
        regions = new RegionCommands(device.pci(), queues, mapDoorbells);
        dirty = new DirtyCommands(queues);
        far = new FarMemory(this::ask, () -> table, queues::log, queues::changes);
        reports = new WorkerReports(queues.count(), counters);
        queues.reach(far, reports::wake);
        counters.sessionBegan();
        device.card().listen(reports);
    }

    @Override
    public End run() {
        try {
            return serve();
        } catch (ProtocolException e) {
            return failed(e.getMessage());
        } catch (PosixException e) {
            boolean left = "ECONNRESET".equals(e.errnoName()) || "EPIPE".equals(e.errnoName());
            return left ? ended("the client is gone") : failed(e.getMessage());
        } catch (InternalError e) {
            // what the JVM makes of SIGBUS: a file was truncated under us
            return failed("fault on memory that the client shared");
        } catch (Left e) {
            return ended(stopping ? STOPPED : LEFT);
        }
    }

    /** The client has closed the connection where something was expected of it. */
    private static final class Left extends RuntimeException {
        @Serial
        private static final long serialVersionUID = 1;
    }

    /** Whatever a message cut short by {@link #stop} looks like is not the client's doing. */
    private End failed(@Nullable String reason) {
        if (stopping) {
            return ended(STOPPED);
        }
        counters.sessionFailed();
        return new End(true, String.valueOf(reason), accepted);
    }

    private End ended(String reason) {
        return new End(false, reason, accepted);
    }

    private End serve() {
        while (!stopping) {
            int ready = await();
            if ((ready & WAKE_READY) != 0) {
                reports.begin();
                handleEvents();
            }
            if ((ready & UNMASK_READY) != 0) {
                lines.unmasked();
            }
            if ((ready & SOCKET_READY) != 0) {
                receive();
                handleMessage();
            }
            queues.serveFar(this::broke);
        }
        unplugged = agreement != null;
        return ended(STOPPED);
    }

    private void receive() {
        if (!channel.receive(message)) {
            throw new Left();
        }
    }

    /** Asks the client something, and does what it commands until it answers: it may well wait for us meanwhile. */
    private VfioMessage ask(VfioMessage request) {
        channel.send(request);
        long deadline = System.nanoTime() + patience.toNanos();
        while (true) {
            long left = deadline - System.nanoTime();
            if (left <= 0) {
                throw new ProtocolException("no reply to command " + request.command());
            }
            if (Readiness.await(left, channel.socket().fd()) == 0) {
                continue;
            }
            receive();
            if ((message.flags() & VfioLayout.TYPE_MASK) != VfioLayout.TYPE_REPLY) {
                handleMessage();
            } else if (message.id() == request.id()) {
                return message;
            } else {
                throw new ProtocolException("a reply to nothing");
            }
        }
    }

    private int await() {
        long pause = queues.farPause();
        Fd socket = channel.socket().fd();
        Fd unmasking = lines.unmasking();
        return unmasking == null
                ? Readiness.await(pause, socket, reports.fd())
                : Readiness.await(pause, socket, reports.fd(), unmasking);
    }

    /** The driver has broken the rules of a queue. */
    private void broke(int queue) {
        counters.queueBroke();
        queues.fail(queue);
        device.events().needsReset();
    }

    private void handleEvents() {
        for (int i = 0; i < queues.count(); i++) {
            Violation kind = reports.takeBroken(i);
            // a buffer may lie where the client has memory that is not mapped here
            boolean nowhere = kind == Violation.ADDRESS_UNMAPPED;
            if (kind != null && queues.isRunning(i) && !(nowhere && queues.goFar(i))) {
                broke(i);
            }
        }
        reports.faults().look(table::filesStillCover, queues::restart);
        if (reports.takeConfigChange()) {
            device.events().configChanged();
        }
    }

    private void handleMessage() {
        counters.messageCame();
        if ((message.flags() & VfioLayout.TYPE_MASK) != VfioLayout.TYPE_COMMAND) {
            // [vfio-user "Header"] nothing was asked that this could be a reply to
            throw new ProtocolException("a message of type " + (message.flags() & VfioLayout.TYPE_MASK));
        }
        try {
            CommandRules.check(message);
            Fd[] descriptors = handle();
            // what the message did not need is closed before anybody hears that it is done
            message.descriptors().close();
            send(descriptors);
        } catch (Refusal e) {
            message.descriptors().close();
            counters.refused();
            answer.refuse(message, e.error());
            send(NO_DESCRIPTORS);
            if (agreement == null) {
                // a client that gets no answer at all may take that for a crash of its own
                throw new ProtocolException(String.valueOf(e.getMessage()));
            }
        }
        FeatureSet now = device.card().device().negotiated();
        if (!now.equals(FeatureSet.NONE)) {
            accepted = now;
        }
    }

    private void send(Fd[] descriptors) {
        if (message.wantsReply()) {
            channel.send(answer, descriptors);
        }
    }

    /** Does what the message says and makes the answer; returns the descriptors that go with it. */
    private Fd[] handle() {
        Agreement agreed = agreement;
        if (agreed == null) {
            agree();
            return NO_DESCRIPTORS;
        }
        switch (message.command()) {
            case Command.DMA_MAP -> map();
            case Command.DMA_UNMAP -> unmap();
            case Command.DEVICE_GET_INFO -> describe();
            case Command.DEVICE_GET_REGION_INFO -> {
                return regions.info(message, answer, table.isMostlyFar());
            }
            case Command.DEVICE_GET_REGION_IO_FDS -> {
                return regions.events(message, answer, agreed.descriptors());
            }
            case Command.DEVICE_GET_IRQ_INFO -> interrupts.info(message, answer);
            case Command.DEVICE_SET_IRQS -> {
                interrupts.set(message);
                answer.answer(message, 0);
            }
            case Command.REGION_READ -> regions.read(message, answer);
            case Command.REGION_WRITE -> regions.write(message, answer);
            case Command.DEVICE_RESET -> {
                device.pci().reset();
                answer.answer(message, 0);
            }
            case Command.REGION_WRITE_MULTI -> {
                if (!agreed.writesMany()) {
                    throw new Refusal(ErrorNumber.NOT_SUPPORTED, "many writes, which were not agreed on");
                }
                regions.writeMany(message, answer);
            }
            case Command.DEVICE_FEATURE -> dirty.handle(message, answer, table);
            default -> throw new Refusal("a second version");
        }
        return NO_DESCRIPTORS;
    }

    private void agree() {
        if (message.command() != Command.VERSION) {
            throw new Refusal("command " + message.command() + " before a version");
        }
        Agreement agreed = Agreement.of(message);
        far.limit(agreed.transfer());
        agreed.write(answer, message);
        agreement = agreed;
    }

    private void describe() {
        answer.answer(message, VfioLayout.DEVICE_BYTES)
                .u32(VfioLayout.ARGSZ, VfioLayout.DEVICE_BYTES)
                .u32(VfioLayout.ARG_FLAGS, VfioLayout.DEVICE_RESETS | VfioLayout.DEVICE_IS_PCI)
                .u32(VfioLayout.DEVICE_REGIONS, RegionCommands.REGIONS)
                .u32(VfioLayout.DEVICE_INTERRUPTS, IrqCommands.KINDS);
    }

    private void map() {
        DmaRegion region = DmaRegion.read(message);
        DmaTable next = table.with(region, message.descriptors());
        try {
            dirty.mapped(region);
        } catch (Refusal e) {
            next.closeAllBut(table);
            throw e;
        }
        replace(next, false);
        answer.answer(message, 0);
    }

    private void unmap() {
        int flags = message.u32(VfioLayout.ARG_FLAGS);
        long address = message.u64(VfioLayout.UNMAP_ADDRESS);
        long size = message.u64(VfioLayout.UNMAP_SIZE);
        if (flags == VfioLayout.UNMAP_ALL && address == 0 && size == 0) {
            replace(DmaTable.EMPTY, true);
        } else if (flags == 0) {
            replace(table.without(address, size), true);
        } else {
            throw new Refusal("memory taken away with flags 0x" + Integer.toHexString(flags));
        }
        answer.answer(message, VfioLayout.UNMAP_BYTES).bytes(0, message.bytes(0, VfioLayout.UNMAP_BYTES));
    }

    /** Queues move over before anything is unmapped. */
    private void replace(DmaTable next, boolean takesAway) {
        queues.park();
        outgoing = table;
        table = next;
        queues.memory(next.memory(), next.wide(), takesAway);
        outgoing.closeAllBut(next);
        outgoing = DmaTable.EMPTY;
    }

    @Override
    public void stop() {
        stopping = true;
        if (slots.isOpen()) {
            // the client goes on to talk; a message that has begun ends within our patience
            reports.wake();
        } else {
            reports.wake(() -> channel.socket().endInput());
        }
    }

    @Override
    public void close() {
        try {
            device.card().listen(FunctionListener.NONE);
            try {
                device.pci().reset();
            } finally {
                queues.release();
            }
            outgoing.closeAllBut(table);
            table.close();
            if (unplugged) {
                slots.take(channel.socket(), patience);
            }
        } finally {
            reports.close();
            lines.close();
            regions.close();
            channel.close();
            far.close();
            message.close();
            answer.close();
        }
    }
}
