package dev.cipu.sim.pace;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DelayErrorsTest {
    @Test
    void quantilesAreAtMostASixteenthTooLargeAndNeverTooSmall() {
        long seed = Seed.get();
        Random random = new Random(seed);
        DelayErrors errors = new DelayErrors();
        long[] all = new long[10_000];
        for (int i = 0; i < all.length; i++) {
            all[i] = random.nextLong(1L << random.nextInt(1, 40));
            errors.add(all[i]);
        }
        Arrays.sort(all);
        for (int perMille : new int[] {1, 10, 500, 900, 990, 999}) {
            long exact = all[all.length / 1000 * perMille - 1];
            assertThat(errors.quantile(perMille))
                    .as("%s of a thousand, %s", perMille, Seed.text(seed))
                    .isBetween(exact, exact + exact / 16);
        }
        assertThat(errors.quantile(1000)).isEqualTo(all[all.length - 1]);
        assertThat(errors.most()).isEqualTo(all[all.length - 1]);
        assertThat(errors.count()).isEqualTo(all.length);
    }

    @Test
    void ofOneEveryQuantileIsThatOne() {
        DelayErrors errors = new DelayErrors();
        errors.add(100);
        assertThat(errors.quantile(1)).isEqualTo(100);
        assertThat(errors.quantile(500)).isEqualTo(100);
    }

    @Test
    void smallOnesAreExactAndHugeOnesStayInBounds() {
        DelayErrors errors = new DelayErrors();
        for (int i = 0; i < 16; i++) {
            errors.add(i);
        }
        assertThat(errors.quantile(500)).isEqualTo(7);
        errors.add(Long.MAX_VALUE);
        assertThat(errors.most()).isEqualTo(Long.MAX_VALUE);
        assertThat(errors.quantile(1000)).isEqualTo((1L << 40) - 1);
    }
}
