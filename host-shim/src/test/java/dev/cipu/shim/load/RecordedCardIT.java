package dev.cipu.shim.load;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.dataplane.CounterReader;
import dev.cipu.device.card.CardProfile;
import dev.cipu.shim.assembly.CardAssembly;
import dev.cipu.shim.assembly.CardSpecBuilder;
import dev.cipu.shim.assembly.CounterFile;
import dev.cipu.shim.assembly.DeviceSpec;
import dev.cipu.shim.assembly.KeyValues;
import dev.cipu.shim.profile.CardProfiles;
import dev.cipu.shim.replay.Contents;
import dev.cipu.shim.replay.Pace;
import dev.cipu.shim.replay.Selection;
import dev.cipu.shim.replay.live.LiveReplay;
import dev.cipu.shim.replay.live.LiveResult;
import dev.cipu.shim.replay.live.LiveSpec;
import dev.cipu.shim.replay.live.Writes;
import dev.cipu.shim.replay.model.ModelReplay;
import dev.cipu.shim.replay.model.ReplayReport;
import dev.cipu.shim.trace.TraceReader;
import dev.cipu.shim.trace.TracedDevice;
import dev.cipu.shim.trace.Transaction;
import dev.cipu.sim.model.DriverHabits;
import dev.cipu.sim.model.Operation;
import dev.cipu.virtio.blk.BlkRequest;
import dev.cipu.virtio.ring.RingFormat;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A card that records, the driver's half in front of it: every transaction that the card counted is in the trace. */
@Timeout(120)
class RecordedCardIT {
    private static final int OPS = 20_000;

    @TempDir
    private Path folder;

    private CardAssembly card() {
        return card("trace");
    }

    private CardAssembly card(String trace) {
        CardSpecBuilder card = new CardSpecBuilder()
                .stats(folder.resolve("counters"))
                .uplink("test", "loopback:")
                .net(KeyValues.parse("net", "socket=" + folder.resolve("net") + ",queues=2"))
                .blk(KeyValues.parse("blk", "socket=" + folder.resolve("blk") + ",store=mem:8M,queues=2"))
                .record(new KeyValues(
                        "record", Map.of("dir", folder.resolve(trace).toString())));
        CardAssembly made = CardAssembly.start(card.build());
        made.spec().devices().forEach((DeviceSpec each) -> made.serve(each));
        return made;
    }

    private Map<String, Long> counters(String owner) throws IOException {
        return CounterFile.read(folder.resolve("counters")).groups().stream()
                .filter(group -> group.owner().equals(owner))
                .map(CounterReader.Group::values)
                .findFirst()
                .orElseThrow();
    }

    private long counter(String owner, String name) throws IOException {
        return Objects.requireNonNull(counters(owner).get(name));
    }

