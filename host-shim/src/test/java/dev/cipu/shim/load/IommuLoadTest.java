package dev.cipu.shim.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.dataplane.IdlePolicy;
import dev.cipu.shim.assembly.CardAssembly;
import dev.cipu.shim.assembly.FeatureChoice;
import dev.cipu.shim.vhost.frontend.FrontEndException;
import dev.cipu.virtio.FeaturePreset;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Both loads through an IOMMU, against our own card over its real sockets. With few translations at a time some are taken back
 * while requests are under way, those of the rings among them.
 */
@Timeout(120)
class IommuLoadTest {
    private static final FeatureChoice TRANSLATED =
            new FeatureChoice(FeaturePreset.SOFTWARE, FeatureSet.of(RingFeature.ACCESS_PLATFORM), FeatureSet.NONE);

    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource({"1024,false,1,20000", "1024,true,2,20000", "12,true,2,300"})
    void theDiskHoldsWhatWasWritten(int entries, boolean indirect, int queues, int requests) {
        try (CardAssembly card = LoopbackCard.start(folder, IdlePolicy.SLEEP, TRANSLATED)) {
            RunSpec run = new RunSpec(1, requests, 0, false, RunSpec.ANY_CORE);
            Target target =
                    LoopbackCard.target(folder, LoopbackCard.BLK, indirect).withIommu(entries);
            BlkLoadResult result = BlkLoad.run(BlkLoadSpec.of(target, BlkWorkload.RANDRW, 4096, 32, run)
                    .withQueues(queues)
                    .withVerify(true));
            assertThat(result.passed()).as(result.firstProblem()).isTrue();
            assertThat(card.function("blk0").device().status()).isZero();
        }
    }

    @ParameterizedTest
    @CsvSource({"64,1,false", "1514,2,true"})
    void theUplinkReflectsFrames(int bytes, int pairs, boolean mergeable) {
        try (CardAssembly card = LoopbackCard.start(folder, IdlePolicy.SLEEP, TRANSLATED)) {
            RunSpec run = new RunSpec(1, 20_000, 0, false, RunSpec.ANY_CORE);
            Target target = LoopbackCard.target(folder, LoopbackCard.NET, false).withIommu(1024);
            NetLoadResult result = NetLoad.run(NetLoadSpec.of(target, bytes, run)
                    .withPairs(pairs)
                    .withMergeable(mergeable)
                    .withVerify(true));
            assertThat(result.ops()).as(result.toString()).isPositive();
            assertThat(card.function("net0").device().status()).isZero();
            assertThat(result.altered() + result.foreign() + result.verifyErrors())
                    .as(result.toString())
                    .isZero();
        }
    }

    @Test
    void aCardThatTranslatesNothingIsRefused() {
        try (CardAssembly card = LoopbackCard.start(folder, IdlePolicy.SLEEP)) {
            assertThat(card.spec().devices()).hasSize(2);
            RunSpec run = new RunSpec(1, 10, 0, false, RunSpec.ANY_CORE);
            Target target = LoopbackCard.target(folder, LoopbackCard.BLK, false).withIommu(16);
            assertThatThrownBy(() -> BlkLoad.run(BlkLoadSpec.of(target, BlkWorkload.WRITE, 4096, 8, run)))
                    .isInstanceOf(FrontEndException.class)
                    .hasMessageContaining("ACCESS_PLATFORM");
        }
    }
}
