package dev.cipu.shim.peer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.shim.trace.TraceReader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * DPDK's virtio-user driver in front of two ports of the card's switch. Frames come from a capture file, cross the card, and are
 * captured again on the other side: what arrives is compared byte by byte with what was sent.
 *
 * <p>The sender's ring is shorter than the receiver's, and the sender waits when it is full; so nothing may be lost.
 */
@Timeout(120)
class TestpmdPeerIT {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    @TempDir
    Path folder;

    @BeforeAll
    static void peers() {
        Peers.require("testpmd");
    }

    @ParameterizedTest(name = "queues={0} {1}")
    @CsvSource({
        "1, mrg_rxbuf=1",
        "1, mrg_rxbuf=0",
        "1, in_order=0",
        "2, mrg_rxbuf=1",
        "2, 'mrg_rxbuf=0,in_order=0'",
        "1, 'packed_vq=1,in_order=0,mrg_rxbuf=0,vectorized=0'",
        "1, 'packed_vq=1,in_order=0,mrg_rxbuf=0,vectorized=1'",
        "1, 'packed_vq=1,in_order=0,mrg_rxbuf=1,vectorized=0'",
        "1, 'packed_vq=1,in_order=0,mrg_rxbuf=1,vectorized=1'",
        "1, 'packed_vq=1,in_order=1,mrg_rxbuf=0,vectorized=0'",
        "1, 'packed_vq=1,in_order=1,mrg_rxbuf=0,vectorized=1'",
        "1, 'packed_vq=1,in_order=1,mrg_rxbuf=1,vectorized=0'",
        "1, 'packed_vq=1,in_order=1,mrg_rxbuf=1,vectorized=1'",
        "2, 'packed_vq=1'"
    })
    void everyFrameArrivesOnceAndUnaltered(int queues, String properties) throws Exception {
        List<byte[]> frames = Capture.random(10_000, queues, 1);
        try (Backend card = Backend.ports(folder, "spin", ",queues=" + queues);
                Testpmd testpmd = Testpmd.frontend(
                        devices(card, frames, queues, "," + properties),
                        "--no-flush-rx",
                        "--rxq=" + queues,
                        "--txq=" + queues)) {
            testpmd.awaitStart();
            forward(testpmd);
            assertThat(testpmd.awaitCounter(3, "TX-packets", frames.size(), LIMIT))
                    .as("all frames arrived: %s, %s, %s", testpmd.counters(1), testpmd.counters(2), card.counters())
                    .isTrue();
            testpmd.quit();
            if (queues == 1) {
                assertThat(arrived(1).equals(Capture.text(frames)))
                        .as("same frames in the same order")
                        .isTrue();
            } else {
                assertThat(arrived(2).stream()
                                .sorted()
                                .toList()
                                .equals(Capture.text(frames).stream().sorted().toList()))
                        .as("same frames")
                        .isTrue();
                assertThat(Capture.read(folder.resolve("out1.pcap")).size())
                        .as("frames of the second queue's flow that came in on the second queue")
                        .isGreaterThan(frames.size() / 3);
            }
        }
    }

    /**
     * This driver keeps the control queue of a vhost-user device for itself: what it is told in this way reaches the card as rings
     * that are enabled or not, or not at all, and must not stop any frame.
     */
    @ParameterizedTest(name = "queues={0}")
    @CsvSource({"1", "2"})
    void commandsThatTheDriverKeepsForItselfStopNoFrame(int queues) throws Exception {
        List<byte[]> frames = Capture.random(2_000, queues, 4);
        try (Backend card = Backend.ports(folder, "spin", ",queues=" + queues);
                Testpmd testpmd = Testpmd.frontend(
                        devices(card, frames, queues, ",cq=1"),
                        "--no-flush-rx",
                        "--rxq=" + queues,
                        "--txq=" + queues)) {
            testpmd.awaitStart();
            for (String command : List.of(
                    "set promisc 2 off",
                    "set allmulti 2 off",
                    "mac_addr add 2 02:00:00:00:00:77",
                    "mac_addr remove 2 02:00:00:00:00:77",
                    "mac_addr set 2 02:00:00:00:00:78",
                    "rx_vlan add 5 2")) {
                testpmd.tell(command);
            }
            // each port starts again: its driver says anew how many pairs it uses
            for (String command : List.of("port stop 2", "port start 2")) {
                testpmd.ask(command, "^Done$");
            }
            assertThat(testpmd.ask("show port info 2", "MAC address: (\\S+)").group(1))
                    .isEqualTo("02:00:00:00:00:78");
            forward(testpmd);
            assertThat(testpmd.awaitCounter(3, "TX-packets", frames.size(), LIMIT))
                    .as("all frames arrived: %s, %s, %s", testpmd.counters(1), testpmd.counters(2), card.counters())
                    .isTrue();
            testpmd.quit();
        }
    }

