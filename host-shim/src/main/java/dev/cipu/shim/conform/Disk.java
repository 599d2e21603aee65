package dev.cipu.shim.conform;

import dev.cipu.shim.probe.LinkException;
import dev.cipu.shim.probe.Part;
import dev.cipu.shim.probe.Rig;
import dev.cipu.shim.probe.RigQueue;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.blk.BlkConfig;
import dev.cipu.virtio.blk.BlkRequest;
import dev.cipu.virtio.memory.Le;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** A disk behind a rig, one request at a time. {@code [virtio-1.4 §5.2.6]} */
final class Disk {
    /** What no device writes as a status: it was left alone. */
    static final int UNTOUCHED = 0xee;

    /** Zones of zoned devices, and whatever comes later, have types that other devices do not know. */
    static final int ZONE_APPEND = 15;

    static final int ZONE_REPORT = 16;
    static final int ZONE_RESET_ALL = 26;
    static final int GET_LIFETIME = 10;
    static final int SECURE_ERASE = 14;
    static final int SCSI = 2;

    private static final int SIZE = 128;
    private static final byte FILL = (byte) 0xee;

    private final Rig rig;
    private final RigQueue queue;
    private final MemorySegment config;

    /** How a request ended: its status, the used length, and what is in the buffers to write, status included. */
    static final class Answer {
        private final int status;
        private final long length;
        private final byte[] in;

        Answer(int status, long length, byte[] in) {
            this.status = status;
            this.length = length;
            this.in = in;
        }

        int status() {
            return status;
        }

        long length() {
            return length;
        }

        byte[] in() {
            return in;
        }

        boolean ok() {
            return status == BlkRequest.OK;
        }
    }

    private Disk(Rig rig, RigQueue queue, MemorySegment config) {
        this.rig = rig;
        this.queue = queue;
        this.config = config;
    }

    /** Connects and starts one request queue; accepts VERSION_1 and the given features where they are offered. */
    static Disk start(Trial trial, int... features) {
        FeatureSet wanted = FeatureSet.of(features).or(trial.least());
        Rig rig = trial.connect();
        MemorySegment config = MemorySegment.ofArray(rig.config(0, BlkChecks.configBytes(trial.offered())));
        rig.accept(wanted).share();
        RigQueue queue = rig.queue(0, SIZE, 0);
        rig.start(queue, 0);
        rig.driverOk();
        return new Disk(rig, queue, config);
    }

    Rig rig() {
        return rig;
    }

    RigQueue queue() {
        return queue;
    }

    long sectors() {
        return config.get(Le.LONG_UNALIGNED, BlkConfig.CAPACITY);
    }

    long u32(int offset) {
        return Integer.toUnsignedLong(config.get(Le.INT_UNALIGNED, offset));
    }

    int u8(int offset) {
        return Byte.toUnsignedInt(config.get(ValueLayout.JAVA_BYTE, offset));
    }

    static byte[] header(int type, long sector) {
        return ByteBuffer.allocate(BlkRequest.HEADER_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(type)
                .putInt(0)
                .putLong(sector)
                .array();
    }

    /** A segment of a discard or write-zeroes request. */
    static byte[] segment(long sector, int sectors, int flags) {
        return ByteBuffer.allocate(BlkRequest.SEGMENT_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(sector)
                .putInt(sectors)
                .putInt(flags)
                .array();
    }

    /** A request of the usual framing. */
    Answer request(int type, long sector, byte[] out, int inBytes) {
        return framed(
                join(header(type, sector), out), new int[] {BlkRequest.HEADER_BYTES}, inBytes + 1, new int[] {inBytes});
    }

    /**
     * A request of any framing.
     *
     * @param out all that the device reads, header first
     * @param outCuts lengths of the first readable buffers
     * @param inBytes all that it writes, status last
     * @param inCuts lengths of the first writable buffers
     */
    Answer framed(byte[] out, int[] outCuts, int inBytes, int[] inCuts) {
        List<Part> parts = new ArrayList<>();
        if (out.length > 0) {
            long at = rig.allocate(out.length);
            MemorySegment.copy(out, 0, rig.memory().slice(at, out.length), ValueLayout.JAVA_BYTE, 0, out.length);
            parts.addAll(cut(Part.readable(at, out.length), outCuts));
        }
        long in = rig.allocate(Math.max(1, inBytes));
        MemorySegment answer = rig.memory().slice(in, inBytes);
        answer.fill(FILL);
        if (inBytes > 0) {
            parts.addAll(cut(Part.writable(in, inBytes), inCuts));
        }
        queue.give(parts);
        RigQueue.Used used = queue.take(rig.peer().timeout());
        if (used == null) {
            throw new Unanswered("request of " + out.length + " + " + inBytes + " bytes");
        }
        byte[] bytes = answer.toArray(ValueLayout.JAVA_BYTE);
        return new Answer(inBytes == 0 ? UNTOUCHED : Byte.toUnsignedInt(bytes[inBytes - 1]), used.length(), bytes);
    }

    private static List<Part> cut(Part whole, int[] cuts) {
        List<Part> parts = new ArrayList<>(whole.cut(cuts));
        parts.removeIf(part -> part.length() == 0);
        return parts;
    }

    Answer read(long sector, int bytes) {
        return request(BlkRequest.IN, sector, new byte[0], bytes);
    }

    Answer write(long sector, byte[] data) {
        return request(BlkRequest.OUT, sector, data, 0);
    }

    /** Bytes that belong to a place and a number only. */
    static byte[] pattern(int bytes, int seed) {
        byte[] data = new byte[bytes];
        new java.util.Random(seed).nextBytes(data);
        return data;
    }

    /** The data that a read brought, without the status. */
    static byte[] data(Answer answer) {
        return java.util.Arrays.copyOf(answer.in(), answer.in().length - 1);
    }

    static byte[] join(byte[] first, byte[] second) {
        byte[] both = java.util.Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }

    /** The status by name. */
    static String name(int status) {
        return switch (status) {
            case BlkRequest.OK -> "OK";
            case BlkRequest.IOERR -> "IOERR";
            case BlkRequest.UNSUPP -> "UNSUPP";
            case BlkRequest.ZONE_INVALID_CMD -> "ZONE_INVALID_CMD";
            case BlkRequest.ZONE_UNALIGNED_WP -> "ZONE_UNALIGNED_WP";
            case BlkRequest.ZONE_OPEN_RESOURCE -> "ZONE_OPEN_RESOURCE";
            case BlkRequest.ZONE_ACTIVE_RESOURCE -> "ZONE_ACTIVE_RESOURCE";
            case UNTOUCHED -> "no status";
            default -> "status " + status;
        };
    }

    /** No answer came, whatever the back-end does otherwise. */
    static final class Unanswered extends RuntimeException {
        @java.io.Serial
        private static final long serialVersionUID = 1;

        Unanswered(String what) {
            super("no answer to a " + what);
        }
    }

    /** Whether the connection still answers; a back-end may have given up on us. */
    boolean isAlive() {
        try {
            rig.link().askNumber(dev.cipu.shim.vhost.Request.GET_FEATURES);
            return true;
        } catch (LinkException e) {
            return false;
        }
    }
}
