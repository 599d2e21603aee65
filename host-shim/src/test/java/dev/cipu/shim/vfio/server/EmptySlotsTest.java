package dev.cipu.shim.vfio.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.shim.posix.OpenDescriptors;
import dev.cipu.shim.posix.UnixSocket;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Clients without a function, and a card that ends: who hangs up first does not matter. */
@Timeout(60)
class EmptySlotsTest {
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    @Test
    void clientsThatLeaveWhileTheCardEndsDoNotDisturbIt() throws Exception {
        long before = OpenDescriptors.count();
        for (int round = 0; round < 500; round++) {
            EmptySlots slots = new EmptySlots();
            try (UnixSocket.Pair first = UnixSocket.pair();
                    UnixSocket.Pair second = UnixSocket.pair()) {
                slots.take(first.left(), PATIENCE);
                slots.take(second.left(), PATIENCE);
                first.right().shutdown();
                second.right().shutdown();
                // now that both threads are about to hang up, in some rounds here and in some there
                Thread.sleep(0, round * 200);
                slots.close();
                assertThat(slots.count()).isZero();
            }
        }
        assertThat(OpenDescriptors.count()).isEqualTo(before);
    }

    @Test
    void aCardThatEndedTakesNobody() {
        EmptySlots slots = new EmptySlots();
        slots.close();
        try (UnixSocket.Pair pair = UnixSocket.pair()) {
            slots.take(pair.left(), PATIENCE);
            assertThat(slots.isOpen()).isFalse();
            assertThat(slots.count()).isZero();
        }
    }
}
