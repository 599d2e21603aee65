package dev.cipu.dataplane.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.virtio.memory.HostMemory;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PacketPoolTest {
    private static final int SLOTS = 8;
    private static final int LARGE = 3;
    private static final int FRAME = 1518;

    @Test
    void noFrameReachesIntoAnother() {
        try (Arena arena = Arena.ofConfined()) {
            PacketPool pool = new PacketPool(arena, SLOTS, FRAME, LARGE);
            List<long[]> frames = new ArrayList<>();
            for (int slot = pool.take(); slot >= 0; slot = pool.take()) {
                frames.add(new long[] {pool.frameOffset(slot), FRAME});
            }
            for (int slot = pool.takeLarge(); slot >= 0; slot = pool.takeLarge()) {
                frames.add(new long[] {pool.frameOffset(slot), PacketPool.LARGEST_FRAME});
            }
            assertThat(frames).hasSize(SLOTS + LARGE);
            frames.sort((a, b) -> Long.compare(a[0], b[0]));
            for (int i = 0; i < frames.size(); i++) {
                assertThat(frames.get(i)[0] % 64).isZero();
                HostMemory.ALL
                        .asSlice(frames.get(i)[0] - PacketPool.HEADROOM, PacketPool.HEADROOM + frames.get(i)[1])
                        .fill((byte) i);
                if (i > 0) {
                    long end = frames.get(i - 1)[0] + frames.get(i - 1)[1];
                    assertThat(frames.get(i)[0] - PacketPool.HEADROOM).isGreaterThanOrEqualTo(end);
                }
            }
        }
    }

    @Test
    void eachSlotGoesBackToItsOwnKindWhenItsLastHolderLetsGo() {
        try (Arena arena = Arena.ofConfined()) {
            PacketPool pool = new PacketPool(arena, SLOTS, FRAME, LARGE);
            for (int round = 0; round < 4; round++) {
                Burst burst = new Burst();
                Set<Integer> taken = new HashSet<>();
                for (int i = 0; i < LARGE; i++) {
                    burst.add(pool.take(), 100, Offload.NONE);
                    burst.add(pool.takeLarge(), 60_000, Offload.NONE);
                }
                for (int i = 0; i < burst.count(); i++) {
                    assertThat(taken.add(burst.slot(i))).isTrue();
                }
                assertThat(pool.takeLarge()).isEqualTo(-1);
                burst.keep(burst.count(), pool);
                long[] frames = burst.frame.clone();
                int count = burst.count();
                burst.release(pool);
                assertThat(pool.available()).isEqualTo(SLOTS - LARGE);
                assertThat(pool.availableLarge()).isZero();
                pool.release(frames, count);
                assertThat(pool.available()).isEqualTo(SLOTS);
                assertThat(pool.availableLarge()).isEqualTo(LARGE);
            }
            int slot = pool.takeLarge();
            pool.release(slot);
            assertThat(pool.takeLarge()).as("the one freed last").isEqualTo(slot);
        }
    }
}
