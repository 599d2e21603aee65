package dev.cipu.dataplane.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.net.NetFeature;
import dev.cipu.virtio.net.NetHeader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * A frame and a virtio-net header out of any bytes, taken through all that the card does with them. Whatever they are,
 * nothing is written beside the frame, and what was accepted can be cut into frames that are right.
 *
 * <pre>
 * 0 features:8   1 more bytes of payload, in units of 256:8   2 header[12]   14 frame
 * </pre>
 */
final class HostileHeader {
    private static final int HEADER = 2;
    private static final int FRAME = HEADER + NetHeader.BYTES;
    private static final int UNIT = 256;
    private static final int GUARD = 128;
    private static final byte GUARD_BYTE = 0x6b;
    private static final int MAX_FRAME = 1518;
    private static final int[] BITS = {
        NetFeature.CSUM,
        NetFeature.HOST_TSO4,
        NetFeature.HOST_TSO6,
        NetFeature.HOST_ECN,
        NetFeature.HOST_UFO,
        NetFeature.HOST_USO,
    };
    private static final FeatureSet TAKEN = FeatureSet.of(
            NetFeature.GUEST_CSUM,
            NetFeature.GUEST_TSO4,
            NetFeature.GUEST_TSO6,
            NetFeature.GUEST_USO4,
            NetFeature.GUEST_USO6);

    // made once: a fuzzer has many inputs, and each leaves everything as it found it
    private static final MemorySegment MEMORY = Arena.ofAuto().allocate(2 * GUARD + PacketPool.LARGEST_FRAME, 64);
    private static final PacketPool POOL = new PacketPool(Arena.ofAuto(), 4, MAX_FRAME, 2);
    private static final Segmenter SEGMENTER = new Segmenter();
    private static final Coalescer COALESCER = new Coalescer(POOL);

    private final OffloadCheck check = new OffloadCheck();
    private final long frame = MEMORY.address() + GUARD;
    private final int length;
    private final long offload;

    /** Whether the frame is to be cut, or refused. */
    private enum Verdict {
        REFUSED,
        WHOLE,
        LARGE
    }

