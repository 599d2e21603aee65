package dev.cipu.shim.peer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.shim.assembly.CounterFile;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A virtual machine, a bare-metal machine and a container on one card. It is {@code docs/topology.md}: the card's description is
 * the example's, and every command is given as it stands on that page.
 */
@Timeout(600)
class TopologyPeerIT {
    private static final String VM = "10.0.0.1";
    private static final String METAL = "10.0.0.2";
    private static final String CONTAINER = "10.0.0.3";
    private static final int FILE_BYTES = 4 << 20;
    private static final Duration LIMIT = Duration.ofSeconds(30);

    private final Page page = Page.read("topology.md");

    @TempDir
    private Path folder;

    @BeforeEach
    void requirePeers() throws IOException {
        Peers.require("qemu11", "metal");
        PrivateHost.require();
    }

    @Test
    void threeFormsOfComputeTalkThroughOneCard() throws Exception {
        try (PrivateHost host = PrivateHost.open(folder)) {
            host.beginWith(page.commands("What it takes", 0));
            host.run(page.commands("The card", 0));
            try (Child card = host.start("the card", page.commands("The card", 1))) {
                card.await("ready control", LIMIT);
                Console vm = machine(host, "The virtual machine");
                Console metal = machine(host, "The bare-metal machine");
                Console container = container(host);
                switchedOn(vm, "vm-1", 1, "The virtual machine");
                switchedOn(metal, "metal-1", 1, "The bare-metal machine");

                everyoneTalks(vm, metal, container);
                theCardSaysSo(host);
                Console renewed = anotherSystem(host, metal, vm);
                theEnd(host, card, vm, renewed, container);
            }
        }
    }

    private Console machine(PrivateHost host, String heading) {
        return new Console(host.start(heading, page.commands(heading, 0)));
    }

    private void switchedOn(Console machine, String image, int boots, String heading) {
        assertThat(machine.child()
                        .await("RESULT booted .*image=(\\S+ boots=\\d+)", Console.LIMIT)
                        .group(1))
                .isEqualTo(image + " boots=" + boots);
        machine.child().await("RESULT ready", Console.LIMIT);
        machine.run(page.commands(heading, 1));
        assertThat(machine.ask("ip addr show eth0 | grep -c 'inet 10'")).isEqualTo("1");
    }

    private Console container(PrivateHost host) {
        host.run(page.commands("The container", 0));
        Console container = new Console(host.start("the container", page.commands("The container", 1)));
        container.run(page.commands("The container", 2));
        assertThat(container.ask("grep -c /srv/cipu/web /proc/mounts")).isEqualTo("1");
        assertThat(host.run("! grep /srv/cipu/web /proc/mounts"))
                .as("its mount is its own")
                .isEmpty();
        assertThat(container.ask("stat -c %s /srv/cipu/web/page")).isEqualTo(Integer.toString(FILE_BYTES));
        assertThat(container.ask("echo $$")).as("its first process").isEqualTo("1");
        return container;
    }

    /** The machines at the same time, for they take theirs. */
    private void everyoneTalks(Console vm, Console metal, Console container) {
        String sum = container.ask("md5sum </srv/cipu/web/page | cut -c 1-32");
        int fromVm = vm.child().mark();
        int fromMetal = metal.child().mark();
        int fromContainer = container.child().mark();
        vm.run(page.commands("They talk", 0));
        metal.run(page.commands("They talk", 1));
        container.run(page.commands("They talk", 2));
        assertPinged(container, fromContainer, VM, METAL);
        assertPinged(vm, fromVm, METAL, CONTAINER);
        assertPinged(metal, fromMetal, VM, CONTAINER);
        assertThat(sumOf("/page", vm, fromVm)).isEqualTo(sum);
        assertThat(sumOf("/page", metal, fromMetal)).isEqualTo(sum);
        for (Console machine : List.of(vm, metal)) {
            assertThat(machine.ask("echo 3 >/proc/sys/vm/drop_caches; md5sum </page | cut -c 1-32"))
                    .as("what is on its disk")
                    .isEqualTo(sum);
        }

        List<String> lines = page.commands("They talk", 3).lines().toList();
        int mark = vm.child().mark();
        vm.run(lines.get(0));
        // until the other one listens
        metal.run("until " + lines.get(1) + "; do sleep 0.2; done");
        assertThat(sumOf("-", vm, mark)).isEqualTo(sum);
    }

