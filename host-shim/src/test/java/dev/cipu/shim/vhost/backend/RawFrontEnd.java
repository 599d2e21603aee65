package dev.cipu.shim.vhost.backend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.shim.posix.EventFd;
import dev.cipu.shim.posix.Fd;
import dev.cipu.shim.posix.FdBundle;
import dev.cipu.shim.posix.Mapping;
import dev.cipu.shim.posix.Memfd;
import dev.cipu.shim.posix.UnixSocket;
import dev.cipu.shim.vhost.MessageLayout;
import dev.cipu.shim.vhost.ProtocolFeature;
import dev.cipu.shim.vhost.Request;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.memory.Le;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * A front-end that writes what it is told, right or wrong, as raw bytes. Its guest addresses differ from its user
 * addresses, so that mixing them up shows.
 */
final class RawFrontEnd implements AutoCloseable {
    static final Duration PATIENCE = Duration.ofMillis(300);
    static final long GUEST = 0x1000_0000L;
    static final long USER = 0x7f00_0000_0000L;
    static final long MEMORY = 1 << 20;
    static final int SIZE = 64;
    static final long AVAIL = 0x4000;
    static final long USED = 0x8000;
    private static final long QUEUE_STRIDE = 0x10000;
    private static final long BUFFERS = 0x80000;
    static final int REFUSED = 1;

    /** The status of a driver that is ready, and of one that has just agreed on features. */
    static final int DRIVER_OK = 15;

    static final int FEATURES_OK = 11;

    private final Arena arena = Arena.ofShared();
    private final UnixSocket socket;
    final Memfd memory = Memfd.create("guest", MEMORY);
    final Mapping mapping = memory.map();
    final EventFd kick = EventFd.create();
    final EventFd call = EventFd.create();
    final EventFd error = EventFd.create();

    RawFrontEnd(UnixSocket socket) {
        this.socket = socket;
    }

    UnixSocket socket() {
        return socket;
    }

    static byte[] u64(long... values) {
        ByteBuffer bytes = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (long value : values) {
            bytes.putLong(value);
        }
        return bytes.array();
    }

    static byte[] state(int index, int number) {
        return ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(index)
                .putInt(number)
                .array();
    }

    static byte[] addresses(int index, long descriptors, long used, long avail) {
        return ByteBuffer.allocate(40)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(index)
                .putInt(0)
                .putLong(descriptors)
                .putLong(used)
                .putLong(avail)
                .array();
    }

    static byte[] addresses(int index) {
        long base = USER + index * QUEUE_STRIDE;
        return addresses(index, base, base + USED, base + AVAIL);
    }

    /** Four numbers a region: guest address, size, user address, file offset. */
    static byte[] table(long... regions) {
        ByteBuffer bytes = ByteBuffer.allocate(8 + 8 * regions.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putInt(regions.length / 4).putInt(0);
        for (long value : regions) {
            bytes.putLong(value);
        }
        return bytes.array();
    }

    static byte[] region(long guest, long size, long user, long offset) {
        return u64(0, guest, size, user, offset);
    }

    static byte[] inflight(long size, long offset, int queues, int queueSize) {
        return ByteBuffer.allocate(20)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(size)
                .putLong(offset)
                .putShort((short) queues)
                .putShort((short) queueSize)
                .array();
    }

    static byte[] config(int offset, int size, int dataBytes) {
        return ByteBuffer.allocate(12 + dataBytes)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(offset)
                .putInt(size)
                .putInt(0)
                .array();
    }

    void raw(byte[] bytes, Fd... descriptors) {
        socket.send(arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes), descriptors);
    }

