package dev.cipu.shim.vfio.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.shim.posix.EventFd;
import dev.cipu.shim.posix.Fd;
import dev.cipu.shim.posix.FdBundle;
import dev.cipu.shim.posix.Mapping;
import dev.cipu.shim.posix.Memfd;
import dev.cipu.shim.posix.PosixException;
import dev.cipu.shim.posix.UnixSocket;
import dev.cipu.shim.vfio.Command;
import dev.cipu.shim.vfio.VfioLayout;
import dev.cipu.virtio.memory.Le;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** A client that writes what it is told, right or wrong, as raw bytes. */
final class RawClient implements AutoCloseable {
    static final Duration PATIENCE = Duration.ofMillis(300);
    static final long GUEST = 0x1_0000_0000L;
    static final long MEMORY = 1 << 20;
    static final int SIZE = 64;
    static final long AVAIL = 0x4000;
    static final long USED = 0x8000;
    static final long STRIDE = 0x10000;
    static final long BUFFERS = 0x80000;
    static final String CAPABILITIES = "{\"capabilities\":{\"max_msg_fds\":8,\"max_data_xfer_size\":1048576,"
            + "\"max_dma_maps\":65535,\"pgsizes\":4096,\"write_multiple\":true,\"twin_socket\":{\"supported\":true},"
            + "\"migration\":{\"pgsize\":4096}}}";
    private static final Duration LONG = Duration.ofSeconds(5);

    private final Arena arena = Arena.ofShared();
    private final UnixSocket socket;
    final Memfd memory = Memfd.create("guest", MEMORY);
    final Mapping mapping = memory.map();
    private int lastId = 100;

    RawClient(UnixSocket socket) {
        this.socket = socket;
    }

    UnixSocket socket() {
        return socket;
    }

    /** A reply: its error, 0 for none, and its payload. */
    record Reply(int command, int error, ByteBuffer payload) {
        byte[] bytes() {
            byte[] all = new byte[payload.limit()];
            payload.get(0, all);
            return all;
        }

        int u32(int offset) {
            return payload.getInt(offset);
        }

        long u64(int offset) {
            return payload.getLong(offset);
        }
    }

    static ByteBuffer payload(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    static byte[] frame(int id, int command, int size, int flags, byte[] payload) {
        return payload(16 + payload.length)
                .putShort((short) id)
                .putShort((short) command)
                .putInt(size)
                .putInt(flags)
                .putInt(0)
                .put(payload)
                .array();
    }

    void raw(byte[] bytes, Fd... descriptors) {
        socket.send(arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes), descriptors);
    }

    void send(int flags, int command, byte[] payload, Fd... descriptors) {
        raw(frame(++lastId, command, 16 + payload.length, flags, payload), descriptors);
    }

    /** The reply to the command that was sent last; descriptors that come with it go to {@code into}. */
    Reply reply(FdBundle into) {
        return reply(lastId, into);
    }

    Reply reply(int id, FdBundle into) {
        MemorySegment header = arena.allocate(16);
        assertThat(socket.receiveFully(header, into, LONG)).as("a reply").isTrue();
        assertThat(Short.toUnsignedInt(header.get(ValueLayout.JAVA_SHORT, 0))).isEqualTo(id & 0xffff);
        int flags = header.get(ValueLayout.JAVA_INT, 8);
        assertThat(flags & 0xf).isEqualTo(VfioLayout.TYPE_REPLY);
        int size = header.get(ValueLayout.JAVA_INT, 4) - 16;
        boolean failed = (flags & VfioLayout.FAILED) != 0;
        assertThat(failed && size != 0).as("an error with a payload").isFalse();
        MemorySegment payload = arena.allocate(Math.max(1, size));
        if (size > 0) {
            assertThat(socket.receiveFully(payload.asSlice(0, size), into, LONG))
                    .isTrue();
        }
        int error = header.get(ValueLayout.JAVA_INT, 12);
        assertThat(failed).isEqualTo(error != 0);
        return new Reply(
                Short.toUnsignedInt(header.get(ValueLayout.JAVA_SHORT, 2)),
                error,
                ByteBuffer.wrap(payload.asSlice(0, size).toArray(ValueLayout.JAVA_BYTE))
                        .order(ByteOrder.LITTLE_ENDIAN));
    }

    /** A command of the server's. */
    record Asked(int id, int command, long address, long count) {}

    /** What the server asks for next. */
    Asked asked() {
        try (FdBundle none = new FdBundle()) {
            MemorySegment header = arena.allocate(16);
            assertThat(socket.receiveFully(header, none, LONG)).as("a command").isTrue();
            assertThat(header.get(ValueLayout.JAVA_INT, 8)).as("flags").isZero();
            int size = header.get(ValueLayout.JAVA_INT, 4) - 16;
            MemorySegment payload = arena.allocate(size, 8);
            assertThat(socket.receiveFully(payload, none, LONG)).isTrue();
            return new Asked(
                    Short.toUnsignedInt(header.get(ValueLayout.JAVA_SHORT, 0)),
                    Short.toUnsignedInt(header.get(ValueLayout.JAVA_SHORT, 2)),
                    payload.get(ValueLayout.JAVA_LONG, 0),
                    payload.get(ValueLayout.JAVA_LONG, 8));
        }
    }

    /** Answers it with {@code count} zero bytes of an address. */
    void answer(Asked asked, long address, long count, int bytes) {
        byte[] data = payload(16 + bytes).putLong(address).putLong(count).array();
        raw(frame(asked.id(), asked.command(), 16 + data.length, VfioLayout.TYPE_REPLY, data));
    }

