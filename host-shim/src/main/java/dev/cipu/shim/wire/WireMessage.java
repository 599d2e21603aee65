package dev.cipu.shim.wire;

import dev.cipu.shim.posix.Fd;
import dev.cipu.shim.posix.FdBundle;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * One message and the descriptors that came with it, in a buffer that is used again and again and grows no further than the
 * protocol's largest message, whatever a peer announces. Owned by one thread. Offsets count from the payload's first byte;
 * numbers have the order of the machine.
 *
 * @param <M> the message of a protocol
 */
public abstract class WireMessage<M extends WireMessage<M>> implements AutoCloseable {
    private final int headerBytes;
    private final FdBundle descriptors;
    private Arena arena = Arena.ofShared();
    private MemorySegment buffer;
    private MemorySegment payload;

    /**
     * @param room bytes of payload that there is room for from the beginning
     * @param mostDescriptors that one message may bring
     */
    protected WireMessage(int headerBytes, int room, int mostDescriptors) {
        this.headerBytes = headerBytes;
        descriptors = new FdBundle(mostDescriptors);
        buffer = arena.allocate(headerBytes + (long) room, Long.BYTES);
        payload = buffer.asSlice(headerBytes);
    }

    /**
     * Bytes of the payload as the header announces them.
     *
     * @throws ProtocolException if the header is none of the protocol
     */
    protected abstract int announced();

    /** What to call the message whose header is here. */
    protected abstract String name();

    /** This message, as what it is. */
    protected abstract M self();

    /** Starts a new message of our own, its payload {@code size} zero bytes; the header is the caller's to write. */
    protected final void begin(int size) {
        descriptors.close();
        reserve(size);
        payload.asSlice(0, size).fill((byte) 0);
    }

    /** Makes room for a payload; the header stays. */
    private void reserve(int size) {
        if (size > payload.byteSize()) {
            Arena larger = Arena.ofShared();
            MemorySegment next = larger.allocate(headerBytes + (long) size, Long.BYTES);
            next.copyFrom(header());
            arena.close();
            arena = larger;
            buffer = next;
            payload = next.asSlice(headerBytes);
        }
    }

    /** The header's bytes. */
    protected final MemorySegment header() {
        return buffer.asSlice(0, headerBytes);
    }

    /** What came along; closed when the next message is received or begun. */
    public final FdBundle descriptors() {
        return descriptors;
    }

    public final Fd takeDescriptor() {
        return descriptors.take();
    }

    public final int u8(int offset) {
        return Byte.toUnsignedInt(payload.get(ValueLayout.JAVA_BYTE, offset));
    }

    public final int u16(int offset) {
        return Short.toUnsignedInt(payload.get(ValueLayout.JAVA_SHORT_UNALIGNED, offset));
    }

    public final int u32(int offset) {
        return payload.get(ValueLayout.JAVA_INT_UNALIGNED, offset);
    }

    public final long u64(int offset) {
        return payload.get(ValueLayout.JAVA_LONG_UNALIGNED, offset);
    }

    public final M u8(int offset, int value) {
        payload.set(ValueLayout.JAVA_BYTE, offset, (byte) value);
        return self();
    }

    public final M u16(int offset, int value) {
        payload.set(ValueLayout.JAVA_SHORT_UNALIGNED, offset, (short) value);
        return self();
    }

    public final M u32(int offset, int value) {
        payload.set(ValueLayout.JAVA_INT_UNALIGNED, offset, value);
        return self();
    }

    public final M u64(int offset, long value) {
        payload.set(ValueLayout.JAVA_LONG_UNALIGNED, offset, value);
        return self();
    }

    /** Copies {@code length} payload bytes out. */
    public final byte[] bytes(int offset, int length) {
        return payload.asSlice(offset, length).toArray(ValueLayout.JAVA_BYTE);
    }

    public final M bytes(int offset, byte[] source) {
        MemorySegment.copy(source, 0, payload, ValueLayout.JAVA_BYTE, offset, source.length);
        return self();
    }

    /** The payload that the header announces, with room made for it. */
    final MemorySegment payload() {
        int size = announced();
        reserve(size);
        return payload.asSlice(0, size);
    }

    final MemorySegment whole() {
        return buffer.asSlice(0, headerBytes + (long) announced());
    }

    @Override
    public void close() {
        descriptors.close();
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