    static byte[] frame(int request, int flags, int size, byte[] payload) {
        return ByteBuffer.allocate(12 + payload.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(request)
                .putInt(flags)
                .putInt(size)
                .put(payload)
                .array();
    }

    void send(int request, byte[] payload, Fd... descriptors) {
        raw(frame(request, MessageLayout.VERSION, payload.length, payload), descriptors);
    }

    /** A reply's payload; descriptors that come with it go to {@code into}. */
    ByteBuffer reply(int request, FdBundle into) {
        MemorySegment header = arena.allocate(12);
        assertThat(socket.receiveFully(header, into, Duration.ofSeconds(5)))
                .as("a reply to %d", request)
                .isTrue();
        assertThat(header.get(ValueLayout.JAVA_INT, 0)).isEqualTo(request);
        assertThat(header.get(ValueLayout.JAVA_INT, 4)).isEqualTo(MessageLayout.VERSION | MessageLayout.REPLY);
        MemorySegment payload = arena.allocate(Math.max(1, header.get(ValueLayout.JAVA_INT, 8)));
        int size = header.get(ValueLayout.JAVA_INT, 8);
        if (size > 0) {
            assertThat(socket.receiveFully(payload.asSlice(0, size), into, Duration.ofSeconds(5)))
                    .isTrue();
        }
        return ByteBuffer.wrap(payload.asSlice(0, size).toArray(ValueLayout.JAVA_BYTE))
                .order(ByteOrder.LITTLE_ENDIAN);
    }

    ByteBuffer ask(int request, byte[] payload) {
        send(request, payload);
        try (FdBundle none = new FdBundle()) {
            ByteBuffer answer = reply(request, none);
            assertThat(none.count()).isZero();
            return answer;
        }
    }

    /** Sends with NEED_REPLY and returns the acknowledgement, 0 for success. */
    long acked(int request, byte[] payload, Fd... descriptors) {
        raw(frame(request, MessageLayout.VERSION | MessageLayout.NEED_REPLY, payload.length, payload), descriptors);
        try (FdBundle none = new FdBundle()) {
            return reply(request, none).getLong();
        }
    }

    /** Returns once the session exists and has dealt with everything sent so far, clean-up included. */
    void sync() {
        ask(Request.GET_QUEUE_NUM, new byte[0]);
        ask(Request.GET_QUEUE_NUM, new byte[0]);
    }

    /** Negotiates as QEMU does, protocol features first. */
    void negotiate() {
        send(Request.SET_OWNER, new byte[0]);
        long features = ask(Request.GET_FEATURES, new byte[0]).getLong();
        assertThat(features & ProtocolFeature.NEGOTIATION).isNotZero();
        long protocol = ask(Request.GET_PROTOCOL_FEATURES, new byte[0]).getLong();
        send(Request.SET_PROTOCOL_FEATURES, u64(protocol));
        setFeatures(ProtocolFeature.NEGOTIATION);
    }

    void setFeatures(long more) {
        assertThat(acked(Request.SET_FEATURES, u64(1L << RingFeature.VERSION_1 | more)))
                .isZero();
    }

    void shareMemory() {
        assertThat(acked(Request.SET_MEM_TABLE, table(GUEST, MEMORY, USER, 0), memory.fd()))
                .isZero();
    }

    /** All that one ring needs to run, and the word that the driver is ready. */
    void startRing(int index) {
        setUpRing(index);
        assertThat(acked(Request.SET_STATUS, u64(DRIVER_OK))).isZero();
    }

    /** All that one ring needs to run, as far as the protocol goes. */
    void setUpRing(int index) {
        assertThat(acked(Request.SET_VRING_NUM, state(index, SIZE))).isZero();
        assertThat(acked(Request.SET_VRING_BASE, state(index, 0))).isZero();
        assertThat(acked(Request.SET_VRING_ADDR, addresses(index))).isZero();
        assertThat(acked(Request.SET_VRING_CALL, u64(index), call.fd())).isZero();
        assertThat(acked(Request.SET_VRING_ERR, u64(index), error.fd())).isZero();
        assertThat(acked(Request.SET_VRING_KICK, u64(index), kick.fd())).isZero();
        assertThat(acked(Request.SET_VRING_ENABLE, state(index, 1))).isZero();
    }

    void setUp() {
        negotiate();
        shareMemory();
        startRing(0);
    }

    /** Makes a one-descriptor chain available. */
    void expose(int queue, int head) {
        long base = queue * QUEUE_STRIDE;
        MemorySegment guest = mapping.segment();
        guest.set(Le.LONG, base + 16L * head, GUEST + BUFFERS + 512L * head);
        guest.set(Le.LONG, base + 16L * head + 8, 512);
        int index = Short.toUnsignedInt(guest.get(Le.SHORT, base + AVAIL + 2));
        guest.set(Le.SHORT, base + AVAIL + 4 + 2L * (index % SIZE), (short) head);
        Le.U16.setRelease(guest, base + AVAIL + 2, (short) (index + 1));
    }

    int usedIndex(int queue) {
        return Short.toUnsignedInt(mapping.segment().get(Le.SHORT, queue * QUEUE_STRIDE + USED + 2));
    }

    void usedIndex(int queue, int value) {
        mapping.segment().set(Le.SHORT, queue * QUEUE_STRIDE + USED + 2, (short) value);
    }

    int baseOf(int queue) {
        return ask(Request.GET_VRING_BASE, state(queue, 0)).getInt(4);
    }

    /** Whether the back-end closed the connection. */
    boolean isEnded() {
        try (FdBundle none = new FdBundle()) {
            int got;
            do {
                got = socket.receive(arena.allocate(4096), none, Duration.ofSeconds(5));
            } while (got > 0);
            return got == 0;
        } catch (dev.cipu.shim.posix.PosixException e) {
            return "ECONNRESET".equals(e.errnoName());
        }
    }

    static boolean eventually(BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                return false;
            }
            Thread.onSpinWait();
        }
        return true;
    }

    @Override
    public void close() {
        socket.close();
        mapping.close();
        memory.close();
        kick.close();
        call.close();
        error.close();
        arena.close();
    }
}
