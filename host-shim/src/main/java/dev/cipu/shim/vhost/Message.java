package dev.cipu.shim.vhost;

import dev.cipu.shim.posix.Fd;
import dev.cipu.shim.posix.FdBundle;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * One message and the descriptors that came with it, in a buffer that is used again and again: its size does not depend
 * on what a peer announces. Owned by one thread. Offsets count from the payload's first byte.
 */
public final class Message implements AutoCloseable {
    private final Arena arena = Arena.ofShared();
    private final MemorySegment buffer =
            arena.allocate(MessageLayout.HEADER_BYTES + (long) MessageLayout.MAX_PAYLOAD, 8);
    private final MemorySegment payload = buffer.asSlice(MessageLayout.HEADER_BYTES);
    private final FdBundle descriptors = new FdBundle(MessageLayout.TABLE_MAX_REGIONS);

    /** Starts a new message of our own, its payload {@code size} zero bytes. */
    public Message begin(int request, int flags, int size) {
        if (size < 0 || size > MessageLayout.MAX_PAYLOAD) {
            throw new IllegalArgumentException("payload of " + size + " bytes");
        }
        descriptors.close();
        buffer.set(ValueLayout.JAVA_INT, MessageLayout.REQUEST, request);
        buffer.set(ValueLayout.JAVA_INT, MessageLayout.FLAGS, flags | MessageLayout.VERSION);
        buffer.set(ValueLayout.JAVA_INT, MessageLayout.SIZE, size);
        payload.asSlice(0, size).fill((byte) 0);
        return this;
    }

    public int request() {
        return buffer.get(ValueLayout.JAVA_INT, MessageLayout.REQUEST);
    }

    public int flags() {
        return buffer.get(ValueLayout.JAVA_INT, MessageLayout.FLAGS);
    }

    /** Bytes of the payload as announced, unsigned; checked by {@link MessageChannel#receive}. */
    public int size() {
        return buffer.get(ValueLayout.JAVA_INT, MessageLayout.SIZE);
    }

    public boolean isReply() {
        return (flags() & MessageLayout.REPLY) != 0;
    }

    public boolean needsReply() {
        return (flags() & MessageLayout.NEED_REPLY) != 0;
    }

    /** What came along; closed when the next message is received or begun. */
    public FdBundle descriptors() {
        return descriptors;
    }

    public Fd takeDescriptor() {
        return descriptors.take();
    }

    public int u8(int offset) {
        return Byte.toUnsignedInt(payload.get(ValueLayout.JAVA_BYTE, offset));
    }

    public int u16(int offset) {
        return Short.toUnsignedInt(payload.get(ValueLayout.JAVA_SHORT_UNALIGNED, offset));
    }

    public int u32(int offset) {
        return payload.get(ValueLayout.JAVA_INT_UNALIGNED, offset);
    }

    public long u64(int offset) {
        return payload.get(ValueLayout.JAVA_LONG_UNALIGNED, offset);
    }

    public Message u8(int offset, int value) {
        payload.set(ValueLayout.JAVA_BYTE, offset, (byte) value);
        return this;
    }

    public Message u16(int offset, int value) {
        payload.set(ValueLayout.JAVA_SHORT_UNALIGNED, offset, (short) value);
        return this;
    }

    public Message u32(int offset, int value) {
        payload.set(ValueLayout.JAVA_INT_UNALIGNED, offset, value);
        return this;
    }

    public Message u64(int offset, long value) {
        payload.set(ValueLayout.JAVA_LONG_UNALIGNED, offset, value);
        return this;
    }

    /** Copies {@code length} payload bytes out. */
    public byte[] bytes(int offset, int length) {
        return payload.asSlice(offset, length).toArray(ValueLayout.JAVA_BYTE);
    }

    public Message bytes(int offset, byte[] source) {
        MemorySegment.copy(source, 0, payload, ValueLayout.JAVA_BYTE, offset, source.length);
        return this;
    }

    MemorySegment header() {
        return buffer.asSlice(0, MessageLayout.HEADER_BYTES);
    }

    MemorySegment payload(int size) {
        return payload.asSlice(0, size);
    }

    MemorySegment whole() {
        return buffer.asSlice(0, MessageLayout.HEADER_BYTES + (long) size());
    }

    @Override
    public void close() {
        descriptors.close();
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
