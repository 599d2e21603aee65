package dev.cipu.shim.vfio.client;

import dev.cipu.shim.posix.Fd;
import dev.cipu.shim.posix.PosixException;
import dev.cipu.shim.posix.Readiness;
import dev.cipu.shim.posix.UnixSocket;
import dev.cipu.shim.probe.LinkException;
import dev.cipu.shim.probe.LinkException.Kind;
import dev.cipu.shim.probe.Pause;
import dev.cipu.shim.probe.Peer;
import dev.cipu.shim.vfio.Command;
import dev.cipu.shim.vfio.ErrorNumber;
import dev.cipu.shim.vfio.VfioLayout;
import dev.cipu.shim.vfio.VfioMessage;
import dev.cipu.shim.wire.MessageChannel;
import dev.cipu.shim.wire.ProtocolException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * One connection to a vfio-user server, one command at a time; what the server asks for meanwhile it gets. Owned by one thread. What the server does not do, or not in time, is a
 * {@link LinkException}.
 */
public final class VfioClient implements AutoCloseable {
    /** Attempts to connect are this far apart. */
    private static final Duration RETRY = Duration.ofMillis(20);

    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final String CAPABILITIES = "capabilities";
    private static final String DESCRIPTORS = "max_msg_fds";
    private static final String PROPOSAL = String.format(
            "{\"%s\":{\"%s\":%d,\"max_data_xfer_size\":%d}}",
            CAPABILITIES, DESCRIPTORS, VfioLayout.MAX_DESCRIPTORS, VfioLayout.MAX_DATA);

    /** What a server takes that does not say. */
    private static final int DEFAULT_DESCRIPTORS = 1;

    private final Peer peer;
    private final MessageChannel channel;
    private final VfioMessage command = new VfioMessage();
    private final VfioMessage reply = new VfioMessage();
    private final VfioMessage answer = new VfioMessage();

    /** Memory that the server has to ask for, and its bus address. */
    private MemorySegment kept = MemorySegment.NULL;

    private long keptAt;
    private int lastId;
    private int minor;
    private int descriptors = DEFAULT_DESCRIPTORS;

    private VfioClient(UnixSocket socket, Peer peer) {
        this.peer = peer;
        channel = new MessageChannel(socket, peer.timeout());
    }

    /**
     * Connects, trying again for as long as the peer's timeout, and agrees on a version.
     *
     * @throws LinkException if nobody listens, or who does is no vfio-user server
     */
    public static VfioClient connect(Peer peer) {
        VfioClient client = new VfioClient(socket(peer), peer);
        try {
            client.agree();
            return client;
        } catch (LinkException e) {
            client.close();
            throw new LinkException(
                    Kind.ABSENT,
                    peer.socket() + " is no vfio-user server, or one that serves somebody else: " + e.getMessage(),
                    e);
        }
    }

    private static UnixSocket socket(Peer peer) {
        long deadline = System.nanoTime() + peer.timeout().toNanos();
        while (true) {
            try {
                return UnixSocket.connect(peer.socket());
            } catch (PosixException | IllegalArgumentException e) {
                if (System.nanoTime() > deadline) {
                    throw new LinkException(Kind.ABSENT, "nobody serves " + peer.socket() + ": " + e.getMessage(), e);
                }
                Pause.of(RETRY);
            }
        }
    }

    /** {@code [vfio-user "VFIO_USER_VERSION"]} */
    private void agree() {
        byte[] json = PROPOSAL.getBytes(StandardCharsets.UTF_8);
        begin(Command.VERSION, VfioLayout.VERSION_JSON + json.length + 1)
                .u16(VfioLayout.MAJOR, VfioLayout.MAJOR_SPOKEN)
                .u16(VfioLayout.MINOR, VfioLayout.MINOR_SPOKEN)
                .bytes(VfioLayout.VERSION_JSON, json);
        ask(VfioLayout.VERSION_JSON);
        int major = reply.u16(VfioLayout.MAJOR);
        if (major != VfioLayout.MAJOR_SPOKEN) {
            throw new LinkException(Kind.REFUSED, "it speaks version " + major + " of the protocol");
        }
        minor = reply.u16(VfioLayout.MINOR);
        String text = new String(
                reply.bytes(VfioLayout.VERSION_JSON, reply.size() - VfioLayout.VERSION_JSON), StandardCharsets.UTF_8);
        String named = text.replace("\0", "").strip();
        if (!named.isEmpty()) {
            descriptors = descriptors(named);
        }
    }

