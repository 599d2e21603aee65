package dev.cipu.shim.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CommandLineTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... args) {
        return Main.run(new PrintWriter(out), new PrintWriter(err), args);
    }

    private void assertOneLine(String... parts) {
        assertThat(err.toString().lines()).hasSize(1);
        assertThat(err.toString()).startsWith("cipu: ").contains(parts).doesNotContain("Exception");
    }

    @Test
    void helpNamesEveryCommandAndExitCode() {
        assertThat(run("--help")).isZero();
        assertThat(out.toString())
                .contains("serve", "drive", "stats", "qemu-args", "demo", "card")
                .contains("a check or a comparison failed", "wrong usage", "a peer or a resource is missing");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "serve",
                "stats",
                "qemu-args",
                "demo",
                "drive",
                "conform",
                "torture",
                "card",
                "sim",
                "attach",
                "detach",
                "devices",
                "link",
                "announce",
                "trace"
            })
    void everyCommandExplainsItself(String command) {
        assertThat(run(command, "--help")).isZero();
        assertThat(out.toString()).startsWith("Usage: cipu " + command);
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void theVersionIsThatOfTheBuild() {
        assertThat(run("--version")).isZero();
        assertThat(out.toString())
                .matches("(?s)cipu \\d+\\.\\d+\\.\\S+( \\(\\w+\\))?, Java 25.*")
                .doesNotContain("${");
    }

    @Test
    void noCommandIsWrongUsage() {
        assertThat(run()).isEqualTo(2);
        assertOneLine("no command given", "--help");
    }

    @Test
    void anUnknownCommandIsWrongUsage() {
        assertThat(run("fly")).isEqualTo(2);
        assertOneLine("'fly'", "--help");
    }

    @Test
    void anUnknownOptionIsWrongUsage() {
        assertThat(run("serve", "--wings")).isEqualTo(2);
        assertOneLine("'--wings'", "cipu serve --help");
    }

    @Test
    void aBadDeviceIsWrongUsageAndNamesTheOption() {
        assertThat(run("serve", "--net", "socket=/tmp/a", "--net", "socket=/tmp/b,colour=red"))
                .isEqualTo(2);
        assertOneLine("--net number 2", "'colour'");
    }

    @Test
    void aCardWithoutDevicesIsWrongUsage() {
        assertThat(run("serve")).isEqualTo(2);
        assertOneLine("no device", "--net socket=PATH");
    }

    @Test
    void whoAsksNoCardIsToldHowToStartOne(@TempDir Path directory) {
        assertThat(run("attach", "net", "socket=n", "--control", directory + "/c"))
                .isEqualTo(3);
        assertOneLine("no card answers at " + directory + "/c", "cipu serve --control");
    }

    @Test
    void requestsThatMakeNoSenseAreWrongUsage(@TempDir Path directory) {
        String control = directory + "/c";
        assertThat(run("attach", "net", "socket=n")).isEqualTo(2);
        assertThat(run("attach", "net", "socket", "--control", control)).isEqualTo(2);
        assertThat(run("attach", "net", "socket=n", "--bus", "rp0", "--control", control))
                .isEqualTo(2);
        assertThat(run("attach", "tap", "--qmp", "q", "--control", control)).isEqualTo(2);
        assertThat(run("link", "net0", "sideways", "--control", control)).isEqualTo(2);
        assertThat(err.toString().lines()).hasSize(5).allMatch(line -> line.startsWith("cipu: "));
        assertThat(err.toString()).contains("'--control", "no key=value", "--bus is for --qmp", "say up or down");
    }

    @Test
    void aMissingDescriptionIsAMissingResource(@TempDir Path directory) {
        assertThat(run("serve", "--config", directory + "/card.yaml")).isEqualTo(3);
        assertOneLine("card.yaml", "--config");
        err.getBuffer().setLength(0);
        assertThat(run("serve", directory + "/card.yaml")).isEqualTo(3);
        assertOneLine("card.yaml", "check the command line");
    }

    @Test
    void aCardHasOneDescription() {
        assertThat(run("serve", "a.yaml", "--config", "b.yaml")).isEqualTo(2);
        assertOneLine("'a.yaml'", "--config", "leave one of them out");
    }

    @Test
    void aMissingDirectoryForTheSocketIsAMissingResource(@TempDir Path directory) {
        assertThat(run(
                        "serve",
                        "--idle",
                        "sleep",
                        "--stats",
                        directory + "/c",
                        "--net",
                        "socket=" + directory + "/x/s"))
                .isEqualTo(3);
        assertOneLine("/x/s", "has no directory");
    }

    @Test
    void aMissingDiskIsAMissingResource(@TempDir Path directory) {
        String disk = "socket=" + directory + "/s,store=file:" + directory + "/disk.img";
        assertThat(run("serve", "--idle", "sleep", "--stats", directory + "/c", "--blk", disk))
                .isEqualTo(3);
        assertOneLine("disk.img", "ENOENT");
        assertThat(directory.resolve("s")).doesNotExist();
    }

    @Test
    void aCoreThatDoesNotExistIsWrongUsage(@TempDir Path directory) {
        assertThat(run("serve", "--cores", "4000", "--stats", directory + "/c", "--net", "socket=" + directory + "/s"))
                .isEqualTo(2);
        assertOneLine("core 4000", "choose among");
    }

    @ParameterizedTest
    @CsvSource({
        "--queue-size,500,power of two",
        "--queue-size,65536,up to 32768",
        "--timeout,1e10,at most 86400",
        "--timeout,1e300,at most 86400",
        "--timeout,0,above 0",
        "--timeout,-1,above 0",
        "--timeout,NaN,above 0",
        "--seconds,1e7,at most 1000000",
        "--core,9999,choose among",
        "--core,5000,choose among",
        "--core,-5,none for any"
    })
    void aLoadThatCannotBeIsWrongUsage(String option, String value, String hint) {
        for (String kind : List.of("blk", "net")) {
            err.getBuffer().setLength(0);
            assertThat(run("drive", kind, "--socket", "/nonexistent/s", option, value))
                    .isEqualTo(2);
            assertOneLine(hint, "cipu drive " + kind + " --help");
        }
    }

    @Test
    void aTraceIsShownOnDemandOnly(@TempDir Path directory) {
        assertThat(run("serve", "--debug", "--config", directory + "/card.yaml"))
                .isEqualTo(3);
        assertThat(err.toString()).contains("CommandFailure", "\tat dev.cipu");
    }

    @Test
    void qemuGetsMemoryAChannelAndADeviceForEach(@TempDir Path directory) {
        assertThat(run(
                        "qemu-args",
                        "--memory",
                        "256M",
                        "--net",
                        "socket=/run/n0,mac=52:54:00:12:34:56,id=eth",
                        "--net",
                        "socket=/run/n1,mac=52:54:00:12:34:57,queues=2,mtu=9000,mode=client",
                        "--blk",
                        "socket=/run/b 0,store=mem:64M,queues=3"))
                .isZero();
        assertThat(out.toString().lines())
                .containsExactly(
                        "-m 256M -object memory-backend-memfd,id=mem,size=256M,share=on -machine memory-backend=mem",
                        "-chardev socket,id=eth-c,path=/run/n0,reconnect-ms=1000 -netdev vhost-user,id=eth-n,chardev=eth-c"
                                + " -device virtio-net-pci,id=eth,netdev=eth-n,mac=52:54:00:12:34:56",
                        "-chardev socket,id=net0-c,path=/run/n1,server=on,wait=off"
                                + " -netdev vhost-user,id=net0-n,chardev=net0-c,queues=2"
                                + " -device virtio-net-pci,id=net0,netdev=net0-n,mac=52:54:00:12:34:57,host_mtu=9000,mq=on"
                                + ",vectors=6",
                        "-chardev 'socket,id=blk0-c,path=/run/b 0,reconnect-ms=1000'"
                                + " -device vhost-user-blk-pci,id=blk0,chardev=blk0-c,num-queues=3,queue-size=256");
    }

    @Test
    void anOldQemuGetsNoMsixAndTheOlderWayToReconnect() {
        assertThat(run("qemu-args", "--qemu", "7.2", "--net", "socket=/run/n0")).isZero();
        assertThat(out.toString()).contains(",reconnect=1 ", ",vectors=0");
    }

    @Test
    void qemuGetsAPciFunctionOverVfioUser() {
        assertThat(run(
                        "qemu-args",
                        "--net",
                        "socket=/run/n0,transport=vfio-user",
                        "--blk",
                        "socket=/run/b\"0,store=mem:64M,transport=vfio-user,doorbells=trapped"))
                .isZero();
        assertThat(out.toString().lines().skip(1))
                .containsExactly(
                        "-device '{\"driver\":\"vfio-user-pci\",\"id\":\"net0\","
                                + "\"socket\":{\"type\":\"unix\",\"path\":\"/run/n0\"}}'",
                        "-device '{\"driver\":\"vfio-user-pci\",\"id\":\"blk0\","
                                + "\"socket\":{\"type\":\"unix\",\"path\":\"/run/b\\\"0\"}}'");
    }

    @Test
    void anOldQemuIsNoVfioUserClient() {
        assertThat(run("qemu-args", "--qemu", "10.0", "--net", "socket=/run/n0,transport=vfio-user"))
                .isEqualTo(2);
        assertOneLine("net0", "QEMU 10.1");
    }

    @Test
    void aReleaseOfQemuHasNumbers() {
        assertThat(run("qemu-args", "--qemu", "new", "--net", "socket=/run/n0")).isEqualTo(2);
        assertOneLine("--qemu", "'new'");
    }

    @Test
    void qemuArgsReadTheSameFileAsServe(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("card.yaml");
        Files.writeString(file, "devices: [{kind: net, socket: /run/n0}]");
        assertThat(run("qemu-args", "--config", file.toString())).isZero();
        assertThat(out.toString()).contains("path=/run/n0");
        String both = out.toString();
        out.getBuffer().setLength(0);
        assertThat(run("qemu-args", file.toString())).isZero();
        assertThat(out.toString()).isEqualTo(both);
    }

    @Test
    void oneMachineOfSeveralGetsItsOwnDevicesOnly() {
        String[] card = {
            "qemu-args", "--net", "socket=/a", "--net", "socket=/b", "--blk", "socket=/c,store=mem:1M", "--only"
        };
        assertThat(run(with(card, "net1,blk0"))).isZero();
        assertThat(out.toString()).contains("path=/b", "path=/c").doesNotContain("path=/a");
        assertThat(run(with(card, "net1,net2"))).isEqualTo(2);
        assertOneLine("--only", "no device 'net2'", "net0, net1, blk0");
    }

    private static String[] with(String[] words, String last) {
        return Stream.concat(Stream.of(words), Stream.of(last)).toArray(String[]::new);
    }

    @Test
    void anExaminationHasOneSocket(@TempDir Path directory) {
        assertThat(run("conform")).isEqualTo(2);
        assertOneLine("--socket", "--vfio-user");
        err.getBuffer().setLength(0);
        assertThat(run("conform", "--socket", "a", "--vfio-user", "b")).isEqualTo(2);
        assertOneLine("--socket", "--vfio-user");
        err.getBuffer().setLength(0);
        assertThat(run("conform", "--vfio-user", directory + "/s", "--timeout", "0.1"))
                .isEqualTo(3);
        assertOneLine("nobody serves", directory + "/s");
    }
}
