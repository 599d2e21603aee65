package dev.cipu.virtio.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.memory.Le;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The driver's half judges back-ends that nobody here wrote: it believes nothing it finds in a used ring. */
class HostileDeviceTest {
    private static final int SIZE = 4;
    private static final int BUFFER = 128;
    private static final FeatureSet FEATURES = FeatureSet.of(RingFeature.VERSION_1);

    private final MemorySegment area = Arena.ofAuto().allocate(1 << 16, 4096);
    private final DriverMemory memory = new DriverMemory(area, 0x1000);
    private final SplitDriver ring = ring();

    private SplitDriver ring() {
        long bytes = SplitDriver.bytes(SIZE, 0);
        long address = memory.allocate(bytes, 4096);
        return new SplitDriver(memory.slice(address, bytes), address, SIZE, FEATURES, 0);
    }

    /** Writes used element {@code slot} and an index behind it. */
    private void use(int slot, int head, int length) {
        long used = memory.offset(ring.deviceAreaAddress());
        area.set(Le.LONG_UNALIGNED, used + 4 + 8L * slot, (long) length << 32 | Integer.toUnsignedLong(head));
        area.set(Le.SHORT, used + 2, (short) (slot + 1));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, SIZE - 1, SIZE, 0x10000, -1, Integer.MIN_VALUE})
    void chainThatTheDeviceDoesNotHoldIsRefused(int head) {
        assertThat(ring.add(new long[] {0x8000}, new int[] {16}, 0, 1)).isZero();
        ring.publish();
        use(0, head, 0);
        assertThatThrownBy(ring::poll).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void chainUsedTwiceIsRefused() {
        int head = ring.add(new long[] {0x8000}, new int[] {16}, 0, 1);
        ring.publish();
        use(0, head, 0);
        assertThat(ring.poll()).isEqualTo(head);
        use(1, head, 0);
        assertThatThrownBy(ring::poll).isInstanceOf(IllegalStateException.class);
        assertThat(ring.free()).isEqualTo(SIZE);
    }

    @ParameterizedTest
    @ValueSource(ints = {BUFFER + 1, Integer.MAX_VALUE, Integer.MIN_VALUE, -1})
    void receivedLengthIsCutToTheBuffer(int claimed) {
        NetDriver net = new NetDriver(ring, ring(), memory, BUFFER);
        net.publishReceive();
        use(0, 0, claimed);
        assertThat(net.receive()).isEqualTo(BUFFER);
        net.recycle();
        assertThat(ring.free()).isZero();
    }
}
