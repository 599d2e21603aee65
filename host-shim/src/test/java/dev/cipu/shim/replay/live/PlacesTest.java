package dev.cipu.shim.replay.live;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PlacesTest {
    private static final int[] RECORDED = {5, 1, 3, 1};

    private static int[] of(Places places) {
        return IntStream.of(1, 3, 5).map(places::of).toArray();
    }

    @Test
    void eachHasOneOfItsOwnAsFarAsThereAreAsMany() {
        assertThat(of(new Places(RECORDED, 8))).containsExactly(0, 1, 2);
        assertThat(of(new Places(RECORDED, 2))).containsExactly(0, 1, 0);
        assertThat(of(new Places(RECORDED, 1))).containsExactly(0, 0, 0);
        assertThat(new Places(RECORDED, 8).count()).isEqualTo(3);
        assertThat(new Places(RECORDED, 2).count()).isEqualTo(2);
        assertThat(new Places(RECORDED, 2).recorded()).isEqualTo(3);
    }

    @Test
    void oneThatIsNotKnownHasTheFirst() {
        assertThat(new Places(RECORDED, 8).of(4)).isZero();
    }
}