    private HostileHeader(byte[] input) {
        FeatureSet features = FeatureSet.NONE;
        for (int i = 0; i < BITS.length; i++) {
            features = (input[0] >> i & 1) != 0 ? features.with(BITS[i]) : features;
        }
        byte[] bytes = Arrays.copyOfRange(input, FRAME, input.length);
        int whole = Math.min(PacketPool.LARGEST_FRAME, bytes.length + (input[1] & 0xff) * UNIT);
        length = Math.max(FrameHeaders.ETHERNET, whole);
        MEMORY.fill(GUARD_BYTE);
        MemorySegment.copy(bytes, 0, MEMORY, ValueLayout.JAVA_BYTE, GUARD, Math.min(bytes.length, length));
        ByteBuffer header = ByteBuffer.wrap(input, HEADER, NetHeader.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        check.negotiated(features, MAX_FRAME);
        offload = check.judge(header.getLong(), header.getInt(), frame, length);
        guarded();
    }

    /**
     * Runs one input.
     *
     * @return segments that its frame was cut into, 0 if it is whole, -1 if it was refused
     */
    static int run(byte[] input) {
        if (input.length < FRAME) {
            return -1;
        }
        HostileHeader one = new HostileHeader(input);
        return switch (one.verdict()) {
            case REFUSED -> -1;
            case WHOLE -> one.complete();
            case LARGE -> one.cut();
        };
    }

    private Verdict verdict() {
        if (offload == OffloadCheck.REFUSED) {
            return Verdict.REFUSED;
        }
        return Offload.isLarge(offload) ? Verdict.LARGE : Verdict.WHOLE;
    }

    private void guarded() {
        for (int i = 0; i < GUARD; i++) {
            assertThat(MEMORY.get(ValueLayout.JAVA_BYTE, i)).isEqualTo(GUARD_BYTE);
            assertThat(MEMORY.get(ValueLayout.JAVA_BYTE, GUARD + length + i)).isEqualTo(GUARD_BYTE);
        }
    }

    private byte[] bytes(long at, int count) {
        return MEMORY.asSlice(at - MEMORY.address(), count).toArray(ValueLayout.JAVA_BYTE);
    }

    private int complete() {
        assertThat(length).isLessThanOrEqualTo(MAX_FRAME);
        byte[] before = bytes(frame, length);
        if (offload != Offload.NONE) {
            Checksum.complete(frame, length, Offload.csumStart(offload), Offload.csumOffset(offload));
            guarded();
            byte[] after = bytes(frame, length);
            int field = Offload.csumStart(offload) + Offload.csumOffset(offload);
            after[field] = before[field];
            after[field + 1] = before[field + 1];
            assertThat(after).isEqualTo(before);
        }
        joinTwice(before);
        return 0;
    }

    /** The same frame twice: no segments of one large frame, unless they are. */
    private void joinTwice(byte[] whole) {
        Burst burst = new Burst();
        for (int i = 0; i < 2; i++) {
            int slot = POOL.take();
            MemorySegment.copy(whole, 0, POOL.slab(), ValueLayout.JAVA_BYTE, POOL.frameOffset(slot), whole.length);
            burst.add(slot, whole.length, offload);
        }
        COALESCER.negotiated(TAKEN);
        int frames = COALESCER.join(burst, 0, 2).count();
        // TCP sequences and IPv4 numbers do not repeat; UDP over IPv6 has neither
        assertThat(frames).isBetween((whole[network(whole)] & 0xf0) == 0x60 ? 1 : 2, 2);
        COALESCER.release();
        burst.release(POOL);
        assertThat(POOL.available() + POOL.availableLarge()).isEqualTo(POOL.capacity() + POOL.capacityLarge());
    }

    private static int network(byte[] whole) {
        int at = 14;
        while (at + 4 < whole.length && (whole[at - 2] == (byte) 0x81 || whole[at - 2] == (byte) 0x88)) {
            at += 4;
        }
        return Math.min(at, whole.length - 1);
    }

    private int cut() {
        byte[] before = bytes(frame, length);
        int transport = Offload.csumStart(offload);
        int size = Offload.gsoSize(offload);
        boolean fragments = Offload.gsoType(offload) == NetHeader.GSO_UDP;
        int segments = 0;
        int payload = 0;
        SEGMENTER.begin(frame, length, offload, false);
        while (SEGMENTER.next()) {
            long at = SEGMENTER.makeInPlace();
            int headers = SEGMENTER.bytes() - Math.min(size, SEGMENTER.bytes());
            assertThat(headers).isBetween(0, FrameHeaders.LIMIT + 8);
            if (!fragments) {
                byte[] segment = bytes(at, SEGMENTER.bytes());
                FrameHeaders parsed = new FrameHeaders();
                assertThat(parsed.parse(at, segment.length)).isTrue();
                assertThat(parsed.transport).isEqualTo(transport);
                assertThat(parsed.statedLength(at)).isEqualTo(segment.length);
                int network = parsed.network;
                int addresses = parsed.six ? network + 8 : network + 12;
                int pseudo = Datagram.sum(
                        segment,
                        addresses,
                        addresses + (parsed.six ? 32 : 8),
                        parsed.protocol() + segment.length - transport);
                assertThat(Datagram.sum(segment, transport, segment.length, pseudo))
                        .isEqualTo(0xffff);
                assertThat(parsed.six || Datagram.sum(segment, network, transport, 0) == 0xffff)
                        .isTrue();
                payload += segment.length - parsed.payload;
                assertThat(segment.length - parsed.payload).isLessThanOrEqualTo(size);
            }
            MEMORY.asSlice(at - MEMORY.address() - NetHeader.BYTES, NetHeader.BYTES)
                    .fill((byte) 1);
            SEGMENTER.back();
            segments++;
        }
        SEGMENTER.end();
        guarded();
        assertThat(bytes(frame, length)).isEqualTo(before);
        assertThat(segments).isBetween(2, OffloadCheck.MAX_SEGMENTS);
        if (!fragments) {
            FrameHeaders parsed = new FrameHeaders();
            assertThat(parsed.parse(frame, length)).isTrue();
            assertThat(payload).isEqualTo(length - parsed.payload);
        }
        return segments;
    }
}