    private static void assertPinged(Console from, int mark, String... to) {
        int at = mark;
        for (String each : to) {
            from.child().await("--- " + each + " ping statistics", at, Console.LIMIT);
            while (!from.child().lines().get(at).contains("--- " + each + " ping")) {
                at++;
            }
            assertThat(from.child()
                            .await("packets received.*", at, Console.LIMIT)
                            .group())
                    .as("pings to %s", each)
                    .contains(", 0% packet loss");
        }
    }

    private static String sumOf(String file, Console on, int mark) {
        return on.child()
                .await("([0-9a-f]{32})  " + file + "$", mark, Console.LIMIT)
                .group(1);
    }

    private void theCardSaysSo(PrivateHost host) throws IOException {
        List<String> said = host.run(page.commands("They talk", 4));
        assertThat(said)
                .contains("blk metal-disk /run/cipu/metal-disk", "tap web-nic eth0")
                .anyMatch(line -> line.startsWith("vm-nic "));
        for (String nic : List.of("vm-nic", "metal-nic", "web-nic")) {
            assertThat(counter(nic, "tx_packets")).as(nic).isPositive();
            assertThat(counter(nic, "rx_packets")).as(nic).isPositive();
        }
        for (String disk : List.of("vm-disk/0", "metal-disk/0", "web-volume/0")) {
            assertThat(counter(disk, "write_bytes")).as(disk).isGreaterThan(FILE_BYTES);
            assertThat(counter(disk, "reads")).as(disk).isPositive();
        }
    }

    private long counter(String owner, String name) throws IOException {
        return CounterFile.read(folder.resolve("run/cipu/card.counters")).groups().stream()
                .filter(group -> group.owner().equals(owner))
                .mapToLong(group -> group.values().getOrDefault(name, -1L))
                .findFirst()
                .orElseThrow();
    }

    /** The machine's power is cut and its disk exchanged, while its neighbours talk. */
    private Console anotherSystem(PrivateHost host, Console before, Console neighbour) {
        neighbour.run("ping -q -i 0.2 " + CONTAINER + " >/pings & talking=$!");
        host.run(page.commands("Another system for the machine", 0));
        before.child().exit(LIMIT);
        Console machine = machine(host, "The bare-metal machine");
        switchedOn(machine, "cipu-image-1", 1, "The bare-metal machine");
        assertThat(machine.ask("ls /page 2>&1")).contains("No such file");
        assertThat(machine.ask("ping -q -c 1 " + VM + " | grep loss")).contains(" 0% packet loss");
        String[] counts = neighbour
                .ask("kill -INT $talking; sleep 1; awk '/loss/ {print $1, $4}' /pings")
                .split(" ", -1);
        assertThat(Integer.parseInt(counts[0]) - Integer.parseInt(counts[1]))
                .as("lost pings of %s; one may have been under way", counts[0])
                .isBetween(0, 1);
        return machine;
    }

    private void theEnd(PrivateHost host, Child card, Console vm, Console metal, Console container) {
        for (Console machine : List.of(vm, metal)) {
            machine.run("poweroff -f");
            assertThat(machine.child().exit(LIMIT)).isZero();
        }
        container.run("exit");
        assertThat(container.child().exit(LIMIT)).isZero();
        host.run(page.commands("The end", 0));
        host.run("while [ -e /run/cipu/web.pid ]; do sleep 0.1; done; e2fsck -f -n /srv/cipu/web.img");
        PrivateHost.end(card);
        host.run("! ip -n web link show eth0");
        host.run(page.commands("The end", 1));
    }
}
