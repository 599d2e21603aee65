package dev.cipu.sim.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LeastRecentTest {
    /** One set of eight: the ninth key takes the place of the one that was used least recently. */
    @Test
    void theLeastRecentlyUsedGoes() {
        LeastRecent cache = new LeastRecent(8);
        for (int key = 0; key < 8; key++) {
            assertThat(cache.touch(key)).isFalse();
        }
        assertThat(cache.touch(0)).isTrue();
        assertThat(cache.touch(8)).isFalse();
        assertThat(cache.touch(0)).isTrue();
        assertThat(cache.touch(1)).isFalse();
        assertThat(cache.touch(3)).isTrue();
        assertThat(cache.hits()).isEqualTo(3);
        assertThat(cache.misses()).isEqualTo(10);
    }

    @Test
    void asManyNeighboursAsItHoldsAllStay() {
        LeastRecent cache = new LeastRecent(64);
        for (int round = 0; round < 3; round++) {
            for (int key = 100; key < 164; key++) {
                assertThat(cache.touch(key)).isEqualTo(round > 0);
            }
        }
        // one more, round and round, and one set never hits again
        for (int key = 100; key < 165; key++) {
            cache.touch(key);
        }
        assertThat(cache.touch(100)).isFalse();
    }

    @Test
    void withoutRoomNothingIsThere() {
        LeastRecent cache = new LeastRecent(0);
        assertThat(cache.touch(1)).isFalse();
        assertThat(cache.touch(1)).isFalse();
        assertThat(cache.misses()).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4, 12, -8})
    void oddSizesAreRefused(int entries) {
        assertThatThrownBy(() -> new LeastRecent(entries)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void translationsCostWhatMissesCost() {
        Iotlb iotlb = new Iotlb(8, 4096, 330);
        assertThat(iotlb.translate(0, 64)).isEqualTo(330);
        assertThat(iotlb.translate(4000, 64)).isZero();
        assertThat(iotlb.translate(8190, 4)).isEqualTo(660);
        assertThat(iotlb.misses()).isEqualTo(3);
        assertThat(new Iotlb(0, 4096, 330).translate(0, 64)).isZero();
        assertThatThrownBy(() -> new Iotlb(8, 5000, 1)).isInstanceOf(IllegalArgumentException.class);
    }
}
