package dev.cipu.shim.conform;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.shim.load.ScriptedBackEnd;
import dev.cipu.shim.load.ScriptedBackEnd.PackedParts;
import dev.cipu.shim.probe.DeviceKind;
import dev.cipu.shim.probe.Pause;
import dev.cipu.shim.vhost.ProtocolFeature;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.memory.Le;
import dev.cipu.virtio.net.NetFeature;
import dev.cipu.virtio.net.NetHeader;
import dev.cipu.virtio.ring.PackedLayout;
import dev.cipu.virtio.ring.SplitQueue;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Packed rings whose device breaks one rule each. */
@Timeout(60)
class PackedOrderChecksTest {
    private static final FeatureSet FEATURES =
            FeatureSet.of(RingFeature.VERSION_1, RingFeature.RING_PACKED, NetFeature.MRG_RXBUF);
    private static final long PROTOCOL = ProtocolFeature.REPLY_ACK | ProtocolFeature.NET_MTU;
    private static final int REST = 8;

    @TempDir
    Path folder;

    private enum Fault {
        NONE,
        /** Uses what is available, wherever it is. */
        AHEAD,
        /** Goes by the length instead of the owner bits. */
        STALE,
        /** Writes elements one descriptor too far. */
        MISPLACED,
        /** Names a chain that was not given. */
        STRANGE_ID,
        /** Writes the element before once more. */
        AFTERTHOUGHT,
        /** Of a frame in several buffers uses the first one first. */
        FIRST_FIRST
    }

    /** Takes chains, and sends what is in them back if it has a receiveq. */
    private static final class PackedDevice implements ScriptedBackEnd.Device {
        private final Fault fault;
        private final int[] positions = new int[2];
        private final @Nullable PackedParts[] known = new PackedParts[2];
        private final Mirror mirror = new Mirror(_ -> true);
        private int before = -1;
        private int taken;

        PackedDevice(Fault fault) {
            this.fault = fault;
        }

        @Override
        public int serve(int index, SplitQueue queue, List<@Nullable SplitQueue> all) {
            // before it is examined it is asked whether frames come back
            return index == 1 ? mirror.serve(queue, all) : 0;
        }

        @Override
        public int servePacked(int index, PackedParts ring, List<@Nullable PackedParts> all) {
            if (!ring.equals(known[index])) {
                known[index] = ring;
                positions[index] = PackedLayout.START;
                before = -1;
                taken = 0;
            }
            if (index == 0) {
                return 0;
            }
            int at = positions[1];
            int skipped = 0;
            while (fault == Fault.AHEAD && !isReady(ring, at) && skipped++ < ring.size()) {
                at = PackedLayout.advance(at, 1, ring.size());
            }
            if (!isReady(ring, at)) {
                return 0;
            }
            if (fault == Fault.AFTERTHOUGHT && taken++ == PackedOrderChecks.CHAINS) {
                write(ring, before, 1, 9, PackedLayout.usedFlags(before));
            }
            ByteArrayOutputStream frame = new ByteArrayOutputStream();
            int end = take(ring, at, frame);
            PackedParts receiveq = all.getFirst();
            if (frame.size() > NetHeader.BYTES && receiveq != null) {
                sendBack(receiveq, frame.toByteArray());
            }
            positions[1] = end;
            return 1;
        }

        private static long rest(PackedParts ring, int at) {
            return (long) Le.U64.getAcquire(ring.descriptors(), place(at) + REST);
        }

        private static long place(int at) {
            return (long) PackedLayout.index(at) * PackedLayout.DESCRIPTOR_BYTES;
        }

        private static int flags(long rest) {
            return (int) (rest >>> 48);
        }

        private boolean isReady(PackedParts ring, int at) {
            long rest = rest(ring, at);
            int owner = flags(rest) & (PackedLayout.FLAG_AVAIL | PackedLayout.FLAG_USED);
            return fault == Fault.STALE ? (int) rest != 0 : owner == PackedLayout.availFlags(at);
        }

        private static MemorySegment buffer(PackedParts ring, int at) {
            long address = ring.descriptors().get(Le.LONG, place(at));
            return Objects.requireNonNull(
                    ring.memory().guestRange(address, Integer.toUnsignedLong((int) rest(ring, at))));
        }