    @Test
    void everyTransactionIsInTheTrace() throws IOException {
        try (CardAssembly _ = card()) {
            RunSpec run = new RunSpec(1, OPS, 0, false, RunSpec.ANY_CORE);
            NetLoadResult frames =
                    NetLoad.run(NetLoadSpec.of(LoopbackCard.target(folder, LoopbackCard.NET, false), 200, run)
                            .withPairs(2)
                            .withVerify(true));
            assertThat(frames.passed()).as(frames.toString()).isTrue();
            BlkLoadResult requests = BlkLoad.run(BlkLoadSpec.of(
                            LoopbackCard.target(folder, LoopbackCard.BLK, true), BlkWorkload.RANDRW, 4096, 32, run)
                    .withQueues(2)
                    .withVerify(true));
            assertThat(requests.passed()).as(requests.firstProblem()).isTrue();
        }
        Map<String, Long> port = counters("net0");
        assertThat(counters("journal/worker0").get("lost")).isZero();
        assertThat(counters("journal").get("discarded")).isZero();

        Map<String, Long> found = new TreeMap<>();
        long last = Long.MIN_VALUE;
        try (TraceReader trace = TraceReader.open(folder.resolve("trace"))) {
            assertThat(trace.isEnded()).isTrue();
            assertThat(trace.devices()).extracting(TracedDevice::id).containsExactly("net0", "blk0");
            assertThat(trace.totals().stream().mapToLong(each -> each.lost()).sum())
                    .isZero();
            Transaction each = trace.transaction();
            while (trace.next()) {
                assertThat(each.taken()).isGreaterThanOrEqualTo(last);
                assertThat(each.completed()).isGreaterThanOrEqualTo(each.taken());
                last = each.taken();
                boolean block = each.kind() == Transaction.Kind.BLOCK;
                found.merge(each.kind() + (block ? "" + each.operation() : ""), 1L, Long::sum);
                if (block) {
                    assertThat(each.status()).isEqualTo(BlkRequest.OK);
                } else {
                    assertThat(each.hasFrame()).isTrue();
                    assertThat(each.captured()).isEqualTo(64);
                }
            }
            assertThat(counters("journal/worker0").get("records")).isEqualTo(trace.records());
        }
        assertThat(port.get("tx_packets")).isGreaterThanOrEqualTo(OPS);
        assertThat(found.get("TRANSMIT")).isEqualTo(port.get("tx_packets"));
        assertThat(found.get("RECEIVE")).isEqualTo(port.get("rx_packets"));
        long reads = counter("blk0/0", "reads") + counter("blk0/1", "reads");
        long writes = counter("blk0/0", "writes") + counter("blk0/1", "writes");
        assertThat(reads + writes).isGreaterThanOrEqualTo(OPS);
        assertThat(found.get("BLOCK" + BlkRequest.IN)).isEqualTo(reads);
        assertThat(found.get("BLOCK" + BlkRequest.OUT)).isEqualTo(writes);
    }

    /** Of what passed the first card: cards of the model do the same, and so does another card, which records it again. */
    @Test
    void whatWasRecordedIsDoneOnceMore() {
        RunSpec run = new RunSpec(1, OPS, 0, false, RunSpec.ANY_CORE);
        try (CardAssembly _ = card()) {
            NetLoad.run(NetLoadSpec.of(LoopbackCard.target(folder, LoopbackCard.NET, false), 200, run)
                    .withPairs(2));
            BlkLoad.run(BlkLoadSpec.of(
                            LoopbackCard.target(folder, LoopbackCard.BLK, true), BlkWorkload.RANDRW, 4096, 32, run)
                    .withQueues(2));
        }
        ModelReplay model = new ModelReplay(
                folder.resolve("trace"),
                Selection.ALL,
                Pace.UNPACED,
                new DriverHabits(RingFormat.PACKED, 256, 16, true, false),
                1);
        Contents contents = model.contents();
        List<CardProfile> cards =
                Stream.of("software-2016", "cipu-1").map(CardProfiles::find).toList();
        ReplayReport report = model.run(contents, cards, List.of(), 2);
        assertThat(report.cards())
                .hasSize(2)
                .allSatisfy(each -> assertThat(each.operations().stream()
                                .collect(Collectors.toMap(done -> done.operation(), done -> done.count())))
                        .isEqualTo(contents.kinds().stream()
                                .collect(Collectors.toMap(kind -> kind.operation(), kind -> kind.count()))));

        try (CardAssembly _ = card("again")) {
            once(LoopbackCard.NET, "net0");
            once(LoopbackCard.BLK, "blk0");
        }
        Contents again = Contents.of(folder.resolve("again"), Selection.ALL, Pace.RECORDED);
        for (Operation operation : List.of(Operation.SEND, Operation.READ, Operation.WRITE)) {
            Contents.Kind before = Objects.requireNonNull(contents.kind(operation));
            Contents.Kind after = Objects.requireNonNull(again.kind(operation));
            assertThat(after.count()).as(operation.plural()).isEqualTo(before.count());
            assertThat(after.bytes()).isEqualTo(before.bytes());
        }
    }

    private void once(String socket, String device) {
        LiveSpec spec = new LiveSpec(
                folder.resolve("trace"),
                new Selection(List.of(device), List.of()),
                Pace.at(2),
                LoopbackCard.target(folder, socket, false),
                false,
                Writes.SEND);
        try (LiveReplay replay = LiveReplay.connect(spec)) {
            LiveResult result = replay.run();
            assertThat(result.passed()).as(result.firstProblem()).isTrue();
            assertThat(result.seconds()).isGreaterThanOrEqualTo(result.recordedSeconds());
        }
    }
}
