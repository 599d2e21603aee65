package dev.cipu.shim.load;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.dataplane.IdlePolicy;
import dev.cipu.shim.assembly.CardAssembly;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Both loads against our own card, over its real sockets, in one process. */
@Timeout(60)
class CardLoadIT {
    @TempDir
    private Path folder;

    private CardAssembly card() {
        return LoopbackCard.start(folder, IdlePolicy.SLEEP);
    }

    private Target target(String socket, boolean indirect) {
        return LoopbackCard.target(folder, socket, indirect);
    }

    @ParameterizedTest
    @CsvSource({"false,false,1", "true,true,2"})
    void theDiskHoldsWhatWasWritten(boolean interrupt, boolean indirect, int queues) {
        try (CardAssembly card = card()) {
            RunSpec run = new RunSpec(1, 20_000, 0, interrupt, RunSpec.ANY_CORE);
            BlkLoadResult result =
                    BlkLoad.run(BlkLoadSpec.of(target("blk", indirect), BlkWorkload.RANDRW, 4096, 32, run)
                            .withQueues(queues)
                            .withVerify(true));
            assertThat(result.passed()).as(result.firstProblem()).isTrue();
            assertThat(result.blocksVerified()).isGreaterThan(1_000);
            assertThat(result.protocolFeatures())
                    .contains("INFLIGHT_SHMFD", "CONFIGURE_MEM_SLOTS", "CONFIG", "STATUS", "REPLY_ACK");
            assertThat(card.function("blk0").device().status())
                    .as("reset after the run")
                    .isZero();
        }
    }

    @ParameterizedTest
    @CsvSource({"64,false,1,false", "1514,true,2,true"})
    void theUplinkReflectsEveryFrame(int bytes, boolean interrupt, int pairs, boolean mergeable) {
        try (CardAssembly card = card()) {
            RunSpec run = new RunSpec(1, 20_000, 0, interrupt, RunSpec.ANY_CORE);
            NetLoadResult result = NetLoad.run(NetLoadSpec.of(target("net", false), bytes, run)
                    .withPairs(pairs)
                    .withMergeable(mergeable)
                    .withVerify(true));
            assertThat(result.passed()).as(result.toString()).isTrue();
            assertThat(result.ops()).isEqualTo(20_000);
            assertThat(card.function("net0").device().status())
                    .as("reset after the run")
                    .isZero();
        }
    }

    @ParameterizedTest
    @CsvSource({"97,false,false", "256,true,true", "1000,false,true"})
    void theDiskIsRightOverPackedRingsToo(int size, boolean indirect, boolean interrupt) {
        try (CardAssembly _ = card()) {
            RunSpec run = new RunSpec(1, 20_000, 0, interrupt, RunSpec.ANY_CORE);
            Target target = target("blk", indirect).withPacked(size, true);
            BlkLoadResult result = BlkLoad.run(BlkLoadSpec.of(target, BlkWorkload.RANDRW, 4096, 32, run)
                    .withQueues(2)
                    .withVerify(true));
            assertThat(result.passed()).as(result.firstProblem()).isTrue();
            assertThat(result.blocksVerified()).isGreaterThan(1_000);
        }
    }

    @ParameterizedTest
    @CsvSource({"97,false,false", "256,true,true", "1000,false,true"})
    void theUplinkReflectsEveryFrameOverPackedRingsToo(int size, boolean inOrder, boolean interrupt) {
        try (CardAssembly _ = card()) {
            RunSpec run = new RunSpec(1, 20_000, 0, interrupt, RunSpec.ANY_CORE);
            Target target = target("net", false).withPacked(size, inOrder);
            NetLoadResult result = NetLoad.run(NetLoadSpec.of(target, 1514, run)
                    .withPairs(2)
                    .withMergeable(true)
                    .withVerify(true));
            assertThat(result.passed()).as(result.toString()).isTrue();
            assertThat(result.ops()).isEqualTo(20_000);
        }
    }

    @Test
    void manyLoadsInARowLeaveTheCardAsItWas() {
        try (CardAssembly card = card()) {
            RunSpec run = new RunSpec(1, 500, 0, false, RunSpec.ANY_CORE);
            for (int i = 0; i < 20; i++) {
                assertThat(BlkLoad.run(BlkLoadSpec.of(target("blk", false), BlkWorkload.WRITE, 4096, 8, run)
                                        .withVerify(true))
                                .passed())
                        .isTrue();
            }
            assertThat(card.function("blk0").device().status()).isZero();
        }
    }
}
