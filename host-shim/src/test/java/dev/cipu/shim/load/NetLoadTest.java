package dev.cipu.shim.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.cipu.shim.vhost.ProtocolFeature;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
class NetLoadTest {
    private static final long PROTOCOL = ProtocolFeature.MQ | ProtocolFeature.REPLY_ACK | ProtocolFeature.STATUS;
    private static final int COUNT = 20_000;

    @TempDir
    private Path folder;

    private ScriptedBackEnd serve(Reflector device) {
        return new ScriptedBackEnd(folder.resolve("s"), Reflector.FEATURES, PROTOCOL, new byte[0], device);
    }

    private NetLoadSpec spec(int bytes) {
        Target target = new Target(folder.resolve("s"), false, 256, false, true, false, Duration.ofSeconds(5));
        return NetLoadSpec.of(target, bytes, new RunSpec(1, COUNT, 0, false, RunSpec.ANY_CORE))
                .withVerify(true);
    }

    @ParameterizedTest
    @CsvSource({"60,1,false", "64,2,true", "1514,1,true", "9000,1,false"})
    void everyFrameComesBackAsItWas(int bytes, int pairs, boolean mergeable) {
        try (ScriptedBackEnd backEnd = serve(new Reflector())) {
            NetLoadResult result = NetLoad.run(spec(bytes).withPairs(pairs).withMergeable(mergeable));
            assertThat(result.passed()).as(result.firstProblem()).isTrue();
            assertThat(result.sent()).isEqualTo(COUNT);
            assertThat(result.ops()).isEqualTo(COUNT);
            assertThat(result.latencyNs().samples()).isEqualTo(COUNT);
            assertThat(result.calls()).as("a polling driver is not called").isZero();
            assertThat(result.errors()).isZero();
            assertThat(backEnd.failure()).isNull();
        }
    }

    @Test
    void sleepsUntilItIsCalled() {
        try (ScriptedBackEnd backEnd = serve(new Reflector())) {
            NetLoadSpec spec = spec(64);
            RunSpec run = spec.run().withInterrupt(true);
            NetLoadResult result =
                    NetLoad.run(new NetLoadSpec(spec.target(), 64, 1, 1, 1, 0, false, run.withCount(2_000), true));
            assertThat(result.passed()).isTrue();
            assertThat(result.calls()).isPositive();
            assertThat(backEnd.failure()).isNull();
        }
    }

    @Test
    void tellsLostFramesFromRepeatedAndAlteredOnes() {
        try (ScriptedBackEnd backEnd =
                serve(new Reflector().lose(100).repeat(200).alter(300).cut(400))) {
            NetLoadResult result = NetLoad.run(spec(64));
            assertThat(result.passed()).isFalse();
            assertThat(result.lost()).isEqualTo(1);
            assertThat(result.duplicated()).isEqualTo(1);
            assertThat(result.altered()).isEqualTo(2);
            assertThat(result.verifyErrors()).isEqualTo(3);
            assertThat(result.firstProblem()).contains("frame 300");
            assertThat(backEnd.failure()).isNull();
        }
    }

    @Test
    void keepsToTheRate() {
        try (ScriptedBackEnd backEnd = serve(new Reflector())) {
            NetLoadSpec spec = spec(64);
            NetLoadResult result = NetLoad.run(new NetLoadSpec(
                    spec.target(), 64, 1, 32, 128, 20_000, false, spec.run().withCount(10_000), true));
            assertThat(result.passed()).isTrue();
            assertThat(result.seconds()).isGreaterThan(0.49);
            assertThat(backEnd.failure()).isNull();
        }
    }

    @Test
    void allocatesNothingForAFrame() {
        try (ScriptedBackEnd backEnd = serve(new Reflector())) {
            NetLoadSpec spec = spec(64);
            RunSpec run = new RunSpec(1, 200_000, 0.5, false, RunSpec.ANY_CORE);
            NetLoadResult result = NetLoad.run(new NetLoadSpec(spec.target(), 64, 1, 32, 128, 0, false, run, true));
            assertThat(result.ops()).isEqualTo(200_000);
            // the looks at the socket while this machine is busy elsewhere, and the compiler's deoptimizations
            assertThat(result.allocatedBytes()).isLessThan(200_000);
            assertThat(backEnd.failure()).isNull();
        }
    }

    @Test
    void refusesLoadsThatCannotBe() {
        Target target = Target.of(folder.resolve("s"));
        RunSpec run = RunSpec.ofSeconds(1);
        assertThatIllegalArgumentException().isThrownBy(() -> NetLoadSpec.of(target, 59, run));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> NetLoadSpec.of(target, 64, run).withWindow(513));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> NetLoadSpec.of(target, 64, run).withPairs(0));
    }

    @Test
    void refusesTargetsThatCannotBe() {
        Target target = Target.of(folder.resolve("s"));
        for (int size : new int[] {-1, 0, 500, 65_536}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> target.withQueueSize(size))
                    .withMessageContaining("power of two");
        }
        for (long seconds : new long[] {-1, 0, 86_401, Long.MAX_VALUE}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() ->
                            new Target(target.socket(), false, 512, false, true, true, Duration.ofSeconds(seconds)))
                    .withMessageContaining("timeout of " + seconds);
        }
    }

    @Test
    void refusesRunsThatCannotBe() {
        RunSpec run = RunSpec.ofSeconds(1);
        assertThat(run.withCore(RunSpec.ANY_CORE)).isEqualTo(run);
        assertThatIllegalArgumentException().isThrownBy(() -> run.withCore(-5)).withMessageContaining("core -5");
        assertThatIllegalArgumentException().isThrownBy(() -> run.withCount(-1));
        assertThatIllegalArgumentException().isThrownBy(() -> RunSpec.ofSeconds(Double.NaN));
    }
}
