package dev.cipu.shim.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cipu.shim.assembly.CardAssembly;
import dev.cipu.shim.assembly.CardSpec;
import dev.cipu.shim.assembly.CardSpecBuilder;
import dev.cipu.shim.assembly.CounterFile;
import dev.cipu.shim.assembly.KeyValues;
import dev.cipu.shim.assembly.ResourceException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Containers, as the kernel has them: network namespaces with an interface of the card. Needs root. */
@Timeout(120)
class TapIT {
    private static final int CONTAINERS = 100;

    @TempDir
    private Path directory;

    private final List<String> namespaces = new ArrayList<>();
    private final String prefix = "cipu-" + ProcessHandle.current().pid() + "-";

    @BeforeEach
    void requireRoot() throws Exception {
        assumeTrue(
                "root".equals(Files.getOwner(Path.of("/proc/self")).getName()) && Files.exists(Path.of("/dev/net/tun")),
                "no root, or no /dev/net/tun: nothing here to make interfaces with");
        assumeTrue(run("ip", "netns", "list") == 0, "ip is missing (Debian: iproute2)");
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/busybox")), "busybox is missing (Debian: busybox)");
    }

    @AfterEach
    void removeNamespaces() throws Exception {
        for (String each : namespaces) {
            run("ip", "netns", "del", each);
        }
    }

    private String said = "";

