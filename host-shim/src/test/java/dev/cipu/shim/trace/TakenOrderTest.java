package dev.cipu.shim.trace;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.dataplane.journal.RecordLayout;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class TakenOrderTest {
    private static final long ROOM = 10_000;

    private final MemorySegment record = MemorySegment.ofArray(new byte[RecordLayout.HEADER_BYTES]);

    private void add(TakenOrder order, long taken) {
        RecordLayout.writeLoss(record, 0, 0, 0, 1, taken, taken);
        order.add(record, 0);
    }

    /** Nothing that has gone counts as waiting: far more than fits may pass. */
    @Test
    void whatHasGoneTakesNoRoom() {
        TakenOrder order = new TakenOrder(3, ROOM);
        for (int i = 0; i < 1000; i++) {
            add(order, i);
            assertThat(order.isReady()).as("%s records", i + 1).isEqualTo(i >= 3);
            if (order.isReady()) {
                TakenOrder.Held held = order.take();
                assertThat(RecordLayout.taken(held.record(), 0)).isEqualTo(i - 3);
                order.release(held);
                assertThat(order.isReady()).as("a second after %s", i + 1).isFalse();
            }
        }
    }

    @Test
    void whatWasTakenAtOnceStaysAsItCame() {
        TakenOrder order = new TakenOrder(0, ROOM);
        for (int i = 0; i < 5; i++) {
            RecordLayout.writeLoss(record, 0, 0, 0, 100 + i, 7, 7);
            order.add(record, 0);
        }
        order.end();
        for (int i = 0; i < 5; i++) {
            TakenOrder.Held held = order.take();
            assertThat(RecordLayout.subject(held.record(), 0)).isEqualTo(100 + i);
            order.release(held);
        }
    }

    /** Times that differ by more than fits: what waits stays bounded, nothing gets lost, and most is in order. */
    @Test
    void whatWaitsIsBounded() {
        TakenOrder order = new TakenOrder(Long.MAX_VALUE, ROOM);
        int most = 0;
        int waiting = 0;
        int gone = 0;
        for (int i = 0; i < 1000; i++) {
            add(order, i % 100 == 99 ? 0 : i);
            waiting++;
            while (order.isReady()) {
                order.release(order.take());
                waiting--;
                gone++;
            }
            most = Math.max(most, waiting);
        }
        order.end();
        while (order.isReady()) {
            order.release(order.take());
            gone++;
        }
        assertThat(most).isBetween(10, (int) (ROOM / RecordLayout.HEADER_BYTES));
        assertThat(gone).isEqualTo(1000);
    }
}