    /** Answers it with an error. */
    void refuse(Asked asked) {
        byte[] reply = frame(asked.id(), asked.command(), 16, VfioLayout.TYPE_REPLY | VfioLayout.FAILED, new byte[0]);
        reply[12] = 14;
        raw(reply);
    }

    Reply ask(int command, byte[] payload, Fd... descriptors) {
        send(0, command, payload, descriptors);
        try (FdBundle none = new FdBundle()) {
            Reply reply = reply(none);
            assertThat(reply.command()).isEqualTo(command);
            assertThat(none.count()).isZero();
            return reply;
        }
    }

    /** The error of a command's reply, 0 for success. */
    int error(int command, byte[] payload, Fd... descriptors) {
        return ask(command, payload, descriptors).error();
    }

    static byte[] version(int major, int minor, String json) {
        byte[] text = json.getBytes(StandardCharsets.UTF_8);
        return payload(4 + text.length + 1)
                .putShort((short) major)
                .putShort((short) minor)
                .put(text)
                .array();
    }

    RawClient negotiate() {
        assertThat(error(Command.VERSION, version(0, 1, CAPABILITIES))).isZero();
        return this;
    }

    static byte[] map(long address, long size, long offset, int flags) {
        return payload(32)
                .putInt(32)
                .putInt(flags)
                .putLong(offset)
                .putLong(address)
                .putLong(size)
                .array();
    }

    static byte[] unmap(long address, long size, int flags) {
        return payload(24)
                .putInt(24)
                .putInt(flags)
                .putLong(address)
                .putLong(size)
                .array();
    }

    void shareMemory() {
        assertThat(error(Command.DMA_MAP, map(GUEST, MEMORY, 0, 3), memory.fd()))
                .isZero();
    }

    static byte[] access(int region, long offset, int count, byte... data) {
        return payload(16 + data.length)
                .putLong(offset)
                .putInt(region)
                .putInt(count)
                .put(data)
                .array();
    }

    /** Writes registers of BAR 0. */
    int write(long offset, byte[] data) {
        return error(Command.REGION_WRITE, access(0, offset, data.length, data));
    }

    byte[] read(int region, long offset, int count) {
        Reply reply = ask(Command.REGION_READ, access(region, offset, count));
        assertThat(reply.error()).isZero();
        byte[] data = new byte[count];
        reply.payload().get(16, data);
        return data;
    }

    static byte[] setup(int queue, int size, long descriptors, long driver, long device) {
        return payload(40)
                .putInt(queue)
                .putInt(size)
                .putLong(descriptors)
                .putLong(driver)
                .putLong(device)
                .array();
    }

    /** Whether a queue runs that was set up so. */
    boolean start(byte[] setup) {
        assertThat(write(FakePciFunction.START, setup)).isZero();
        return read(0, FakePciFunction.STARTED, 1)[0] == 1;
    }

    boolean start(int queue) {
        long base = GUEST + queue * STRIDE;
        return start(setup(queue, SIZE, base, base + AVAIL, base + USED));
    }

    static byte[] irqs(int flags, int index, int start, int count, byte... bools) {
        return payload(20 + bools.length)
                .putInt(20 + bools.length)
                .putInt(flags)
                .putInt(index)
                .putInt(start)
                .putInt(count)
                .put(bools)
                .array();
    }

    int setIrqs(int flags, int index, int start, int count, Fd... events) {
        return error(Command.DEVICE_SET_IRQS, irqs(flags, index, start, count), events);
    }

    /** Makes a one-descriptor chain available whose buffer lies anywhere. */
    void expose(int queue, int head, long buffer, boolean writable) {
        long base = queue * STRIDE;
        MemorySegment guest = mapping.segment();
        guest.set(Le.LONG, base + 16L * head, buffer);
        guest.set(Le.LONG, base + 16L * head + 8, 512 | (writable ? 2L << 32 : 0));
        int index = Short.toUnsignedInt(guest.get(Le.SHORT, base + AVAIL + 2));
        guest.set(Le.SHORT, base + AVAIL + 4 + 2L * (index % SIZE), (short) head);
        Le.U16.setRelease(guest, base + AVAIL + 2, (short) (index + 1));
    }

    void expose(int queue, int head) {
        expose(queue, head, GUEST + BUFFERS + 512L * head, false);
    }

    int usedIndex(int queue) {
        return Short.toUnsignedInt(mapping.segment().get(Le.SHORT, queue * STRIDE + USED + 2));
    }

    /** Returns once the session has dealt with everything sent so far, events that came before included. */
    void sync() {
        byte[] info = payload(16).putInt(16).array();
        assertThat(error(Command.DEVICE_GET_INFO, info)).isZero();
        assertThat(error(Command.DEVICE_GET_INFO, info)).isZero();
    }

    static boolean signalled(EventFd event) {
        return eventually(() -> event.drain() != 0);
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

    /** Whether the server closed the connection. */
    boolean isEnded() {
        try (FdBundle none = new FdBundle()) {
            int got;
            do {
                got = socket.receive(arena.allocate(4096), none, LONG);
            } while (got > 0);
            return got == 0;
        } catch (PosixException e) {
            return "ECONNRESET".equals(e.errnoName());
        }
    }

    @Override
    public void close() {
        socket.close();
        mapping.close();
        memory.close();
        arena.close();
    }
}