    private int run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return process.waitFor();
    }

    private String namespace(int number) throws Exception {
        String name = prefix + number;
        namespaces.add(name);
        assertThat(run("ip", "netns", "add", name)).as(said).isZero();
        return name;
    }

    private void assertPings(String from, String to) throws Exception {
        assertThat(run("ip", "netns", "exec", from, "busybox", "ping", "-c", "1", "-W", "10", to))
                .as("%s to %s: %s", from, to, said)
                .isZero();
    }

    private CardAssembly card(String idle) {
        return CardAssembly.start(new CardSpecBuilder()
                .idle("test", idle)
                .stats(directory.resolve("counters"))
                .control("test", directory + "/control")
                .build());
    }

    private static void attach(CardAssembly card, String keys) {
        card.attach(words -> words.tap(KeyValues.parse("attach", keys)));
    }

    private static long taps() throws IOException {
        try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
            return all.filter(each -> {
                        try {
                            return Files.readSymbolicLink(each).endsWith("tun");
                        } catch (IOException closedMeanwhile) {
                            return false;
                        }
                    })
                    .count();
        }
    }

    @Test
    void aContainerPingsAnotherSoonAfterItsCardStarts() throws Exception {
        String a = namespace(0);
        String b = namespace(1);
        long start = System.nanoTime();
        try (CardAssembly card = card("sleep")) {
            attach(card, "id=a,name=eth0,netns=" + a + ",addr=10.77.0.1/24");
            attach(card, "id=b,name=eth0,netns=" + b + ",addr=10.77.0.2/20,mac=02:00:00:00:00:22,mtu=1400");
            assertPings(a, "10.77.0.2");
            long took = System.nanoTime() - start;
            System.out.println("start to first ping: " + took / 1_000_000 + " ms");
            assertThat(took).isLessThan(TimeUnit.SECONDS.toNanos(10));
            assertThat(run("ip", "-n", b, "link", "show", "eth0")).isZero();
            assertThat(said).contains("02:00:00:00:00:22", "mtu 1400", "UP");
            assertThat(run("ip", "-n", b, "addr", "show", "eth0")).isZero();
            assertThat(said).contains("10.77.0.2/20");
        }
        assertThat(run("ip", "-n", a, "link", "show", "eth0"))
                .as("it goes with the card")
                .isNotZero();
        assertThat(taps()).isZero();
    }

    @Test
    void aHundredContainersOnOneCardPingEachOther() throws Exception {
        List<String> names = new ArrayList<>();
        for (int i = 0; i < CONTAINERS; i++) {
            names.add(namespace(i));
        }
        try (CardAssembly card = card("sleep")) {
            for (int i = 0; i < CONTAINERS; i++) {
                attach(card, "id=c" + i + ",name=eth0,netns=" + names.get(i) + ",addr=10.77.1." + (i + 1) + "/24");
            }
            for (int i = 0; i < CONTAINERS; i++) {
                assertPings(names.get(i), "10.77.1." + ((i + 1) % CONTAINERS + 1));
            }
            for (int i = 0; i < CONTAINERS; i++) {
                card.detach("c" + i);
            }
            assertThat(taps()).isZero();
            assertThat(card.spec().taps()).isEmpty();
        }
    }

    @Test
    void bulkTrafficPassesWhole() throws Exception {
        String a = namespace(0);
        String b = namespace(1);
        try (CardAssembly card = card("backoff")) {
            attach(card, "id=a,name=eth0,netns=" + a + ",addr=10.77.2.1/24");
            attach(card, "id=b,name=eth0,netns=" + b + ",addr=10.77.2.2/24");
            Path sent = directory.resolve("sent");
            Path got = directory.resolve("got");
            byte[] bytes = new byte[16 << 20];
            new Random(1).nextBytes(bytes);
            Files.write(sent, bytes);
            Process listener = new ProcessBuilder("ip", "netns", "exec", b, "busybox", "nc", "-l", "-p", "7")
                    .redirectOutput(got.toFile())
                    .start();
            try {
                long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
                Process sender;
                do {
                    sender = new ProcessBuilder("ip", "netns", "exec", a, "busybox", "nc", "10.77.2.2", "7")
                            .redirectInput(sent.toFile())
                            .redirectErrorStream(true)
                            .start();
                } while (sender.waitFor() != 0 && System.nanoTime() < end);
                assertThat(listener.waitFor(60, TimeUnit.SECONDS)).isTrue();
            } finally {
                listener.destroyForcibly();
            }
            assertThat(Files.mismatch(sent, got)).isEqualTo(-1);
            assertThat(counter("a", "tx_packets"))
                    .as("frames larger than what a wire takes pass whole")
                    .isLessThan(bytes.length / 1448);
            assertThat(counter("a", "tx_dropped_offload")).isZero();
        }
    }

    private long counter(String owner, String name) throws IOException {
        return CounterFile.read(directory.resolve("counters")).groups().stream()
                .filter(group -> group.owner().equals(owner))
                .mapToLong(group -> group.values().getOrDefault(name, -1L))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void aContainerThatDiesTakesItsInterfaceAlongAndNothingElse() throws Exception {
        String a = namespace(0);
        String b = namespace(1);
        String c = namespace(2);
        try (CardAssembly card = card("sleep")) {
            attach(card, "id=a,name=eth0,netns=" + a + ",addr=10.77.3.1/24");
            attach(card, "id=b,name=eth0,netns=" + b + ",addr=10.77.3.2/24");
            attach(card, "id=c,name=eth0,netns=" + c + ",addr=10.77.3.3/24");
            assertPings(a, "10.77.3.2");
            assertThat(run("ip", "-n", b, "link", "del", "eth0")).as(said).isZero();
            assertPings(a, "10.77.3.3");
            assertPings(c, "10.77.3.1");
            card.detach("b");
            attach(card, "id=b,name=eth0,netns=" + b + ",addr=10.77.3.2/24");
            assertPings(a, "10.77.3.2");
        }
    }

    @Test
    void whatCannotBeMadeIsSaidAndLeavesNothing() throws Exception {
        String a = namespace(0);
        try (CardAssembly card = card("sleep")) {
            attach(card, "id=a,name=eth0,netns=" + a);
            CardSpec before = card.spec();
            assertThatThrownBy(() -> attach(card, "id=b,name=eth0,netns=" + a))
                    .isInstanceOf(ResourceException.class)
                    .hasMessageContaining("there is an interface eth0 already");
            assertThat(run("ip", "-n", a, "tuntap", "add", "dev", "stays", "mode", "tap"))
                    .as(said)
                    .isZero();
            assertThatThrownBy(() -> attach(card, "id=b,name=stays,netns=" + a))
                    .as("one that nobody uses now is somebody's all the same")
                    .isInstanceOf(ResourceException.class)
                    .hasMessageContaining("there is an interface stays already");
            assertThatThrownBy(() -> attach(card, "id=b,name=eth0,netns=" + prefix + "none"))
                    .isInstanceOf(ResourceException.class)
                    .hasMessageContaining("make it with ip netns add");
            assertThatThrownBy(() -> attach(card, "id=b,name=eth0,netns=/etc/hostname"))
                    .isInstanceOf(ResourceException.class)
                    .hasMessageContaining("is a network namespace");
            assertThat(card.spec()).isEqualTo(before);
            assertThat(taps()).isEqualTo(1);
        }
    }
}