    /** What a card recorded is what testpmd sent; a capture file has the same frames once on each side; cards of the model take them. */
    @Test
    void aRecordedCardHasEveryFrameInItsTrace() throws Exception {
        Peers.require("tshark");
        List<byte[]> frames = Capture.random(5_000, 1, 5);
        Path trace = folder.resolve("trace");
        long sent;
        try (Backend card = Backend.recordedPorts(folder, trace);
                Testpmd testpmd = Testpmd.frontend(devices(card, frames, 1, ",mrg_rxbuf=1"), "--no-flush-rx")) {
            testpmd.awaitStart();
            forward(testpmd);
            assertThat(testpmd.awaitCounter(3, "TX-packets", frames.size(), LIMIT))
                    .isTrue();
            sent = testpmd.counters(1).getOrDefault("TX-packets", 0L);
            testpmd.quit();
        }
        try (TraceReader reader = TraceReader.open(trace)) {
            assertThat(reader.totals())
                    .filteredOn(each -> each.frames() >= frames.size())
                    .extracting(each -> each.device().id() + "/" + each.queue())
                    .containsExactly("net0/1", "net1/0");
            assertThat(reader.totals().get(1).frames()).isEqualTo(sent);
            assertThat(reader.totals()).allMatch(each -> each.lost() == 0);
        }
        RecordedTraffic traffic = new RecordedTraffic(folder, trace);
        List<String> lines = traffic.frames("frame.interface_name", "frame.len", "frame.cap_len");
        assertThat(lines).allMatch(line -> {
            String[] cells = line.split("\t", -1);
            return cells[0].matches("net[01]/0")
                    && Integer.parseInt(cells[2]) == Math.min(64, Integer.parseInt(cells[1]));
        });
        assertThat(lines.stream().filter(line -> line.startsWith("net0"))).hasSizeGreaterThanOrEqualTo((int) sent);
        // whatever testpmd sends of its own accord is recorded, too
        Map<String, Long> replayed = traffic.intoTwoCards();
        assertThat(replayed.keySet()).containsExactly("RECEIVE", "SEND");
        assertThat(replayed.getOrDefault("SEND", 0L)).isGreaterThanOrEqualTo(sent);
    }

    /** Receive buffers of 512 bytes: a frame takes up to three of them, and the header says how many. */
    @Test
    void aFrameIsSpreadOverSeveralMergeableBuffers() throws Exception {
        // few enough to fit the receiver's ring: its driver takes 32 buffers at a time and would fall behind
        List<byte[]> frames = Capture.random(400, 1, 2);
        try (Backend card = Backend.ports(folder, "spin", "");
                Testpmd testpmd = Testpmd.frontend(
                        devices(card, frames, 1, ",mrg_rxbuf=1"),
                        "--no-flush-rx",
                        "--mbuf-size=640",
                        "--disable-device-start")) {
            testpmd.tell("port config 1 rx_offload scatter on");
            testpmd.tell("port config 2 rx_offload scatter on");
            testpmd.ask("port start all", "^Done$");
            forward(testpmd);
            testpmd.awaitCounter(3, "TX-packets", frames.size(), LIMIT);
            testpmd.quit();
            assertThat(arrived(1).equals(Capture.text(frames)))
                    .as("%d frames arrived", arrived(1).size())
                    .isTrue();
        }
    }

    /** Frames circulate as fast as both sides can, then those in flight are drained: the counters of both ports must agree to the frame. */
    @Test
    void nothingIsLostAtFullSpeed() throws Exception {
        try (Backend card = Backend.ports(folder, "spin", "");
                Testpmd testpmd = Testpmd.frontend(List.of(
                        "net_virtio_user0,path=" + card.socket(0) + ",queue_size=1024",
                        "net_virtio_user1,path=" + card.socket(1) + ",queue_size=1024"))) {
            testpmd.awaitStart();
            testpmd.tell("set fwd io retry");
            testpmd.tell("start tx_first 8");
            assertThat(testpmd.awaitCounter(0, "RX-packets", 100_000, LIMIT)).isTrue();
            testpmd.ask("stop", "^Done");
            testpmd.tell("set fwd rxonly");
            testpmd.tell("start");
            Thread.sleep(500);
            testpmd.ask("stop", "^Done");
            Map<String, Long> first = testpmd.counters(0);
            Map<String, Long> second = testpmd.counters(1);
            assertThat(first.get("RX-packets")).isEqualTo(second.get("TX-packets"));
            assertThat(second.get("RX-packets"))
                    .isEqualTo(first.get("TX-packets"))
                    .isGreaterThanOrEqualTo(100_000);
            testpmd.quit();
        }
    }

