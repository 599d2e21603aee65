package dev.cipu.shim.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.shim.posix.OpenDescriptors;
import dev.cipu.shim.vhost.ProtocolFeature;
import dev.cipu.shim.vhost.Request;
import dev.cipu.shim.vhost.frontend.FrontEndException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
class BlkLoadTest {
    private static final long DISK = 4 << 20;
    private static final long BASIC = ProtocolFeature.CONFIG | ProtocolFeature.MQ | ProtocolFeature.REPLY_ACK;
    private static final long ALL =
            BASIC | ProtocolFeature.INFLIGHT_SHMFD | ProtocolFeature.CONFIGURE_MEM_SLOTS | ProtocolFeature.STATUS;

    @TempDir
    private Path folder;

    private Path socket() {
        return folder.resolve("s");
    }

    private ScriptedBackEnd serve(MemoryDisk disk, long protocol) {
        return new ScriptedBackEnd(socket(), MemoryDisk.FEATURES, protocol, MemoryDisk.config(DISK), disk);
    }

    private BlkLoadSpec spec(BlkWorkload workload, int depth) {
        Target target = new Target(socket(), false, 128, false, true, false, Duration.ofSeconds(5));
        RunSpec run = new RunSpec(1, 20_000, 0, false, RunSpec.ANY_CORE);
        return BlkLoadSpec.of(target, workload, 4096, depth, run);
    }

    @ParameterizedTest
    @CsvSource({"RANDREAD,1", "RANDWRITE,32", "RANDRW,42", "READ,7", "WRITE,32"})
    void countsExactlyWhatWasAskedFor(BlkWorkload workload, int depth) {
        try (ScriptedBackEnd backEnd = serve(new MemoryDisk(DISK), ALL)) {
            BlkLoadResult result = BlkLoad.run(spec(workload, depth));
            assertThat(result.passed()).isTrue();
            assertThat(result.ops()).isEqualTo(20_000);
            assertThat(result.latencyNs().samples()).isEqualTo(20_000);
            assertThat(result.latencyNs().p50())
                    .isBetween(1L, result.latencyNs().p99());
            assertThat(result.capacityBytes()).isEqualTo(DISK);
            assertThat(result.calls()).as("a polling driver is not called").isZero();
            assertThat(backEnd.failure()).isNull();
        }
    }

    @ParameterizedTest
    @CsvSource({"false,false,1", "true,false,2", "false,true,1", "true,true,2"})
    void verifiesAllThatItWrote(boolean indirect, boolean interrupt, int queues) {
        try (ScriptedBackEnd backEnd = serve(new MemoryDisk(DISK), ALL)) {
            Target target = new Target(socket(), false, 128, indirect, !interrupt, false, Duration.ofSeconds(5));
            RunSpec run = new RunSpec(1, 20_000, 0, interrupt, RunSpec.ANY_CORE);
            BlkLoadResult result = BlkLoad.run(BlkLoadSpec.of(target, BlkWorkload.RANDRW, 4096, 16, run)
                    .withQueues(queues)
                    .withVerify(true));
            assertThat(result.passed()).as(result.firstProblem()).isTrue();
            assertThat(result.blocksVerified()).isGreaterThan(DISK / 4096 / 2);
            assertThat(backEnd.failure()).isNull();
        }
    }

    @Test
    void aBackEndWithoutPackedRingsIsNoneForThem() {
        try (ScriptedBackEnd backEnd = serve(new MemoryDisk(DISK), ALL)) {
            Target target =
                    new Target(socket(), false, 128, false, true, false, Duration.ofSeconds(5)).withPacked(100, false);
            RunSpec run = new RunSpec(1, 100, 0, false, RunSpec.ANY_CORE);
            BlkLoadSpec spec = BlkLoadSpec.of(target, BlkWorkload.RANDREAD, 4096, 16, run);
            assertThatThrownBy(() -> BlkLoad.run(spec))
                    .isInstanceOf(LoadException.class)
                    .hasMessageContaining("no packed rings");
            assertThat(backEnd.failure()).isNull();
        }
    }

