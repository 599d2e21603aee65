package dev.cipu.shim.peer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.shim.load.BlkLoad;
import dev.cipu.shim.load.BlkLoadResult;
import dev.cipu.shim.load.BlkLoadSpec;
import dev.cipu.shim.load.BlkWorkload;
import dev.cipu.shim.load.NetLoad;
import dev.cipu.shim.load.NetLoadResult;
import dev.cipu.shim.load.NetLoadSpec;
import dev.cipu.shim.load.RunSpec;
import dev.cipu.shim.load.Target;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Our own driver: first against back-ends that nobody here wrote, so that it may judge; then against a card that is killed. */
@Timeout(90)
class DrivePeerIT {
    private static final int DISK = 64 << 20;

    @TempDir
    Path folder;

    private static Target target(Path socket) {
        return new Target(socket, false, 256, false, true, true, Duration.ofSeconds(20));
    }

    private Child storageDaemon(Path socket, String... nodes) throws Exception {
        List<String> command = new ArrayList<>(List.of("qemu-storage-daemon"));
        for (String node : nodes) {
            command.addAll(List.of("--blockdev", node));
        }
        command.addAll(List.of(
                "--export",
                "type=vhost-user-blk,id=e0,node-name=d0,addr.type=unix,addr.path=" + socket
                        + ",writable=on,num-queues=2"));
        Child child = Child.start("the storage daemon", command);
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (!Files.exists(socket)) {
            assertThat(child.isAlive() && System.nanoTime() < deadline)
                    .as("%s", child.lines())
                    .isTrue();
            Thread.sleep(20);
        }
        return child;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theStorageDaemonKeepsWhatWasWritten(boolean interrupt) throws Exception {
        Peers.require("qemu-utils");
        Path image = Backend.image(folder, "d.img", DISK);
        Path socket = folder.resolve("s");
        try (Child daemon = storageDaemon(
                socket, "driver=file,node-name=f0,filename=" + image, "driver=raw,node-name=d0,file=f0")) {
            RunSpec run = new RunSpec(1, 20_000, 0, interrupt, RunSpec.ANY_CORE);
            BlkLoadResult result = BlkLoad.run(BlkLoadSpec.of(target(socket), BlkWorkload.RANDRW, 4096, 32, run)
                    .withQueues(2)
                    .withVerify(true));
            assertThat(result.passed()).as(result.firstProblem()).isTrue();
            assertThat(result.blocksVerified()).isGreaterThan(1_000);
            assertThat(daemon.isAlive()).isTrue();
        }
    }

    @Test
    void aNullNodeKeepsNothingAndIsFoundOut() throws Exception {
        Peers.require("qemu-utils");
        Path socket = folder.resolve("s");
        try (Child daemon = storageDaemon(socket, "driver=null-co,node-name=d0,size=" + DISK + ",read-zeroes=on")) {
            RunSpec run = new RunSpec(1, 5_000, 0, false, RunSpec.ANY_CORE);
            BlkLoadResult result = BlkLoad.run(BlkLoadSpec.of(target(socket), BlkWorkload.RANDWRITE, 4096, 32, run)
                    .withVerify(true));
            assertThat(result.errors()).isZero();
            assertThat(result.verifyErrors()).isEqualTo(result.blocksVerified()).isPositive();
            assertThat(daemon.isAlive()).isTrue();
        }
    }

    @Test
    void netVhostReflectsEveryFrame() {
        Peers.require("testpmd");
        Path socket = folder.resolve("s");
        try (Testpmd testpmd = Testpmd.backend(List.of(socket), 1, false)) {
            RunSpec run = new RunSpec(1, 20_000, 1, false, RunSpec.ANY_CORE);
            NetLoadResult result =
                    NetLoad.run(NetLoadSpec.of(target(socket), 64, run).withVerify(true));
            assertThat(result.passed()).as(result.toString()).isTrue();
            testpmd.kill();
        }
    }

    /** Kills the back-end twice under verified writes; ours then hands its inflight region on, the daemon has none. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void noAcknowledgedWriteIsLostWhenTheCardIsKilled(boolean interrupt) throws Exception {
        Path image = Backend.image(folder, "d.img", DISK);
        Backend card = Backend.disks(folder, image);
        try {
            RunSpec run = new RunSpec(8, 0, 0, interrupt, RunSpec.ANY_CORE);
            BlkLoadSpec spec = BlkLoadSpec.of(target(card.socket(0)), BlkWorkload.RANDRW, 4096, 16, run)
                    .withQueues(2)
                    .withVerify(true)
                    .withReconnect(true);
            CompletableFuture<BlkLoadResult> load = CompletableFuture.supplyAsync(() -> BlkLoad.run(spec));
            for (int i = 0; i < 2; i++) {
                Thread.sleep(2_000);
                card.kill();
                card = Backend.disks(folder, image);
            }
            BlkLoadResult result = load.get(60, TimeUnit.SECONDS);
            assertThat(result.passed()).as(result.firstProblem()).isTrue();
            assertThat(result.reconnects()).isEqualTo(2);
            assertThat(result.resubmitted()).isPositive();
            if (!Peers.reference()) {
                assertThat(result.protocolFeatures()).contains("INFLIGHT_SHMFD");
            }
        } finally {
            card.close();
        }
    }
}
