package dev.cipu.shim.qemu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.shim.control.Answer.Cause;
import dev.cipu.shim.control.ControlException;
import dev.cipu.shim.control.DeviceView;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What is said to QEMU, by a monitor that does as it is told; the real one is in the peer tests. */
@Timeout(60)
class MachineTest {
    private static final DeviceView NET =
            new DeviceView("net", "n1", "/run/n1", true, false, 2, "02:00:00:00:00:01", 9000, "sw0");
    private static final DeviceView BLK = new DeviceView("blk", "b1", "/run/b1", false, false, 4, null, 0, null);

    @TempDir
    private Path directory;

    private ServerSocketChannel listener;
    private final List<JsonNode> commands = new ArrayList<>();

    /** Instead of an empty return: lines to say to a command. */
    private final Map<String, String> answers = new HashMap<>();

    private String version = "{\"major\": 11, \"minor\": 2}";

    @BeforeEach
    void listen() throws IOException {
        listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        listener.bind(UnixDomainSocketAddress.of(directory.resolve("qmp")));
    }

    @AfterEach
    void close() throws IOException {
        listener.close();
    }

    private Machine machine() {
        Thread.ofVirtual().start(this::serve);
        return Machine.connect(directory.resolve("qmp"));
    }

    private void serve() {
        try (SocketChannel channel = listener.accept();
                BufferedReader lines = new BufferedReader(Channels.newReader(channel, StandardCharsets.UTF_8))) {
            say(channel, "{\"QMP\": {\"version\": {\"qemu\": " + version + "}, \"capabilities\": []}}");
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                JsonNode command = JsonMapper.shared().readTree(line);
                synchronized (commands) {
                    commands.add(command);
                }
                say(channel, "{\"event\": \"RTC_CHANGE\", \"data\": {}}");
                say(channel, answers.getOrDefault(command.get("execute").asString(), "{\"return\": {}}"));
            }
        } catch (IOException e) {
            // the machine has hung up
        }
    }

    private static void say(SocketChannel channel, String lines) throws IOException {
        channel.write(StandardCharsets.UTF_8.encode(lines + "\n"));
    }

    private List<String> verbs() {
        synchronized (commands) {
            return commands.stream().map(each -> each.get("execute").asString()).toList();
        }
    }

    private JsonNode arguments(int index) {
        synchronized (commands) {
            return commands.get(index).get("arguments");
        }
    }

    @Test
    void aNetworkDeviceIsPluggedInThreeSteps() {
        try (Machine machine = machine()) {
            machine.plug(NET, "rp0");
        }
        assertThat(verbs()).containsExactly("qmp_capabilities", "chardev-add", "netdev_add", "device_add");
        assertThat(arguments(1).at("/backend/data/addr/data/path").asString()).isEqualTo("/run/n1");
        assertThat(arguments(1).at("/backend/data/server").asBoolean()).isFalse();
        assertThat(arguments(1).at("/backend/data/reconnect-ms").asInt()).isEqualTo(1000);
        assertThat(arguments(2).get("queues").asInt()).isEqualTo(2);
        assertThat(arguments(3)).isEqualTo(JsonMapper.shared().readTree("""
                        {"driver": "virtio-net-pci", "id": "n1", "bus": "rp0", "netdev": "n1-n", "romfile": "",
                         "mac": "02:00:00:00:00:01", "host_mtu": 9000, "mq": true, "vectors": 6}"""));
    }

    @Test
    void aDiskOfACardThatConnectsWaitsForIt() {
        version = "{\"major\": 7, \"minor\": 2}";
        try (Machine machine = machine()) {
            machine.plug(BLK, null);
        }
        assertThat(verbs()).containsExactly("qmp_capabilities", "chardev-add", "device_add");
        assertThat(arguments(1).at("/backend/data/server").asBoolean()).isTrue();
        assertThat(arguments(1).at("/backend/data/wait").asBoolean()).isFalse();
        assertThat(arguments(2).has("bus")).isFalse();
        assertThat(arguments(2).get("num-queues").asInt()).isEqualTo(4);
    }

    @Test
    void aPciFunctionIsOneStep() {
        try (Machine machine = machine()) {
            machine.plug(new DeviceView("net", "f", "/run/f", true, true, 1, "02:00:00:00:00:01", 1500, "sw0"), "rp0");
        }
        assertThat(verbs()).containsExactly("qmp_capabilities", "device_add");
        assertThat(arguments(1)).isEqualTo(JsonMapper.shared().readTree("""
                        {"driver": "vfio-user-pci", "id": "f", "bus": "rp0", "socket": {"type": "unix", "path": "/run/f"}}"""));
    }

    /** It would end its guest. */
    @Test
    void aReleaseThatAbortsIsNotAskedToGiveAFunctionBack() {
        version = "{\"major\": 11, \"minor\": 1}";
        answers.put("qom-get", "{\"return\": \"vfio-user-pci\"}");
        try (Machine machine = machine()) {
            assertThatThrownBy(() -> machine.unplug("f"))
                    .isInstanceOf(ControlException.class)
                    .hasMessageContaining("detach f without --qmp");
        }
        assertThat(verbs()).containsExactly("qmp_capabilities", "qom-get");
        assertThat(arguments(1).get("path").asString()).isEqualTo("/machine/peripheral/f");
    }

    @Test
    void suchAReleaseGivesBackWhatIsNoFunction() {
        version = "{\"major\": 10, \"minor\": 1}";
        answers.put("qom-get", "{\"return\": \"vhost-user-blk-pci\"}");
        answers.put(
                "device_del",
                "{\"return\": {}}\n{\"event\": \"DEVICE_DELETED\", \"data\": {\"device\": \"b1\", \"path\": \"/x\"}}");
        try (Machine machine = machine()) {
            machine.unplug("b1");
        }
        assertThat(verbs())
                .containsExactly("qmp_capabilities", "qom-get", "device_del", "netdev_del", "chardev-remove");
    }

    @Test
    void anOldReleaseGetsNoInterruptTable() {
        version = "{\"major\": 7, \"minor\": 2}";
        try (Machine machine = machine()) {
            machine.plug(NET, null);
        }
        assertThat(arguments(1).at("/backend/data/reconnect").asInt()).isEqualTo(1);
        assertThat(arguments(3).get("vectors").asInt()).isZero();
    }

    @Test
    void whatFailsHalfWayIsTakenBackFromItsEnd() {
        answers.put("device_add", error("GenericError", "Bus 'rp9' not found"));
        try (Machine machine = machine()) {
            assertThatThrownBy(() -> machine.plug(NET, "rp9"))
                    .isInstanceOf(ControlException.class)
                    .hasMessage("QEMU did not take n1: device_add: Bus 'rp9' not found");
        }
        assertThat(verbs()).endsWith("device_add", "netdev_del", "chardev-remove");
    }

    @Test
    void aFailureAtTheBeginningHasNothingToTakeBack() {
        answers.put("chardev-add", error("GenericError", "no such socket"));
        try (Machine machine = machine()) {
            assertThatThrownBy(() -> machine.plug(NET, null)).isInstanceOf(ControlException.class);
        }
        assertThat(verbs()).endsWith("chardev-add");
    }

    @Test
    void whatIsBehindADeviceGoesWhenTheGuestHasLetGoOfIt() {
        answers.put("device_del", """
                {"event": "DEVICE_DELETED", "data": {"device": "n2"}}
                {"return": {}}
                {"event": "DEVICE_DELETED", "data": {"path": "/machine/x"}}
                {"event": "DEVICE_DELETED", "data": {"device": "n1"}}""");
        try (Machine machine = machine()) {
            machine.unplug("n1");
        }
        assertThat(verbs()).containsExactly("qmp_capabilities", "device_del", "netdev_del", "chardev-remove");
    }

    @Test
    void aGuestThatRefusesKeepsItsDevice() {
        answers.put(
                "device_del",
                "{\"return\": {}}\n{\"event\": \"DEVICE_UNPLUG_GUEST_ERROR\", \"data\": {\"device\": \"n1\"}}");
        try (Machine machine = machine()) {
            assertThatThrownBy(() -> machine.unplug("n1"))
                    .isInstanceOf(ControlException.class)
                    .hasMessageContaining("the guest refused");
        }
        assertThat(verbs()).endsWith("device_del");
    }

    @Test
    void whatAnEarlierAttemptHasTakenAwayIsNoError() {
        answers.put("device_del", error("DeviceNotFound", "Device 'b1' not found"));
        answers.put("netdev_del", error("DeviceNotFound", "Device 'b1-n' not found"));
        try (Machine machine = machine()) {
            machine.unplug("b1");
        }
        assertThat(verbs()).endsWith("chardev-remove");
    }

    @Test
    void noMonitorIsAMissingResource() throws IOException {
        listener.close();
        assertThatThrownBy(() -> Machine.connect(directory.resolve("qmp")))
                .isInstanceOfSatisfying(
                        ControlException.class, e -> assertThat(e.kind()).isEqualTo(Cause.MISSING))
                .hasMessageContaining("-qmp unix:");
    }

    @Test
    void whoIsNoMonitorIsToldApart() {
        version = "7";
        assertThatThrownBy(this::machine)
                .isInstanceOf(ControlException.class)
                .hasMessageContaining("does not speak as QEMU's monitor does");
    }

    private static String error(String kind, String text) {
        return "{\"error\": {\"class\": \"" + kind + "\", \"desc\": \"" + text + "\"}}";
    }
}
