package dev.cipu.shim.assembly;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.dataplane.CounterTable;
import dev.cipu.dataplane.IdlePolicy;
import dev.cipu.shim.card.FunctionListener;
import dev.cipu.shim.posix.Affinity;
import dev.cipu.virtio.ring.Violation;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class CardCoreTest {
    /** What a function hears of faults. */
    private static final class Heard implements FunctionListener {
        final List<String> events = new ArrayList<>();

        @Override
        public void queueBroken(int queue, Violation kind) {}

        @Override
        public void queueFaulted(int queue, boolean alone) {
            events.add(queue + (alone ? " alone" : " among others"));
        }

        @Override
        public void memoryFault() {
            events.add("look");
        }

        @Override
        public void configChanged() {}
    }

    /** Until then commands are executed by who gives them. */
    private static void awaitWorker(CardCore core) {
        Thread us = Thread.currentThread();
        AtomicBoolean runs = new AtomicBoolean();
        while (!runs.get()) {
            core.worker().call(() -> runs.set(!Thread.currentThread().equals(us)));
        }
    }

    @Test
    void aFaultNamesTheFunctionThatMetItUnlessSeveralDid() {
        CounterTable counters = new CounterTable(Arena.ofAuto().allocate(CounterTable.DEFAULT_BYTES, 64), 1, 1);
        Heard a = new Heard();
        Heard b = new Heard();
        try (CardCore core = new CardCore(0, Affinity.allowed().getFirst(), IdlePolicy.SLEEP, counters)) {
            core.onMemoryFault(a::memoryFault);
            core.onMemoryFault(b::memoryFault);
            core.start();
            awaitWorker(core);
            core.worker().call(() -> {
                core.memoryFault(a, 1);
                core.memoryFault(a, 0);
            });
            core.worker().call(() -> {});
            assertThat(a.events).containsExactly("1 alone", "0 alone", "look");
            assertThat(b.events).containsExactly("look");
            core.worker().call(() -> {
                core.memoryFault(a, 1);
                core.memoryFault(b, 3);
            });
            core.worker().call(() -> {});
            assertThat(a.events).endsWith("look", "1 among others", "look");
            assertThat(b.events).containsExactly("look", "3 among others", "look");
        }
    }
}
