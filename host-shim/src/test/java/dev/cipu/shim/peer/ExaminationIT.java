package dev.cipu.shim.peer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.shim.conform.CheckResult;
import dev.cipu.shim.conform.ConformReport;
import dev.cipu.shim.conform.Conformance;
import dev.cipu.shim.conform.Verdict;
import dev.cipu.shim.probe.Peer;
import dev.cipu.shim.torture.AttackResult;
import dev.cipu.shim.torture.Damage;
import dev.cipu.shim.torture.Torture;
import dev.cipu.shim.torture.TortureReport;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code cipu conform} and {@code cipu torture} against the card, which must pass, and against others, which need not. */
@Timeout(180)
class ExaminationIT {
    /** Reasons that are the card's own choice: what it does not offer cannot be seen. */
    private static final String REASONS = ".*(not offered|keeps the configuration space|shows no configuration space"
            + "|cannot be seen|neither|has one pair|front-end's|read-only|not host-managed|without ZONED|zone is among).*";

    @TempDir
    Path folder;

    private static Peer peer(Path socket) {
        return Peer.of(socket, Duration.ofSeconds(20));
    }

    private CardProcess card() {
        return CardProcess.serve(
                folder,
                "--idle",
                "sleep",
                "--uplink",
                "loopback:",
                "--net",
                "socket=" + folder.resolve("n") + ",queues=2",
                "--blk",
                "socket=" + folder.resolve("b") + ",store=mem:16M,queues=2",
                "--blk",
                "socket=" + folder.resolve("r") + ",store=mem:16M,ro=on",
                "--blk",
                "socket=" + folder.resolve("z") + ",store=mem:16M,zoned=host-managed,zone-size=1M,zones-conventional=4"
                        + ",max-open=4,max-active=8,secure-erase=on");
    }

    private static void assertConforms(Path socket, int least) {
        ConformReport report = Conformance.of(peer(socket), null, Set.of()).run(result -> {});
        assertThat(report.results())
                .filteredOn(result -> result.verdict() == Verdict.FAIL)
                .isEmpty();
        assertThat(report.results())
                .filteredOn(result -> result.verdict() == Verdict.SKIP)
                .extracting(CheckResult::seen)
                .allMatch(why -> why.matches(REASONS));
        assertThat(report.passed()).isGreaterThanOrEqualTo(least);
    }

    @Test
    void theCardConforms() {
        try (CardProcess card = card()) {
            assertConforms(folder.resolve("b"), 105);
            assertConforms(folder.resolve("r"), 85);
            assertConforms(folder.resolve("n"), 155);
            assertConforms(folder.resolve("z"), 130);
            assertThat(card.child().isAlive()).isTrue();
        }
    }

    @Test
    void theCardWithstandsEveryAttack() {
        try (CardProcess card = card()) {
            for (String socket : List.of("b", "n")) {
                TortureReport report = Torture.of(
                                peer(folder.resolve(socket)), null, card.child().pid(), Set.of())
                        .run(result -> {});
                assertThat(report.results())
                        .filteredOn(result -> result.verdict().isHarm())
                        .isEmpty();
                assertThat(report.withstood()).isGreaterThan(40);
            }
            assertThat(card.child().isAlive()).isTrue();
        }
    }

    @Test
    void theCardsFunctionWithstandsEveryAttack() {
        Path socket = folder.resolve("f");
        try (CardProcess card = CardProcess.serve(
                folder, "--blk", "socket=" + socket + ",store=mem:8M,transport=vfio-user,doorbells=trapped")) {
            TortureReport report = Torture.ofFunction(
                            peer(socket), null, card.child().pid(), Set.of())
                    .run(result -> {});
            assertThat(report.results())
                    .filteredOn(result -> result.verdict().isHarm())
                    .isEmpty();
            assertThat(report.withstood()).isEqualTo(8);
            assertThat(card.child().isAlive()).isTrue();
        }
    }

