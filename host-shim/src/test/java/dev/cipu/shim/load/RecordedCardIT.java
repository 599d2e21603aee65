package dev.cipu.shim.load;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.dataplane.CounterReader;
import dev.cipu.shim.assembly.CardAssembly;
import dev.cipu.shim.assembly.CardSpecBuilder;
import dev.cipu.shim.assembly.CounterFile;
import dev.cipu.shim.assembly.DeviceSpec;
import dev.cipu.shim.assembly.KeyValues;
import dev.cipu.shim.trace.TraceReader;
import dev.cipu.shim.trace.TracedDevice;
import dev.cipu.shim.trace.Transaction;
import dev.cipu.virtio.blk.BlkRequest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
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
        CardSpecBuilder card = new CardSpecBuilder()
                .stats(folder.resolve("counters"))
                .uplink("test", "loopback:")
                .net(KeyValues.parse("net", "socket=" + folder.resolve("net") + ",queues=2"))
                .blk(KeyValues.parse("blk", "socket=" + folder.resolve("blk") + ",store=mem:8M,queues=2"))
                .record(new KeyValues(
                        "record", Map.of("dir", folder.resolve("trace").toString())));
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
}
