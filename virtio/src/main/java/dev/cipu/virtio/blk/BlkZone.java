package dev.cipu.virtio.blk;

import dev.cipu.virtio.memory.HostMemory;
import dev.cipu.virtio.memory.Le;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Zones: the words of a disk that is made of them, and the reply to a report. {@code [virtio-1.4 §5.2.6]}
 *
 * <pre>
 * report (64 bytes, then descriptors)   0 nr_zones:64    8 reserved[56]
 * descriptor (64 bytes)                 0 z_cap:64    8 z_start:64   16 z_wp:64   24 z_type:8   25 z_state:8   26 reserved[38]
 * </pre>
 */
public final class BlkZone {
    /** Models. {@code [virtio-1.4 §5.2.4]} */
    public static final int NONE = 0;

    /** Zones have to be written in order. */
    public static final int HOST_MANAGED = 1;

    /** Zones should be written in order. */
    public static final int HOST_AWARE = 2;

    public static final byte CONVENTIONAL = 1;
    public static final byte SEQUENTIAL_REQUIRED = 2;
    public static final byte SEQUENTIAL_PREFERRED = 3;

    /** States. A conventional zone has no write pointer, and always this one. */
    public static final byte NOT_WP = 0;

    public static final byte EMPTY = 1;
    public static final byte IMPLICITLY_OPEN = 2;
    public static final byte EXPLICITLY_OPEN = 3;
    public static final byte CLOSED = 4;
    public static final byte READ_ONLY = 13;
    public static final byte FULL = 14;
    public static final byte OFFLINE = 15;

    /** Bytes of a report before its first descriptor. */
    public static final int REPORT_BYTES = 64;

    public static final int DESCRIPTOR_BYTES = 64;

    private static final int START = 8;
    private static final int POINTER = 16;
    private static final int TYPE = 24;
    private static final int STATE = 25;

    private BlkZone() {}

    /** Writes a report's head; {@code at} is where the report begins. */
    public static void head(MemorySegment report, long at, long zones) {
        HostMemory.zero(report, at, REPORT_BYTES);
        report.set(Le.LONG_UNALIGNED, at, zones);
    }

    /** Writes the descriptor at {@code at}; sectors are units of 512 bytes. */
    public static void describe(
            MemorySegment report, long at, long capacity, long start, long pointer, byte type, byte state) {
        HostMemory.zero(report, at, DESCRIPTOR_BYTES);
        report.set(Le.LONG_UNALIGNED, at, capacity);
        report.set(Le.LONG_UNALIGNED, at + START, start);
        report.set(Le.LONG_UNALIGNED, at + POINTER, pointer);
        report.set(ValueLayout.JAVA_BYTE, at + TYPE, type);
        report.set(ValueLayout.JAVA_BYTE, at + STATE, state);
    }

    /** Descriptors of the report at {@code at}. */
    public static long zones(MemorySegment report, long at) {
        return report.get(Le.LONG_UNALIGNED, at);
    }

    /** Where descriptor {@code index} of the report at {@code at} lies. */
    public static long descriptor(long at, int index) {
        return at + REPORT_BYTES + (long) index * DESCRIPTOR_BYTES;
    }

    /** Sectors that can be written, of the descriptor at {@code at}. */
    public static long capacity(MemorySegment report, long at) {
        return report.get(Le.LONG_UNALIGNED, at);
    }

    public static long start(MemorySegment report, long at) {
        return report.get(Le.LONG_UNALIGNED, at + START);
    }

    /** The write pointer. */
    public static long pointer(MemorySegment report, long at) {
        return report.get(Le.LONG_UNALIGNED, at + POINTER);
    }

    public static byte type(MemorySegment report, long at) {
        return report.get(ValueLayout.JAVA_BYTE, at + TYPE);
    }

    public static byte state(MemorySegment report, long at) {
        return report.get(ValueLayout.JAVA_BYTE, at + STATE);
    }
}
