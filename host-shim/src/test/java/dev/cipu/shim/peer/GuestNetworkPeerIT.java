package dev.cipu.shim.peer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two Debian guests talk to each other through the card's switch: the Linux driver, through QEMU's vhost-user network back-end. */
@Timeout(240)
class GuestNetworkPeerIT {
    private static final Duration LIMIT = Duration.ofSeconds(150);

    @TempDir
    Path folder;

    @BeforeAll
    static void peers() {
        Peers.require("qemu", "guest", Peers.reference() ? "testpmd" : "qemu");
    }

    @Test
    void pingAndThroughput() {
        List<String> client = talk(1, false, "", "");
        assertThat(client).anyMatch(line -> line.contains("indirect=1 event=1 mergeable=1"));
    }

    @Test
    void withoutEventIndexIndirectDescriptorsAndMergeableBuffers() {
        List<String> client =
                talk(1, false, "event_idx=off,mrg_rxbuf=off", "event_idx=off,indirect_desc=off,mrg_rxbuf=off");
        assertThat(client).anyMatch(line -> line.contains("indirect=0 event=0 mergeable=0"));
    }

    @Test
    void packedRings() throws IOException {
        Path trace = folder.resolve("trace");
        List<String> client = talk(
                Backend.recordedPorts(folder, "sleep", ",queues=1", trace),
                1,
                false,
                "packed=on",
                "packed=on,event_idx=off");
        assertThat(client).anyMatch(line -> line.contains("event=0") && line.contains("packed=1"));
        if (!Peers.reference()) {
            Peers.require("tshark");
            RecordedTraffic traffic = new RecordedTraffic(folder, trace);
            Map<String, Long> replayed = traffic.intoTwoCards();
            assertThat(replayed.keySet()).containsExactly("RECEIVE", "SEND");
            assertThat(traffic.frames("frame.interface_name", "frame.len"))
                    .hasSize((int) replayed.values().stream()
                            .mapToLong(Long::longValue)
                            .sum())
                    .allMatch(line -> line.matches("net[01]/0\t\\d+"));
        }
    }

    @Test
    void onlyOneSideSegments() {
        List<String> client = talk(1, false, "gso=off,guest_tso4=off,guest_tso6=off,guest_ecn=off,guest_ufo=off", "");
        assertThat(client).anyMatch(line -> line.contains("sends-tso=1 takes-tso=1"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"packed=off", "packed=on"})
    void twoQueuePairsUnderTheNewerQemu(String properties) {
        Peers.require("qemu11");
        List<String> client = talk(2, true, properties, properties);
        assertThat(client)
                .anyMatch(line -> line.contains("channels=ok"))
                .anyMatch(line -> line.contains("resize=refused"))
                .anyMatch(line -> line.contains(properties.equals("packed=on") ? "packed=1" : "packed=0"));
    }

    private List<String> talk(int queues, boolean newer, String serverProperties, String clientProperties) {
        Backend ports = Backend.ports(folder, "sleep", ",queues=" + queues);
        return talk(ports, queues, newer, serverProperties, clientProperties);
    }

    private List<String> talk(
            Backend ports, int queues, boolean newer, String serverProperties, String clientProperties) {
        try (Backend card = ports;
                Guest server = guest(card, 1, queues, newer, serverProperties)
                        .variable("ROLE", "server")
                        .start()) {
            try (Guest client = guest(card, 2, queues, newer, clientProperties)
                    .variable("ROLE", "client")
                    .variable("PEER", "192.168.77.1")
                    .start()) {
                List<String> results = client.finish(LIMIT);
                server.finish(LIMIT);
                return results;
            }
        }
    }

    private Guest.Builder guest(Backend card, int station, int queues, boolean newer, String properties) {
        Guest.Builder builder = Guest.running(folder, "network.sh").processors(queues);
        return (newer ? builder.newer() : builder).network(card.socket(station - 1), station, queues, properties);
    }
}