        private int take(PackedParts ring, int first, ByteArrayOutputStream frame) {
            int at = first;
            long rest;
            do {
                rest = rest(ring, at);
                frame.writeBytes(buffer(ring, at).toArray(ValueLayout.JAVA_BYTE));
                at = PackedLayout.advance(at, 1, ring.size());
            } while ((flags(rest) & PackedLayout.FLAG_NEXT) != 0);
            int to = fault == Fault.MISPLACED ? PackedLayout.advance(first, 1, ring.size()) : first;
            int id = fault == Fault.STRANGE_ID ? 63 : PackedLayout.id(rest);
            write(ring, to, 0, id, PackedLayout.usedFlags(to));
            before = first;
            return at;
        }

        private static void write(PackedParts ring, int at, int length, int id, int flags) {
            Le.U64.setRelease(ring.descriptors(), place(at) + REST, PackedLayout.rest(length, id, flags));
        }

        /** Over as many receive buffers as it takes. */
        private void sendBack(PackedParts ring, byte[] frame) {
            int first = positions[0];
            int count = 0;
            for (int done = 0; done < frame.length; count++) {
                int at = PackedLayout.advance(first, count, ring.size());
                if (!isReady(ring, at)) {
                    return;
                }
                int some = (int) Math.min(frame.length - done, buffer(ring, at).byteSize());
                MemorySegment.copy(MemorySegment.ofArray(frame), done, buffer(ring, at), 0, some);
                done += some;
            }
            buffer(ring, first).asSlice(0, NetHeader.BYTES).fill((byte) 0);
            buffer(ring, first).set(Le.SHORT_UNALIGNED, NetHeader.NUM_BUFFERS, (short) count);
            int left = frame.length;
            int[] lengths = new int[count];
            for (int i = 0; i < count; i++) {
                int at = PackedLayout.advance(first, i, ring.size());
                lengths[i] = (int) Math.min(left, buffer(ring, at).byteSize());
                left -= lengths[i];
            }
            for (int i = 0; i < count; i++) {
                int which = fault == Fault.FIRST_FIRST ? i : count - 1 - i;
                int at = PackedLayout.advance(first, which, ring.size());
                int flags = PackedLayout.usedFlags(at) | PackedLayout.FLAG_WRITE;
                write(ring, at, lengths[which], PackedLayout.id(rest(ring, at)), flags);
                if (fault == Fault.FIRST_FIRST && i == 0) {
                    Pause.of(Duration.ofMillis(20));
                }
            }
            positions[0] = PackedLayout.advance(first, count, ring.size());
        }
    }

    private Set<String> failures(Fault fault) {
        BadBackEnd backEnd = new BadBackEnd(folder, DeviceKind.NET, FEATURES, PROTOCOL, new byte[0]);
        return backEnd.failures(BadBackEnd.ids(PackedOrderChecks.all()), new PackedDevice(fault));
    }

    @Test
    void aSoundDevicePasses() {
        BadBackEnd backEnd = new BadBackEnd(folder, DeviceKind.NET, FEATURES, PROTOCOL, new byte[0]);
        assertThat(backEnd.results(BadBackEnd.ids(PackedOrderChecks.all()), new PackedDevice(Fault.NONE)))
                .allMatch(result -> result.verdict() == Verdict.PASS);
    }

    @Test
    void chainsOutOfTurnAreFound() {
        assertThat(failures(Fault.AHEAD)).contains("PR-001");
    }

    @Test
    void chainsThatAreNotAvailableAreFound() {
        assertThat(failures(Fault.STALE)).contains("PR-006").doesNotContain("PR-002");
    }

    @Test
    void elementsInWrongPlacesAreFound() {
        assertThat(failures(Fault.MISPLACED)).contains("PR-002", "PR-003");
    }

    @Test
    void elementsOfUnknownChainsAreFound() {
        assertThat(failures(Fault.STRANGE_ID)).contains("PR-002");
    }

    @Test
    void elementsThatChangeAreFound() {
        assertThat(failures(Fault.AFTERTHOUGHT)).contains("PR-007").doesNotContain("PR-002");
    }

    @Test
    void aFirstBufferThatIsUsedFirstIsFound() {
        assertThat(failures(Fault.FIRST_FIRST)).containsExactly("PR-017");
    }
}
