package dev.cipu.shim.peer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A Linux guest whose network card is QEMU's generic vhost-user device: configuration, features and all rings, the control queue
 * among them, are the card's own. What ethtool and ip ask for goes to the card. The guest that answers has an ordinary one.
 */
@Timeout(300)
class GuestControlPeerIT {
    private static final Duration LIMIT = Duration.ofSeconds(200);
    private static final Pattern COMMANDS = Pattern.compile("ctrl_commands +([0-9,]+)");

    @TempDir
    Path folder;

    @BeforeAll
    static void peers() {
        Peers.require("qemu", "guest", "qemu11");
    }

    @Test
    void theDriverCommandsTheDevice() {
        try (Backend card = Backend.ports(folder, "sleep", ",queues=2,speed=25000");
                Guest server = Guest.running(folder, "network.sh")
                        .network(card.socket(1), 1, 1, "")
                        .variable("ROLE", "server")
                        .start()) {
            server.await("serving", LIMIT);
            try (Guest client = Guest.running(folder, "control.sh")
                    .newer()
                    .processors(2)
                    .generic(card.socket(0), 2, 2)
                    .variable("PEER", "192.168.77.1")
                    .start()) {
                List<String> results = client.finish(LIMIT);
                server.finish(LIMIT);
                assertThat(results)
                        .anyMatch(line -> line.contains("control=1 rx=1 vlan=1"))
                        .anyMatch(line -> line.contains("speed 25000Mb/s Full"));
            }
            String counters = card.counters();
            Matcher commands = COMMANDS.matcher(counters);
            assertThat(commands.find()).as(counters).isTrue();
            assertThat(Integer.parseInt(commands.group(1).replace(",", "")))
                    .as(counters)
                    .isGreaterThan(10);
        }
    }
}