    @Test
    void theCommandsWriteReportsForMachines() throws Exception {
        Path json = folder.resolve("r.json");
        Path junit = folder.resolve("r.xml");
        try (CardProcess card = card()) {
            assertThat(run(
                            "conform",
                            "--socket",
                            folder.resolve("b").toString(),
                            "--only",
                            "SR-012,BQ-002",
                            "--json",
                            json.toString(),
                            "--junit",
                            junit.toString()))
                    .contains("SR-012  PASS", "BQ-002  PASS", "2 passed, 0 failed, 0 skipped");
            assertThat(Files.readString(json)).contains("\"passed\" : 2", "\"id\" : \"SR-012\"");
            assertThat(Files.readString(junit)).contains("tests=\"2\" failures=\"0\"", "BQ-002");
            assertThat(run(
                            "torture",
                            "--socket",
                            folder.resolve("b").toString(),
                            "--only",
                            "1,7",
                            "--json",
                            json.toString(),
                            "--junit",
                            junit.toString()))
                    .contains(" 1  REJECTED", " 7  SURVIVED", "2 withstood, 0 did harm");
            assertThat(Files.readString(json)).contains("\"harmed\" : 0", "\"verdict\" : \"SURVIVED\"");
            assertThat(Files.readString(junit)).contains("tests=\"2\" failures=\"0\"");
            assertThat(card.child().isAlive()).isTrue();
        }
    }

    private static String run(String... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int code = dev.cipu.shim.cli.Main.run(new PrintWriter(out), new PrintWriter(err), args);
        assertThat(code).as("%s%s", out, err).isZero();
        return out.toString();
    }

    private Child storageDaemon(Path socket) throws Exception {
        Path image = Backend.image(folder, "d.img", 16 << 20);
        Child child = Child.start(
                "the storage daemon",
                List.of(
                        "qemu-storage-daemon",
                        "--blockdev",
                        "driver=file,node-name=f0,filename=" + image + ",discard=unmap",
                        "--blockdev",
                        "driver=raw,node-name=d0,file=f0,discard=unmap",
                        "--export",
                        "type=vhost-user-blk,id=e0,node-name=d0,addr.type=unix,addr.path=" + socket
                                + ",writable=on,num-queues=2"));
        long deadline = System.nanoTime() + 10_000_000_000L;
        while (!Files.exists(socket)) {
            assertThat(child.isAlive() && System.nanoTime() < deadline)
                    .as("%s", child.lines())
                    .isTrue();
            Thread.sleep(20);
        }
        return child;
    }

    @Test
    void theStorageDaemonDiffers() throws Exception {
        Peers.require("qemu-utils");
        Path socket = folder.resolve("q");
        try (Child daemon = storageDaemon(socket)) {
            ConformReport report = Conformance.of(quick(socket), null, Set.of()).run(result -> {});
            assertThat(report.passed()).as(daemon.lines().toString()).isGreaterThan(60);
            assertThat(failed(report)).contains("SR-007", "VU-001");
        }
    }

    @Test
    void theStorageDaemonIsHurt() throws Exception {
        Peers.require("qemu-utils");
        Path socket = folder.resolve("q");
        try (Child daemon = storageDaemon(socket)) {
            TortureReport report = Torture.of(quick(socket), null, daemon.pid(), Set.of(1, 7, 46))
                    .run(result -> {});
            assertThat(report.results())
                    .extracting(AttackResult::verdict)
                    .containsExactly(Damage.REJECTED, Damage.SURVIVED, Damage.LEAKED);
        }
    }

    @Test
    void netVhostDiffers() {
        Peers.require("testpmd");
        Path socket = folder.resolve("v");
        try (Testpmd testpmd = Testpmd.backend(List.of(socket), 2, false)) {
            ConformReport report = Conformance.of(quick(socket), null, Set.of()).run(result -> {});
            assertThat(report.passed()).isGreaterThan(60);
            assertThat(failed(report)).contains("NT-030");
            TortureReport torture =
                    Torture.of(quick(socket), null, 0, Set.of(1, 7, 28, 45)).run(result -> {});
            assertThat(torture.results()).hasSize(4);
            testpmd.kill();
        }
    }

    private static List<String> failed(ConformReport report) {
        return report.results().stream()
                .filter(result -> result.verdict() == Verdict.FAIL)
                .map(CheckResult::id)
                .toList();
    }

    private static Peer quick(Path socket) {
        return Peer.of(socket, Duration.ofSeconds(4));
    }
}
