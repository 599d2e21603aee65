package dev.cipu.virtio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FeatureSetTest {
    @Test
    void behavesLikeABitSet() {
        Random random = new Random(1);
        for (int round = 0; round < 2000; round++) {
            FeatureSet set = FeatureSet.NONE;
            BitSet model = new BitSet();
            FeatureSet other = FeatureSet.NONE;
            BitSet otherModel = new BitSet();
            for (int i = 0; i < 40; i++) {
                int bit = random.nextInt(FeatureSet.WIDTH);
                boolean on = random.nextBoolean();
                set = on ? set.with(bit) : set.without(bit);
                model.set(bit, on);
                bit = random.nextInt(FeatureSet.WIDTH);
                other = other.with(bit);
                otherModel.set(bit);
            }
            assertSame(set, model);
            BitSet and = copy(model);
            and.and(otherModel);
            assertSame(set.and(other), and);
            BitSet or = copy(model);
            or.or(otherModel);
            assertSame(set.or(other), or);
            BitSet minus = copy(model);
            minus.andNot(otherModel);
            assertSame(set.minus(other), minus);
            assertThat(set.containsAll(set.and(other))).isTrue();
            assertThat(set.containsAll(other)).isEqualTo(and.equals(otherModel));
        }
    }

    private static BitSet copy(BitSet set) {
        return BitSet.valueOf(set.toLongArray());
    }

    private static void assertSame(FeatureSet set, BitSet model) {
        for (int bit = 0; bit < FeatureSet.WIDTH; bit++) {
            if (set.has(bit) != model.get(bit)) {
                throw new AssertionError("bit " + bit + " of " + set + " against " + model);
            }
        }
        assertThat(set.isEmpty()).isEqualTo(model.isEmpty());
    }

    @Test
    void lowBitsAreWhatATransportCarries() {
        assertThat(FeatureSet.of(0, 32, 63).low()).isEqualTo(0x8000_0001_0000_0001L);
        assertThat(FeatureSet.ofLow(1L << 63)).isEqualTo(FeatureSet.of(63));
        assertThat(FeatureSet.of(64).low()).isZero();
        assertThat(FeatureSet.of(0)).isNotEqualTo(FeatureSet.of(64));
    }

    @Test
    void bitsOutsideTheWidthAreRefused() {
        for (int bit : new int[] {-1, 128, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
            assertThatThrownBy(() -> FeatureSet.NONE.with(bit)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> FeatureSet.NONE.without(bit)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> FeatureSet.NONE.has(bit)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void readsLikeAList() {
        assertThat(FeatureSet.of(5, 0, 127, 32)).hasToString("{0,5,32,127}");
        assertThat(FeatureSet.NONE).hasToString("{}");
    }
}
