package dev.cipu.shim.probe;

import dev.cipu.shim.vhost.MessageLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Payloads and whole messages as bytes, right or wrong; see {@link MessageLayout}. */
public final class Payload {
    public static final byte[] NONE = {};

    private Payload() {}

    private static ByteBuffer of(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    public static byte[] u64(long... values) {
        ByteBuffer bytes = of(Long.BYTES * values.length);
        for (long value : values) {
            bytes.putLong(value);
        }
        return all(bytes);
    }

    private static byte[] all(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.capacity()];
        buffer.get(0, bytes);
        return bytes;
    }

    /** A ring's number and a value. */
    public static byte[] state(int index, int number) {
        return of(MessageLayout.STATE_BYTES).putInt(index).putInt(number).array();
    }

    /** A ring's number and the user addresses of its parts. */
    public static byte[] addresses(int index, long descriptors, long used, long avail) {
        return of(MessageLayout.ADDRESS_BYTES)
                .putInt(index)
                .putInt(0)
                .putLong(descriptors)
                .putLong(used)
                .putLong(avail)
                .array();
    }

    /** A whole table, four numbers a region: guest address, size, user address, file offset. */
    public static byte[] table(long... regions) {
        return table(regions.length / 4, regions);
    }

    /** A table that claims to have {@code count} regions. */
    public static byte[] table(int count, long... regions) {
        ByteBuffer bytes = of(MessageLayout.TABLE_REGIONS + Long.BYTES * regions.length)
                .putInt(count)
                .putInt(0);
        for (long value : regions) {
            bytes.putLong(value);
        }
        return all(bytes);
    }

    /** One region by itself. */
    public static byte[] region(long guest, long size, long user, long offset) {
        return u64(0, guest, size, user, offset);
    }

    public static byte[] inflight(long size, long offset, int queues, int queueSize) {
        return of(MessageLayout.INFLIGHT_BYTES)
                .putLong(size)
                .putLong(offset)
                .putShort((short) queues)
                .putShort((short) queueSize)
                .array();
    }

    /** A range of configuration space with the bytes to write, or room for those to read. */
    public static byte[] config(int offset, int size, byte[] data) {
        return of(MessageLayout.CONFIG_DATA + data.length)
                .putInt(offset)
                .putInt(size)
                .putInt(0)
                .put(data)
                .array();
    }

    /** A message whose header says what it is told to. */
    public static byte[] frame(int request, int flags, int size, byte[] payload) {
        return of(MessageLayout.HEADER_BYTES + payload.length)
                .putInt(request)
                .putInt(flags)
                .putInt(size)
                .put(payload)
                .array();
    }
}
