package dev.cipu.sim.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayDeque;
import java.util.Random;
import org.junit.jupiter.api.Test;

class IntFifoTest {
    @Test
    void isAQueueThatGrows() {
        Random random = new Random(3);
        IntFifo fifo = new IntFifo();
        ArrayDeque<Integer> model = new ArrayDeque<>();
        for (int i = 0; i < 20_000; i++) {
            // now longer, now shorter, so that it grows with its beginning anywhere
            if (random.nextInt(1000) < 500 + 40 * ((i / 2000) % 2 == 0 ? 1 : -1)) {
                fifo.add(i);
                model.add(i);
            } else if (!model.isEmpty()) {
                assertThat(fifo.first()).isEqualTo(model.element());
                assertThat(fifo.removeFirst()).isEqualTo(model.remove());
            }
            assertThat(fifo.size()).isEqualTo(model.size());
            assertThat(fifo.isEmpty()).isEqualTo(model.isEmpty());
        }
    }

    @Test
    void nobodyIsNotTaken() {
        assertThatThrownBy(new IntFifo()::removeFirst).isInstanceOf(IllegalStateException.class);
    }
}