    /** testpmd listens (server=1), the card connects; it is killed and comes back while the driver lives on. */
    @Test
    void theCardReconnectsToAListeningFrontEnd() throws Exception {
        List<byte[]> frames = Capture.random(5_000, 1, 3);
        Path in = Capture.write(folder.resolve("in0.pcap"), frames);
        List<String> sockets = List.of(
                folder.resolve("net0.sock").toString(),
                folder.resolve("net1.sock").toString());
        Backend card = Backend.clientPorts(folder, "spin", "");
        try (Testpmd testpmd = Testpmd.frontend(
                List.of(
                        "net_pcap0,rx_pcap=" + in + ",tx_pcap=" + folder.resolve("unused.pcap"),
                        "net_virtio_user0,path=" + sockets.get(0) + ",server=1,queue_size=256",
                        "net_virtio_user1,path=" + sockets.get(1) + ",server=1,queue_size=1024",
                        "net_pcap1,rx_pcap=" + Capture.write(folder.resolve("empty.pcap"), List.of()) + ",tx_pcap="
                                + folder.resolve("out0.pcap")),
                "--no-flush-rx")) {
            testpmd.awaitStart();
            forward(testpmd);
            assertThat(testpmd.awaitCounter(3, "TX-packets", frames.size(), LIMIT))
                    .isTrue();
            testpmd.ask("stop", "^Done");

            card.kill();
            awaitLink(testpmd, 1, "down");
            card = Backend.clientPorts(folder, "spin", "");
            awaitLink(testpmd, 1, "up");
            awaitLink(testpmd, 2, "up");

            for (String command : List.of("port stop 0", "port stop 3", "port start 0", "port start 3")) {
                testpmd.ask(command, "^Done$");
            }
            forward(testpmd);
            assertThat(testpmd.awaitCounter(3, "TX-packets", 2L * frames.size(), LIMIT))
                    .as("all frames arrived: %s, %s, %s", testpmd.counters(1), testpmd.counters(2), card.counters())
                    .isTrue();
            testpmd.quit();
            assertThat(arrived(1).equals(Capture.text(frames)))
                    .as("same frames in the same order")
                    .isTrue();
        } finally {
            card.kill();
        }
    }

    private static void awaitLink(Testpmd testpmd, int port, String status) throws InterruptedException {
        for (int i = 0; i < 100; i++) {
            if (testpmd.ask("show port info " + port, "Link status: (\\w+)")
                    .group(1)
                    .equals(status)) {
                return;
            }
            Thread.sleep(100);
        }
        throw new AssertionError("the link of port " + port + " does not go " + status);
    }

    private static void forward(Testpmd testpmd) throws InterruptedException {
        // the driver enables its rings without waiting for an answer: what comes before the card has seen it is dropped
        Thread.sleep(500);
        testpmd.tell("set fwd io retry");
        testpmd.tell("set burst tx delay 1 retry 5000000");
        testpmd.tell("start");
    }

    /** A capture file's port, the two ports of the card, a capturing port: testpmd forwards 0 to 1 and 2 to 3. */
    private List<String> devices(Backend card, List<byte[]> frames, int queues, String properties) throws Exception {
        StringBuilder source = new StringBuilder("net_pcap0");
        StringBuilder sink = new StringBuilder("net_pcap1");
        for (int queue = 0; queue < queues; queue++) {
            List<byte[]> share = new ArrayList<>();
            for (int i = queue; i < frames.size(); i += queues) {
                share.add(frames.get(i));
            }
            Path answer = Capture.write(folder.resolve("answer" + queue + ".pcap"), List.of(Capture.answer(queue)));
            source.append(",rx_pcap=").append(Capture.write(folder.resolve("in" + queue + ".pcap"), share));
            source.append(",tx_pcap=").append(folder.resolve("unused" + queue + ".pcap"));
            sink.append(",rx_pcap=").append(answer);
            sink.append(",tx_pcap=").append(folder.resolve("out" + queue + ".pcap"));
        }
        return List.of(
                source.toString(),
                "net_virtio_user0,path=" + card.socket(0) + ",queues=" + queues + ",queue_size=256" + properties,
                "net_virtio_user1,path=" + card.socket(1) + ",queues=" + queues + ",queue_size=1024" + properties,
                sink.toString());
    }

    private List<String> arrived(int queues) throws Exception {
        List<String> frames = new ArrayList<>();
        for (int queue = 0; queue < queues; queue++) {
            frames.addAll(Capture.read(folder.resolve("out" + queue + ".pcap")));
        }
        return frames;
    }
}
