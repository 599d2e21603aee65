package dev.cipu.shim.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cipu.dataplane.IdlePolicy;
import dev.cipu.shim.assembly.CardAssembly;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A guest's processor against our own card, over its sockets, in one process. */
@Timeout(60)
class GuestLoadTest {
    private static final long LATE = 1_000_000_000;

    @TempDir
    private Path folder;

    private CardAssembly card() {
        return LoopbackCard.start(folder, new IdlePolicy.Sleep(0));
    }

    private Target target(String socket) {
        return LoopbackCard.target(folder, socket, false);
    }

    private NetLoadSpec net(RunSpec run) {
        return NetLoadSpec.of(target("net"), 64, run);
    }

    private BlkLoadSpec blk(RunSpec run) {
        return BlkLoadSpec.of(target("blk"), BlkWorkload.RANDREAD, 4096, 8, run);
    }

    private static RunSpec run(boolean interrupt) {
        return RunSpec.ofSeconds(0.3).withWarmup(0.1).withInterrupt(interrupt);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void drivesBothDevicesFromOneThreadAndCountsWhatItCosts(boolean interrupt) {
        RunSpec run = run(interrupt);
        AtomicInteger told = new AtomicInteger();
        GuestLoad.Watch watch = new GuestLoad.Watch() {
            @Override
            public void begins() {
                assertThat(told.getAndIncrement()).isZero();
            }

            @Override
            public void ends() {
                assertThat(told.getAndIncrement()).isEqualTo(1);
            }
        };
        try (CardAssembly _ = card()) {
            GuestLoadResult result = GuestLoad.run(new GuestLoadSpec(net(run), blk(run), null, run), watch);
            assertThat(told.get()).isEqualTo(2);
            assertThat(result.problem()).isEmpty();
            for (GuestLoadResult.Flow flow : List.of(flow(result.packets()), flow(result.requests()))) {
                assertThat(flow.ops()).isPositive();
                assertThat(flow.perSecond()).isEqualTo(flow.ops() / result.seconds(), within(1e-6));
                assertThat(flow.latencyNs().samples()).isEqualTo(flow.ops());
                assertThat(flow.curve()).isSortedAccordingTo((a, b) -> Long.compare(a.nanos(), b.nanos()));
                assertThat(flow.curve().getLast().fraction()).isEqualTo(1);
                assertThat(flow.phases()).isEmpty();
            }
            assertThat(result.cpuNanos()).isPositive();
            assertThat(result.workShare()).isBetween(0.0, 1.0);
            if (interrupt) {
                assertThat(result.calls()).as("it sleeps until it is called").isPositive();
                assertThat(result.switches()).isPositive();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void ordersComeWhenTheyAreDueAndAreCountedInTheirPhase(boolean interrupt) {
        OrderPlan plan = new OrderPlan(
                List.of(new OrderPlan.Phase("quiet", 0.2, 1_000), new OrderPlan.Phase("peak", 0.2, 10_000)),
                2,
                1,
                LATE);
        RunSpec run = run(interrupt);
        try (CardAssembly _ = card()) {
            GuestLoadResult result =
                    GuestLoad.run(new GuestLoadSpec(net(run), blk(run), plan, run), GuestLoad.Watch.NONE);
            assertThat(result.problem()).isEmpty();
            assertThat(result.seconds()).isGreaterThanOrEqualTo(0.4);
            List<GuestLoadResult.PhaseResult> packets = flow(result.packets()).phases();
            List<GuestLoadResult.PhaseResult> requests = flow(result.requests()).phases();
            assertThat(packets).extracting(GuestLoadResult.PhaseResult::name).containsExactly("quiet", "peak");
            assertThat(packets).extracting(GuestLoadResult.PhaseResult::offered).containsExactly(400L, 4_000L);
            assertThat(requests)
                    .extracting(GuestLoadResult.PhaseResult::offered)
                    .containsExactly(200L, 2_000L);
            assertThat(packets.getFirst().ops()).isBetween(390L, 401L);
            assertThat(requests.getFirst().ops()).isBetween(195L, 201L);
            assertThat(packets.getLast().ops()).isBetween(3_000L, 4_000L);
            assertThat(packets).extracting(GuestLoadResult.PhaseResult::late).containsOnly(0L);
        }
    }

    @Test
    void aPollingDriverAllocatesNothingForWhatItDoes() {
        RunSpec run = RunSpec.ofSeconds(0.5).withWarmup(1);
        try (CardAssembly _ = card()) {
            GuestLoadResult result =
                    GuestLoad.run(new GuestLoadSpec(net(run), blk(run), null, run), GuestLoad.Watch.NONE);
            long ops = flow(result.packets()).ops() + flow(result.requests()).ops();
            assertThat(ops).isGreaterThan(10_000);
            // the looks at the socket while this machine is busy elsewhere, and the compiler's deoptimizations
            assertThat(result.allocatedBytes()).isLessThan(ops / 2);
        }
    }

    @Test
    void aBackEndThatEndsIsNoticed() throws InterruptedException {
        RunSpec run = RunSpec.ofSeconds(30).withWarmup(0);
        CardAssembly card = card();
        Thread end = Thread.ofPlatform().start(() -> {
            try {
                Thread.sleep(300);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            card.close();
        });
        assertThatThrownBy(() -> GuestLoad.run(new GuestLoadSpec(net(run), null, null, run), GuestLoad.Watch.NONE))
                .isInstanceOf(LoadException.class)
                .hasMessageContaining("closed");
        end.join();
    }

    @Test
    void refusesLoadsThatCannotBe() {
        RunSpec run = run(false);
        OrderPlan both = OrderPlan.steady(1, 10, true, true);
        assertThatIllegalArgumentException().isThrownBy(() -> new GuestLoadSpec(null, null, null, run));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new GuestLoadSpec(net(run), null, both, run))
                .withMessageContaining("device");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new GuestLoadSpec(null, blk(run).withReconnect(true), null, run));
    }

    private static GuestLoadResult.Flow flow(GuestLoadResult.@Nullable Flow flow) {
        return Objects.requireNonNull(flow);
    }
}
