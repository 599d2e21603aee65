package dev.cipu.shim.conform;

import dev.cipu.shim.probe.Part;
import dev.cipu.shim.probe.Rig;
import dev.cipu.shim.probe.RigQueue;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.net.NetFeature;
import dev.cipu.virtio.net.NetHeader;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A network device whose other side sends back what it gets: frames out through a transmitq, in through a receiveq. */
final class Reflection {
    static final int BIG_BUFFER = 4096;

    private static final int RING = 128;
    private static final byte CANARY = (byte) 0xa5;

    private final Rig rig;
    private final RigQueue receiveq;
    private final RigQueue transmitq;
    private final int bufferBytes;
    private final Map<Integer, Long> bufferOfHead = new HashMap<>();

    /** A frame that came back. */
    static final class Received {
        private final byte[] header;
        private final byte[] frame;
        private final List<Long> lengths;
        private final boolean together;

        /**
         * @param header of the first buffer
         * @param frame of all buffers
         * @param lengths used lengths of the buffers, in order
         * @param together whether all buffers were used when the first was seen
         */
        Received(byte[] header, byte[] frame, List<Long> lengths, boolean together) {
            this.header = header;
            this.frame = frame;
            this.lengths = List.copyOf(lengths);
            this.together = together;
        }

        byte[] frame() {
            return frame;
        }

        List<Long> lengths() {
            return lengths;
        }

        boolean together() {
            return together;
        }

        int flags() {
            return Byte.toUnsignedInt(header[0]);
        }

        int gsoType() {
            return Byte.toUnsignedInt(header[1]);
        }

        int u16(int offset) {
            return Short.toUnsignedInt(
                    ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN).getShort(offset));
        }

        int numBuffers() {
            return u16((int) NetHeader.NUM_BUFFERS);
        }
    }

    private Reflection(Rig rig, RigQueue receiveq, RigQueue transmitq, int bufferBytes) {
        this.rig = rig;
        this.receiveq = receiveq;
        this.transmitq = transmitq;
        this.bufferBytes = bufferBytes;
    }

    /** Starts the first queue pair with {@code buffers} receive buffers of the given size. */
    static Reflection start(Trial trial, FeatureSet more, int buffers, int bufferBytes) {
        return on(trial.ready(Rig.LEAST.or(more)), buffers, bufferBytes);
    }

    /** As above, on a connection that has agreed on features and shares its memory. */
    static Reflection on(Rig rig, int buffers, int bufferBytes) {
        Reflection reflection = pair(rig, 0, buffers, bufferBytes);
        rig.driverOk();
        reflection.begin();
        return reflection;
    }

    /** One pair of several, which shows its buffers when it is told to {@link #begin}, after {@code DRIVER_OK}. */
    static Reflection pair(Rig rig, int pair, int buffers, int bufferBytes) {
        RigQueue in = rig.queue(2 * pair, RING, 0);
        RigQueue out = rig.queue(2 * pair + 1, RING, 0);
        Reflection reflection = new Reflection(rig, in, out, bufferBytes);
        for (int i = 0; i < buffers; i++) {
            reflection.offer(rig.allocate(bufferBytes));
        }
        rig.start(in);
        rig.start(out);
        return reflection;
    }

    void begin() {
        receiveq.publish();
        receiveq.kick();
    }

    Rig rig() {
        return rig;
    }

    private void offer(long buffer) {
        rig.memory().slice(buffer, bufferBytes).fill(CANARY);
        bufferOfHead.put(receiveq.add(List.of(Part.writable(buffer, bufferBytes))), buffer);
    }

    /** Fills the buffers that wait for frames with a pattern. */
    void paint(byte[] pattern) {
        for (long buffer : bufferOfHead.values()) {
            MemorySegment memory = rig.memory().slice(buffer, bufferBytes);
            for (int i = 0; i < bufferBytes; i++) {
                memory.set(ValueLayout.JAVA_BYTE, i, pattern[i % pattern.length]);
            }
        }
    }

    /** One more receive buffer. */
    void refill() {
        offer(rig.allocate(bufferBytes));
        receiveq.publish();
    }

    /** A header with everything zero. */
    static byte[] plainHeader() {
        return new byte[NetHeader.BYTES];
    }

    /** A header that says what it is told to. */
    static byte[] header(int flags, int gsoType, int headerLength, int gsoSize, int start, int offset) {
        return ByteBuffer.allocate(NetHeader.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(NetHeader.first(flags, gsoType, headerLength, gsoSize, start))
                .putShort((short) offset)
                .putShort((short) 0)
                .array();
    }

    /** Sends a frame in buffers cut at the given lengths; true once the device has used them. */
    boolean send(byte[] header, byte[] frame, int... cuts) {
        byte[] bytes = Arrays.copyOf(header, header.length + frame.length);
        System.arraycopy(frame, 0, bytes, header.length, frame.length);
        long at = rig.allocate(bytes.length);
        MemorySegment.copy(bytes, 0, rig.memory().slice(at, bytes.length), ValueLayout.JAVA_BYTE, 0, bytes.length);
        transmitq.give(Part.readable(at, bytes.length).cut(cuts));
        return transmitq.take(rig.peer().timeout()) != null;
    }

    /** The next frame that comes back, or null. */
    @Nullable
    Received receive(Duration limit) {
        RigQueue.Used first = receiveq.take(limit);
        if (first == null) {
            return null;
        }
        byte[] start = bytes(first);
        if (start.length < NetHeader.BYTES) {
            return new Received(new byte[NetHeader.BYTES], new byte[0], List.of(first.length()), true);
        }
        byte[] header = Arrays.copyOf(start, NetHeader.BYTES);
        List<Long> lengths = new ArrayList<>(List.of(first.length()));
        java.io.ByteArrayOutputStream frame = new java.io.ByteArrayOutputStream();
        frame.write(start, NetHeader.BYTES, start.length - NetHeader.BYTES);
        boolean together = true;
        int buffers = rig.negotiated().has(NetFeature.MRG_RXBUF)
                ? new Received(header, start, lengths, true).numBuffers()
                : 1;
        for (int i = 1; i < buffers; i++) {
            RigQueue.Used more = receiveq.take(Duration.ZERO);
            if (more == null) {
                together = false;
                more = receiveq.take(limit);
            }
            if (more == null) {
                break;
            }
            byte[] rest = bytes(more);
            frame.write(rest, 0, rest.length);
            lengths.add(more.length());
        }
        return new Received(header, frame.toByteArray(), lengths, together);
    }

    private byte[] bytes(RigQueue.Used used) {
        Long buffer = bufferOfHead.get(used.head());
        if (buffer == null || used.length() > bufferBytes) {
            return new byte[0];
        }
        return rig.memory().slice(buffer, used.length()).toArray(ValueLayout.JAVA_BYTE);
    }

    /** Sends a frame and waits for it; null if it does not come back. */
    @Nullable
    Received echo(byte[] header, byte[] frame, int... cuts) {
        return send(header, frame, cuts) ? receive(rig.peer().timeout()) : null;
    }
}
