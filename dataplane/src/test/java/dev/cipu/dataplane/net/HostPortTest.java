package dev.cipu.dataplane.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.dataplane.Allocation;
import dev.cipu.dataplane.CounterGroup;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.memory.HostMemory;
import dev.cipu.virtio.net.NetFeature;
import dev.cipu.virtio.net.NetHeader;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HostPortTest {
    private static final int MAX_FRAME = 1518;
    private static final int MSS = 1448;
    private static final FeatureSet CHECKSUMS = FeatureSet.of(NetFeature.CSUM);
    private static final FeatureSet TCP =
            CHECKSUMS.or(FeatureSet.of(NetFeature.HOST_TSO4, NetFeature.HOST_TSO6, NetFeature.HOST_ECN));

    private final Arena arena = Arena.ofConfined();
    private final PacketPool pool = new PacketPool(arena, 512, MAX_FRAME, 4);
    private final L2Switch l2 = new L2Switch(pool, System::nanoTime, CounterGroup.unlisted(L2Switch.COUNTERS));

    /** An interface that has what tests put there, and keeps what it gets. */
    private static final class Interface implements FrameChannel {
        final FeatureSet offloads;
        final Deque<byte[]> waiting = new ArrayDeque<>();
        final List<byte[]> got = new ArrayList<>();
        int says;
        int reads;

        Interface(FeatureSet offloads) {
            this.offloads = offloads;
        }

        void sends(long first, int last, byte[] frame) {
            ByteBuffer all = ByteBuffer.allocate(NetHeader.BYTES + frame.length).order(ByteOrder.LITTLE_ENDIAN);
            waiting.add(all.putLong(first).putInt(last).put(frame).array());
        }

        @Override
        public FeatureSet offloads() {
            return offloads;
        }

        @Override
        public int read(long first, int firstBytes, long second, int secondBytes) {
            reads++;
            if (says < 0 || waiting.isEmpty()) {
                return says;
            }
            byte[] next = Objects.requireNonNull(waiting.poll());
            int head = Math.min(next.length, firstBytes);
            int rest = Math.min(next.length - head, secondBytes);
            MemorySegment.copy(next, 0, HostMemory.ALL, ValueLayout.JAVA_BYTE, first, head);
            MemorySegment.copy(next, head, HostMemory.ALL, ValueLayout.JAVA_BYTE, second, rest);
            return head + rest;
        }

        @Override
        public int write(long address, int bytes) {
            if (says < 0) {
                return says;
            }
            got.add(HostMemory.ALL.asSlice(address, bytes).toArray(ValueLayout.JAVA_BYTE));
            return bytes;
        }

        @Override
        public boolean isReadable() {
            return !waiting.isEmpty();
        }

        byte[] frame(int index) {
            byte[] all = got.get(index);
            return Arrays.copyOfRange(all, NetHeader.BYTES, all.length);
        }

        long header(int index) {
            return ByteBuffer.wrap(got.get(index))
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .getLong();
        }

        int lastOfHeader(int index) {
            return ByteBuffer.wrap(got.get(index))
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .getInt(8);
        }
    }

    private final CounterGroup counters = CounterGroup.unlisted(HostPort.COUNTERS);
    private final CounterGroup otherCounters = CounterGroup.unlisted(HostPort.COUNTERS);
    private final Interface a = new Interface(TCP.or(FeatureSet.of(NetFeature.HOST_USO)));

    private Interface plug(FeatureSet offloads) {
        l2.add(new HostPort(a, pool, MAX_FRAME, counters));
        Interface b = new Interface(offloads);
        l2.add(new HostPort(b, pool, MAX_FRAME, otherCounters));
        return b;
    }

    /** An interface that sends one frame for ever, or nothing where that is empty, and forgets what it gets: without allocating. */
    private record Repeating(MemorySegment frame, FeatureSet offloads) implements FrameChannel {
        @Override
        public int read(long first, int firstBytes, long second, int secondBytes) {
            int bytes = (int) frame.byteSize();
            int head = Math.min(bytes, firstBytes);
            MemorySegment.copy(frame, 0, HostMemory.ALL, first, head);
            MemorySegment.copy(frame, head, HostMemory.ALL, second, bytes - head);
            return bytes == 0 ? NOTHING : bytes;
        }

        @Override
        public int write(long address, int bytes) {
            return bytes;
        }

        @Override
        public boolean isReadable() {
            return frame.byteSize() > 0;
        }
    }

    /**
     * Bytes that turns allocate in which an interface sends what waits at {@link #a}, again and again.
     *
     * @param offloads of the interface at the far end, which decide whether large frames are cut there
     */
    private long allocatedTowards(FeatureSet offloads) {
        byte[] all = Objects.requireNonNull(a.waiting.poll());
        MemorySegment frame = arena.allocate(all.length);
        MemorySegment.copy(all, 0, frame, ValueLayout.JAVA_BYTE, 0, all.length);
        l2.add(new HostPort(new Repeating(frame, TCP), pool, MAX_FRAME, counters));
        l2.add(new HostPort(new Repeating(MemorySegment.NULL, offloads), pool, MAX_FRAME, otherCounters));
        return Allocation.inSteadyState(() -> {
            for (int i = 0; i < 500; i++) {
                l2.poll();
                l2.arm();
                l2.disarm();
            }
        });
    }

    /** More often than a port that had nothing is left alone. */
    private void turns() {
        for (int i = 0; i < 20; i++) {
            l2.poll();
        }
    }

    @AfterEach
    void noSlotIsLost() {
        assertThat(pool.available()).isEqualTo(pool.capacity());
        assertThat(pool.availableLarge()).isEqualTo(pool.capacityLarge());
        arena.close();
    }

    @Test
    void framesPassInOrderAndCount() {
        Interface b = plug(TCP);
        long bytes = 0;
        List<byte[]> sent = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            byte[] frame = Frames.frame(Frames.MAC_B, Frames.MAC_A, 60 + i, i);
            a.sends(0, 0, frame);
            sent.add(frame);
            bytes += frame.length;
        }
        turns();
        assertThat(b.got).hasSize(300);
        for (int i = 0; i < 300; i++) {
            assertThat(b.frame(i)).isEqualTo(sent.get(i));
            assertThat(b.header(i)).isZero();
        }
        assertThat(counters.get("tx_packets")).isEqualTo(300);
        assertThat(counters.get("tx_bytes")).isEqualTo(bytes);
        assertThat(otherCounters.get("rx_packets")).isEqualTo(300);
        assertThat(otherCounters.get("rx_bytes")).isEqualTo(bytes);
    }

    @Test
    void aPartialChecksumStaysPartial() {
        Interface b = plug(CHECKSUMS);
        Datagram one = Datagram.tcp(false, Datagram.data(100, 1));
        a.sends(NetHeader.partialChecksum(one.transport()), one.checksumOffset(), one.frame(false));
        turns();
        assertThat(b.frame(0)).isEqualTo(one.frame(false));
        assertThat(b.header(0)).isEqualTo(NetHeader.partialChecksum(one.transport()));
        assertThat(b.lastOfHeader(0)).isEqualTo(one.checksumOffset());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aLargeFrameGoesWholeToAnInterfaceThatCutsIt(boolean six) {
        Interface b = plug(TCP);
        Datagram one = Datagram.tcp(six, Datagram.data(60_000, 2));
        int type = six ? NetHeader.GSO_TCPV6 : NetHeader.GSO_TCPV4;
        a.sends(one.header(type, MSS), one.checksumOffset(), one.frame(false));
        turns();
        assertThat(b.frame(0)).isEqualTo(one.frame(false));
        assertThat(NetHeader.flags(b.header(0))).isEqualTo(NetHeader.FLAG_NEEDS_CSUM);
        assertThat(NetHeader.gsoType(b.header(0))).isEqualTo(type);
        assertThat(NetHeader.gsoSize(b.header(0))).isEqualTo(MSS);
        assertThat(NetHeader.csumStart(b.header(0))).isEqualTo(one.transport());
        assertThat(b.lastOfHeader(0)).isEqualTo(one.checksumOffset());
    }

    @Test
    void aLargeFrameIsCutForAnInterfaceThatDoesNot() {
        Interface b = plug(CHECKSUMS);
        Datagram one = Datagram.tcp(false, Datagram.data(60_000, 3));
        a.sends(one.header(NetHeader.GSO_TCPV4, MSS), one.checksumOffset(), one.frame(false));
        turns();
        assertThat(b.got).hasSize((60_000 + MSS - 1) / MSS);
        ByteArrayOutputStream data = new ByteArrayOutputStream();
        for (int i = 0; i < b.got.size(); i++) {
            assertThat(b.header(i)).isEqualTo(NetHeader.partialChecksum(one.transport()));
            byte[] segment = b.frame(i);
            data.write(segment, one.payload(), segment.length - one.payload());
        }
        assertThat(data.toByteArray()).isEqualTo(one.data);
    }

    @Test
    void datagramsAreCutUnlessTheInterfaceTakesThem() {
        Interface b = plug(TCP);
        Datagram one = Datagram.udp(false, Datagram.data(3 * 1400, 4));
        a.sends(one.header(NetHeader.GSO_UDP_L4, 1400), one.checksumOffset(), one.frame(false));
        turns();
        assertThat(b.got).hasSize(3);
    }

    @Test
    void whatAsksForNonsenseIsDroppedAndTheNextFramePasses() {
        Interface b = plug(TCP);
        byte[] plain = Frames.frame(Frames.MAC_B, Frames.MAC_A, 60, 5);
        Datagram tcp = Datagram.tcp(false, Datagram.data(5_000, 6));
        a.sends(0, 0, new byte[13]);
        a.sends(NetHeader.partialChecksum(2), 0, plain);
        a.sends(NetHeader.partialChecksum(58), 4, plain);
        a.sends(0, 0, Frames.frame(Frames.MAC_B, Frames.MAC_A, MAX_FRAME + 1, 7));
        a.sends(tcp.header(NetHeader.GSO_UDP_L4, MSS), 16, tcp.frame(false));
        a.sends(tcp.header(NetHeader.GSO_TCPV4, 0), 16, tcp.frame(false));
        a.waiting.add(new byte[5]);
        a.sends(0, 0, plain);
        turns();
        assertThat(b.got).hasSize(1);
        assertThat(b.frame(0)).isEqualTo(plain);
        assertThat(counters.get("tx_dropped_bad")).isEqualTo(2);
        assertThat(counters.get("tx_dropped_offload")).isEqualTo(5);
    }

    @Test
    void moreLargeFramesThanSlotsWaitTheirTurn() {
        Interface b = plug(TCP);
        Datagram one = Datagram.tcp(false, Datagram.data(20_000, 8));
        for (int i = 0; i < 40; i++) {
            a.sends(one.header(NetHeader.GSO_TCPV4, MSS), 16, one.frame(false));
        }
        turns();
        assertThat(b.got).hasSize(40);
    }

    @Test
    void anInterfaceThatRefusesLosesTheFrameAndGetsTheNext() {
        Interface b = plug(TCP);
        b.says = FrameChannel.REFUSED;
        a.sends(0, 0, Frames.frame(Frames.MAC_B, Frames.MAC_A, 60, 9));
        turns();
        b.says = 0;
        a.sends(0, 0, Frames.frame(Frames.MAC_B, Frames.MAC_A, 60, 10));
        turns();
        assertThat(b.got).hasSize(1);
        assertThat(otherCounters.get("rx_dropped_refused")).isEqualTo(1);
        assertThat(otherCounters.get("gone")).isZero();
    }

    @Test
    void anInterfaceThatIsGoneIsLeftAloneAndDoesNotKeepTheWorkerAwake() {
        Interface b = plug(TCP);
        b.says = FrameChannel.GONE;
        b.waiting.add(new byte[60]);
        turns();
        int reads = b.reads;
        turns();
        assertThat(b.reads).isEqualTo(reads);
        assertThat(otherCounters.get("gone")).isEqualTo(1);
        assertThat(l2.arm()).isTrue();
    }

    @Test
    void nothingIsAllocatedForAFrame() {
        a.sends(0, 0, Frames.frame(Frames.MAC_B, Frames.MAC_A, 60, 11));
        assertThat(allocatedTowards(TCP)).isZero();
        assertThat(otherCounters.get("rx_packets")).isGreaterThan(500);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void nothingIsAllocatedForALargeFrame(boolean cut) {
        Datagram one = Datagram.tcp(false, Datagram.data(20_000, 12));
        a.sends(one.header(NetHeader.GSO_TCPV4, MSS), one.checksumOffset(), one.frame(false));
        assertThat(allocatedTowards(cut ? CHECKSUMS : TCP)).isZero();
        long written = otherCounters.get("rx_packets");
        assertThat(written)
                .isEqualTo(counters.get("tx_packets") * (cut ? (20_000 + MSS - 1) / MSS : 1))
                .isPositive();
    }

    @Test
    void aWorkerMaySleepOnlyIfNothingWaits() {
        plug(TCP);
        turns();
        assertThat(l2.arm()).isTrue();
        a.sends(0, 0, Frames.frame(Frames.MAC_B, Frames.MAC_A, 60, 11));
        assertThat(l2.arm()).isFalse();
        l2.disarm();
        assertThat(l2.poll()).as("asked at once after a sleep").isPositive();
    }
}