    private static int descriptors(String json) {
        try {
            JsonNode most = JSON.readTree(json).path(CAPABILITIES).path(DESCRIPTORS);
            return most.canConvertToInt() && most.intValue() > 0
                    ? Math.min(most.intValue(), VfioLayout.MAX_DESCRIPTORS)
                    : DEFAULT_DESCRIPTORS;
        } catch (JacksonException e) {
            throw new LinkException(Kind.REFUSED, "its capabilities are no JSON", e);
        }
    }

    /** Whom it is connected to. */
    public Peer peer() {
        return peer;
    }

    /** What both sides speak. */
    public String version() {
        return "vfio-user " + VfioLayout.MAJOR_SPOKEN + "." + minor;
    }

    private VfioMessage begin(int code, int bytes) {
        lastId = (lastId + 1) & 0xffff;
        return command.ask(lastId, code, bytes);
    }

    /**
     * Connects and says nothing yet.
     *
     * @throws LinkException if nobody listens
     */
    public static VfioClient open(Peer peer) {
        return new VfioClient(socket(peer), peer);
    }

    /** Sends bytes that may be a message. @throws LinkException if the connection has ended */
    public void raw(byte[] bytes, Fd... with) {
        try (Arena arena = Arena.ofConfined()) {
            channel.socket().send(arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes), with);
        } catch (PosixException e) {
            throw new LinkException(Kind.CLOSED, "the connection is closed: " + e.getMessage(), e);
        }
    }

    /** Sends any command with any payload; returns the error of the reply, 0 for none. */
    public int attempt(int code, byte[] payload, Fd... with) {
        begin(code, payload.length).bytes(0, payload);
        exchange(with);
        return (reply.flags() & VfioLayout.FAILED) == 0 ? 0 : Math.max(1, reply.error());
    }

    /** Sends what was begun, and waits for a reply with a payload of at least {@code least} bytes. */
    private void ask(int least, Fd... with) {
        exchange(with);
        String what = "command " + command.command();
        if ((reply.flags() & VfioLayout.FAILED) != 0) {
            throw new LinkException(Kind.REFUSED, what + " is refused with error " + reply.error());
        }
        if (reply.size() < least) {
            throw new LinkException(Kind.REFUSED, what + " is answered with " + reply.size() + " bytes");
        }
    }

    private void exchange(Fd... with) {
        String what = "command " + command.command();
        try {
            channel.send(command, with);
            do {
                if (!awaitReadable(peer.timeout())) {
                    throw new LinkException(
                            Kind.SILENT,
                            "no answer to " + what + " within " + peer.timeout().toMillis() + " ms");
                }
                if (!channel.receive(reply)) {
                    throw new LinkException(Kind.CLOSED, "the connection is closed at " + what);
                }
            } while (isAsked());
        } catch (PosixException | ProtocolException e) {
            throw new LinkException(Kind.CLOSED, "no answer to " + what + ": " + e.getMessage(), e);
        }
        boolean isReply = (reply.flags() & VfioLayout.TYPE_MASK) == VfioLayout.TYPE_REPLY;
        if (!isReply || reply.id() != command.id() || reply.command() != command.command()) {
            throw new LinkException(Kind.REFUSED, what + " is answered by something else");
        }
    }

    /** Whether what has come is a command of the server's; then it is done. */
    private boolean isAsked() {
        if ((reply.flags() & VfioLayout.TYPE_MASK) != VfioLayout.TYPE_COMMAND) {
            return false;
        }
        boolean reads = reply.command() == Command.DMA_READ;
        boolean known = reads || reply.command() == Command.DMA_WRITE;
        long at = known && reply.size() >= VfioLayout.DMA_DATA ? reply.u64(VfioLayout.DMA_ADDRESS) - keptAt : -1;
        long count = at < 0 ? 0 : reply.u64(VfioLayout.DMA_COUNT);
        boolean whole = reads || reply.size() == VfioLayout.DMA_DATA + count;
        if (at < 0 || count < 0 || count > VfioLayout.MAX_DATA || at > kept.byteSize() - count || !whole) {
            answer.refuse(reply, known ? ErrorNumber.INVALID : ErrorNumber.NOT_SUPPORTED);
        } else {
            move(reads, at, (int) count);
        }
        if (reply.wantsReply()) {
            channel.send(answer);
        }
        return true;
    }

    private void move(boolean reads, long at, int count) {
        answer.answer(reply, VfioLayout.DMA_DATA + (reads ? count : 0))
                .u64(VfioLayout.DMA_ADDRESS, reply.u64(VfioLayout.DMA_ADDRESS))
                .u64(VfioLayout.DMA_COUNT, count);
        MemorySegment part = kept.asSlice(at, count);
        if (reads) {
            answer.bytes(VfioLayout.DMA_DATA, part.toArray(ValueLayout.JAVA_BYTE));
        } else {
            part.copyFrom(MemorySegment.ofArray(reply.bytes(VfioLayout.DMA_DATA, count)));
        }
    }

    /**
     * Does what the server asks for, as long as it asks for something within {@code limit}; returns whether it did.
     *
     * @throws LinkException if the connection ends
     */
    public boolean attend(Duration limit) {
        try {
            if (!awaitReadable(limit)) {
                return false;
            }
            if (!channel.receive(reply)) {
                throw new LinkException(Kind.CLOSED, "the connection is closed");
            }
        } catch (PosixException | ProtocolException e) {
            throw new LinkException(Kind.CLOSED, "the connection is broken: " + e.getMessage(), e);
        }
        if (!isAsked()) {
            throw new LinkException(Kind.REFUSED, "an answer to nothing");
        }
        return true;
    }

    /** Lets the function read and write memory at bus addresses that stays here: it has to ask for all of it. */
    public void mapKept(long address, MemorySegment memory) {
        kept = memory;
        keptAt = address;
        map(address, memory.byteSize());
    }

    private boolean awaitReadable(Duration limit) {
        Fd socket = channel.socket().fd();
        long deadline = System.nanoTime() + limit.toNanos();
        while (Readiness.await(deadline - System.nanoTime(), socket) == 0) {
            if (System.nanoTime() - deadline >= 0) {
                return false;
            }
        }
        return true;
    }

    /** Whether the server says that this is a PCI function. */
    public boolean isPci() {
        begin(Command.DEVICE_GET_INFO, VfioLayout.DEVICE_BYTES).u32(VfioLayout.ARGSZ, VfioLayout.DEVICE_BYTES);
        ask(VfioLayout.DEVICE_BYTES);
        return (reply.u32(VfioLayout.ARG_FLAGS) & VfioLayout.DEVICE_IS_PCI) != 0;
    }

    /** Bytes of a region, 0 if there is none. */
    public long regionBytes(int region) {
        begin(Command.DEVICE_GET_REGION_INFO, VfioLayout.REGION_BYTES)
                .u32(VfioLayout.ARGSZ, VfioLayout.REGION_BYTES)
                .u32(VfioLayout.INDEX, region);
        ask(VfioLayout.REGION_BYTES);
        return reply.u64(VfioLayout.REGION_SIZE);
    }

    /** Interrupts of a kind, as VFIO numbers kinds. */
    public int interrupts(int kind) {
        begin(Command.DEVICE_GET_IRQ_INFO, VfioLayout.IRQ_BYTES)
                .u32(VfioLayout.ARGSZ, VfioLayout.IRQ_BYTES)
                .u32(VfioLayout.INDEX, kind);
        ask(VfioLayout.IRQ_BYTES);
        return reply.u32(VfioLayout.IRQ_COUNT);
    }

    /** Reads registers. */
    public byte[] read(int region, long offset, int count) {
        begin(Command.REGION_READ, VfioLayout.ACCESS_DATA)
                .u64(VfioLayout.ACCESS_OFFSET, offset)
                .u32(VfioLayout.ACCESS_REGION, region)
                .u32(VfioLayout.ACCESS_COUNT, count);
        ask(VfioLayout.ACCESS_DATA + count);
        return reply.bytes(VfioLayout.ACCESS_DATA, count);
    }

    /** Writes registers. */
    public void write(int region, long offset, byte[] data) {
        begin(Command.REGION_WRITE, VfioLayout.ACCESS_DATA + data.length)
                .u64(VfioLayout.ACCESS_OFFSET, offset)
                .u32(VfioLayout.ACCESS_REGION, region)
                .u32(VfioLayout.ACCESS_COUNT, data.length)
                .bytes(VfioLayout.ACCESS_DATA, data);
        ask(0);
    }

    /** Reads a little-endian register of up to 8 bytes. */
    public long get(int region, long offset, int bytes) {
        byte[] data = read(region, offset, bytes);
        long value = 0;
        for (int i = 0; i < bytes; i++) {
            value |= (data[i] & 0xffL) << (8 * i);
        }
        return value;
    }

    /** Writes a little-endian register of up to 8 bytes. */
    public void set(int region, long offset, int bytes, long value) {
        byte[] data = new byte[bytes];
        for (int i = 0; i < bytes; i++) {
            data[i] = (byte) (value >>> (8 * i));
        }
        write(region, offset, data);
    }

    /**
     * Writes a register of 2 bytes and does not wait until that is done: the server is not to answer. Allocates little, for doorbells.
     *
     * @throws LinkException if the connection has ended
     */
    public void post(int region, long offset, int value) {
        begin(Command.REGION_WRITE, VfioLayout.ACCESS_DATA + Short.BYTES)
                .withoutReply()
                .u64(VfioLayout.ACCESS_OFFSET, offset)
                .u32(VfioLayout.ACCESS_REGION, region)
                .u32(VfioLayout.ACCESS_COUNT, Short.BYTES)
                .u16(VfioLayout.ACCESS_DATA, value);
        try {
            channel.send(command);
        } catch (PosixException e) {
            throw new LinkException(Kind.CLOSED, "the connection is closed: " + e.getMessage(), e);
        }
    }

    /** Lets the function read and write a file's first bytes at bus addresses; without a file they stay here. */
    public void map(long address, long size, Fd... file) {
        begin(Command.DMA_MAP, VfioLayout.MAP_BYTES)
                .u32(VfioLayout.ARGSZ, VfioLayout.MAP_BYTES)
                .u32(VfioLayout.ARG_FLAGS, VfioLayout.MAP_READABLE | VfioLayout.MAP_WRITABLE)
                .u64(VfioLayout.MAP_ADDRESS, address)
                .u64(VfioLayout.MAP_SIZE, size);
        ask(0, file);
    }

    /** Takes back what was mapped there. */
    public void unmap(long address, long size) {
        begin(Command.DMA_UNMAP, VfioLayout.UNMAP_BYTES)
                .u32(VfioLayout.ARGSZ, VfioLayout.UNMAP_BYTES)
                .u64(VfioLayout.UNMAP_ADDRESS, address)
                .u64(VfioLayout.UNMAP_SIZE, size);
        ask(0);
    }

    /** From now on the first interrupts of a kind signal these events. */
    public void events(int kind, Fd... events) {
        for (int first = 0; first < events.length; first += descriptors) {
            int end = Math.min(events.length, first + descriptors);
            setInterrupts(
                    VfioLayout.SET_EVENTFD | VfioLayout.SET_TRIGGER,
                    kind,
                    first,
                    end - first,
                    Arrays.copyOfRange(events, first, end));
        }
    }

    /** Lets an interrupt through that was masked, by the server itself if it is the pin. */
    public void unmask(int kind, int index) {
        setInterrupts(VfioLayout.SET_NONE | VfioLayout.SET_UNMASK, kind, index, 1);
    }

    private void setInterrupts(int flags, int kind, int start, int count, Fd... events) {
        begin(Command.DEVICE_SET_IRQS, VfioLayout.SET_DATA)
                .u32(VfioLayout.ARGSZ, VfioLayout.SET_DATA)
                .u32(VfioLayout.ARG_FLAGS, flags)
                .u32(VfioLayout.INDEX, kind)
                .u32(VfioLayout.SET_START, start)
                .u32(VfioLayout.SET_COUNT, count);
        ask(0, events);
    }

    /** Resets the function. */
    public void reset() {
        begin(Command.DEVICE_RESET, 0);
        ask(0);
    }

    @Override
    public void close() {
        channel.close();
        command.close();
        reply.close();
        answer.close();
    }
}