    @Test
    void queueSizesAreThoseOfTheFormat() {
        Target split = Target.of(socket());
        assertThat(split.withPacked(32768, false).withQueueSize(97).queueSize()).isEqualTo(97);
        for (int size : new int[] {0, 97, 65536}) {
            assertThatThrownBy(() -> split.withQueueSize(size)).isInstanceOf(IllegalArgumentException.class);
        }
        for (int size : new int[] {0, -1, 32769}) {
            assertThatThrownBy(() -> split.withPacked(size, false)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void worksWithoutAcknowledgementsAndSlots() {
        try (ScriptedBackEnd backEnd = serve(new MemoryDisk(DISK), ProtocolFeature.CONFIG)) {
            BlkLoadResult result = BlkLoad.run(spec(BlkWorkload.RANDRW, 8).withVerify(true));
            assertThat(result.passed()).isTrue();
            assertThat(backEnd.requests()).contains(Request.SET_MEM_TABLE).doesNotContain(Request.ADD_MEM_REG);
        }
    }

    @Test
    void noticesWritesThatWereLost() {
        try (ScriptedBackEnd backEnd = serve(new MemoryDisk(DISK).loseWritesFrom(10_000), ALL)) {
            BlkLoadResult result = BlkLoad.run(spec(BlkWorkload.RANDWRITE, 16).withVerify(true));
            assertThat(result.passed()).isFalse();
            assertThat(result.verifyErrors()).isPositive();
            assertThat(result.firstProblem()).contains("should hold generation");
            assertThat(backEnd.sessions()).isEqualTo(1);
        }
    }

    @Test
    void noticesWritesThatWereTorn() {
        try (ScriptedBackEnd backEnd = serve(new MemoryDisk(DISK).tearWritesFrom(19_000), ALL)) {
            BlkLoadResult result = BlkLoad.run(spec(BlkWorkload.RANDWRITE, 16).withVerify(true));
            assertThat(result.verifyErrors()).isPositive();
            assertThat(backEnd.failure()).isNull();
        }
    }

    @Test
    void countsRequestsThatFailed() {
        try (ScriptedBackEnd backEnd = serve(new MemoryDisk(DISK).fail(77), ALL)) {
            BlkLoadResult result = BlkLoad.run(spec(BlkWorkload.RANDREAD, 16));
            assertThat(result.errors()).isEqualTo(1);
            assertThat(result.firstProblem()).contains("status 1");
            assertThat(backEnd.failure()).isNull();
        }
    }

    @ParameterizedTest
    @CsvSource({"true", "false"})
    void survivesACrashOfTheBackEnd(boolean inflight) {
        MemoryDisk disk = new MemoryDisk(DISK);
        try (ScriptedBackEnd backEnd = serve(disk, inflight ? ALL : BASIC)) {
            backEnd.crashAfter(5_000);
            BlkLoadResult result =
                    BlkLoad.run(spec(BlkWorkload.RANDRW, 32).withVerify(true).withReconnect(true));
            assertThat(backEnd.failure()).isNull();
            assertThat(result.passed()).as(result.firstProblem()).isTrue();
            assertThat(result.reconnects()).isEqualTo(1);
            assertThat(backEnd.sessions()).isEqualTo(2);
            assertThat(result.resubmitted()).isPositive();
            if (inflight) {
                assertThat(backEnd.resubmitted()).isPositive();
                assertThat(backEnd.requests().stream().filter(r -> r == Request.SET_INFLIGHT_FD))
                        .hasSize(2);
                assertThat(backEnd.requests().stream().filter(r -> r == Request.GET_INFLIGHT_FD))
                        .as("the same region is handed over again")
                        .hasSize(1);
            }
        }
    }

    @Test
    void saysThatTheBackEndWentAway() {
        try (ScriptedBackEnd backEnd = serve(new MemoryDisk(DISK), ALL)) {
            backEnd.crashAfter(1_000);
            assertThatExceptionOfType(LoadException.class)
                    .isThrownBy(() -> BlkLoad.run(spec(BlkWorkload.RANDREAD, 8)))
                    .withMessage("the back-end closed the connection");
        }
    }

    @Test
    void saysWhatWasRefused() {
        try (ScriptedBackEnd backEnd = serve(new MemoryDisk(DISK), ALL)) {
            backEnd.refuse(Request.SET_VRING_ADDR);
            assertThatExceptionOfType(FrontEndException.class)
                    .isThrownBy(() -> BlkLoad.run(spec(BlkWorkload.RANDREAD, 8)))
                    .withMessage("the back-end refuses SET_VRING_ADDR: 1")
                    .matches(e -> !e.isMissing());
        }
    }

    @Test
    void doesNotWaitForEverForAnAnswer() {
        try (ScriptedBackEnd backEnd = serve(new MemoryDisk(DISK), ALL)) {
            backEnd.fallSilent();
            Target target = new Target(socket(), false, 128, false, true, false, Duration.ofMillis(200));
            assertThatExceptionOfType(FrontEndException.class)
                    .isThrownBy(
                            () -> BlkLoad.run(BlkLoadSpec.of(target, BlkWorkload.READ, 4096, 1, RunSpec.ofSeconds(1))))
                    .withMessage("no answer to GET_FEATURES within 0.2 s")
                    .matches(FrontEndException::isMissing);
        }
    }

    @Test
    void saysThatNobodyListens() {
        assertThatExceptionOfType(FrontEndException.class)
                .isThrownBy(() -> BlkLoad.run(spec(BlkWorkload.RANDREAD, 8)))
                .withMessageContaining("nobody serves " + socket())
                .matches(FrontEndException::isMissing);
    }

    @Test
    void allocatesNothingForARequest() {
        try (ScriptedBackEnd backEnd = serve(new MemoryDisk(DISK), ALL)) {
            RunSpec run = new RunSpec(1, 200_000, 0.5, false, RunSpec.ANY_CORE);
            BlkLoadSpec spec = spec(BlkWorkload.RANDRW, 32);
            BlkLoadResult result =
                    BlkLoad.run(new BlkLoadSpec(spec.target(), spec.workload(), 512, 32, 1, 0, run, false, false));
            assertThat(result.ops()).isEqualTo(200_000);
            // the looks at the socket while this machine is busy elsewhere, and the compiler's deoptimizations
            assertThat(result.allocatedBytes()).isLessThan(200_000);
            assertThat(backEnd.failure()).isNull();
        }
    }

    @Test
    void leavesNothingBehind() throws Exception {
        try (ScriptedBackEnd backEnd = serve(new MemoryDisk(DISK), ALL)) {
            RunSpec run = new RunSpec(1, 200, 0, true, RunSpec.ANY_CORE);
            BlkLoadSpec spec = new BlkLoadSpec(
                    spec(BlkWorkload.RANDREAD, 8).target(), BlkWorkload.RANDRW, 4096, 8, 2, 0, run, true, false);
            BlkLoad.run(spec);
            long before = settledDescriptors();
            for (int i = 0; i < 20; i++) {
                assertThat(BlkLoad.run(spec).passed()).isTrue();
            }
            assertThat(settledDescriptors()).isEqualTo(before);
            assertThat(OpenDescriptors.mappings("cipu-driver")).isZero();
            assertThat(backEnd.failure()).isNull();
        }
    }

    /** The back-end of this test closes its end a moment after us. */
    private static long settledDescriptors() throws Exception {
        long before = OpenDescriptors.count();
        for (int same = 0; same < 5; ) {
            Thread.sleep(20);
            long now = OpenDescriptors.count();
            same = now == before ? same + 1 : 0;
            before = now;
        }
        return before;
    }

    @Test
    void refusesLoadsThatCannotBe() {
        Target target = Target.of(socket()).withQueueSize(128);
        RunSpec run = RunSpec.ofSeconds(1);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BlkLoadSpec.of(target, BlkWorkload.READ, 4000, 1, run))
                .withMessageContaining("multiple of 512");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BlkLoadSpec.of(target, BlkWorkload.READ, 4096, 43, run))
                .withMessageContaining("1..42");
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        BlkLoadSpec.of(target, BlkWorkload.READ, 4096, 1, run).withVerify(true))
                .withMessageContaining("writes");
    }
}
