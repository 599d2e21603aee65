package dev.cipu.shim.conform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.shim.load.ScriptedBackEnd;
import dev.cipu.shim.probe.DeviceKind;
import dev.cipu.shim.probe.Peer;
import dev.cipu.shim.vhost.ProtocolFeature;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.memory.HostMemory;
import dev.cipu.virtio.net.NetFeature;
import dev.cipu.virtio.ring.Chain;
import dev.cipu.virtio.ring.SplitQueue;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Back-ends with one fault each, and the demand under which it must be reported. */
@Timeout(60)
class ConformanceTest {
    private static final FeatureSet FEATURES =
            FeatureSet.of(RingFeature.VERSION_1, RingFeature.EVENT_IDX, RingFeature.INDIRECT_DESC);

    private static final long PROTOCOL = ProtocolFeature.REPLY_ACK | ProtocolFeature.NET_MTU;

    @TempDir
    Path folder;

    /** Takes every frame; what a test does wrong it hands in. */
    private static final class Sink implements ScriptedBackEnd.Device {
        private final Chain chain = new Chain();
        private final ToIntFunction<Chain> claim;
        private final Consumer<SplitQueue> after;

        /**
         * @param claim the length to put into the used ring for a chain
         * @param after what to do when some were pushed
         */
        Sink(ToIntFunction<Chain> claim, Consumer<SplitQueue> after) {
            this.claim = claim;
            this.after = after;
        }

        static Sink sound() {
            return new Sink(_ -> 0, SplitQueue::publish);
        }

        @Override
        public int serve(int index, SplitQueue queue, List<@Nullable SplitQueue> all) {
            int done = 0;
            while (index == 1 && queue.pop(chain)) {
                queue.push(chain.head(), claim.applyAsInt(chain));
                done++;
            }
            if (done > 0) {
                after.accept(queue);
            }
            return done;
        }
    }

    private CheckResult check(String id, FeatureSet features, ScriptedBackEnd.Device device) {
        try (ScriptedBackEnd _ = new ScriptedBackEnd(folder.resolve("s"), features, PROTOCOL, new byte[0], device)) {
            ConformReport report = Conformance.of(peer(), null, Set.of(id)).run(result -> {});
            assertThat(report.results()).hasSize(1);
            return report.results().getFirst();
        }
    }

    private Peer peer() {
        return Peer.of(folder.resolve("s"), Duration.ofMillis(500));
    }

    private void assertVerdict(String id, Verdict verdict, ScriptedBackEnd.Device device) {
        CheckResult result = check(id, FEATURES, device);
        assertThat(result.verdict()).as("%s", result).isEqualTo(verdict);
        assertThat(result.id()).isEqualTo(id);
    }

    @Test
    void everyIdHasADemandAndOneCheckOfEachType() {
        Set<String> all = new HashSet<>();
        for (DeviceKind kind : DeviceKind.values()) {
            List<String> ids = Conformance.checks().stream()
                    .filter(check -> check.kinds().contains(kind))
                    .flatMap(check -> check.ids().stream())
                    .toList();
            assertThat(ids).doesNotHaveDuplicates();
            ids.forEach(id -> assertThat(Demands.of(id).text()).isNotBlank());
            all.addAll(ids);
        }
        assertThat(all).hasSizeGreaterThan(120);
    }

    @Test
    void aSoundBackEndPasses() {
        for (String id : List.of("SR-001", "SR-009", "SR-010", "SR-012", "SR-013", "SR-015", "SR-021", "NQ-002")) {
            assertVerdict(id, Verdict.PASS, Sink.sound());
        }
    }

    @Test
    void aLengthAboveWhatCanBeWrittenIsFound() {
        Sink liar = new Sink(taken -> (int) taken.readableBytes(), SplitQueue::publish);
        assertVerdict("SR-015", Verdict.FAIL, liar);
        assertVerdict("NQ-002", Verdict.FAIL, liar);
    }

    @Test
    void callsAgainstTheWishOfTheDriverAreFound() {
        ScriptedBackEnd.Device nagger = new ScriptedBackEnd.Device() {
            private final Sink sink = Sink.sound();

            @Override
            public int serve(int index, SplitQueue queue, List<@Nullable SplitQueue> all) {
                return sink.serve(index, queue, all);
            }

            @Override
            public boolean alwaysCalls() {
                return true;
            }
        };
        assertVerdict("SR-009", Verdict.FAIL, nagger);
        assertVerdict("SR-013", Verdict.FAIL, nagger);
        assertVerdict("SR-010", Verdict.PASS, nagger);
    }

    @Test
    void callsThatNeverComeAreFound() {
        Sink mute = new Sink(_ -> 0, SplitQueue::release);
        assertVerdict("SR-010", Verdict.FAIL, mute);
        assertVerdict("SR-012", Verdict.FAIL, mute);
        assertVerdict("SR-009", Verdict.PASS, mute);
    }

    @Test
    void aWriteIntoABufferToReadIsFound() {
        Sink vandal = new Sink(
                taken -> {
                    HostMemory.ALL.set(ValueLayout.JAVA_BYTE, taken.address(0) + 3, (byte) 7);
                    return 0;
                },
                SplitQueue::publish);
        assertVerdict("SR-003", Verdict.FAIL, vandal);
    }

    /** It says that it has read, and leaves the buffer as it was. */
    @Test
    void anAnswerThatDependsOnTheBufferIsFound() {
        ScriptedBackEnd.Device lazy = new ScriptedBackEnd.Device() {
            private final Chain chain = new Chain();

            @Override
            public int serve(int index, SplitQueue queue, List<@Nullable SplitQueue> all) {
                int done = 0;
                while (queue.pop(chain)) {
                    chain.zero(chain.writableBytes() - 1, 1);
                    queue.push(chain.head(), 1);
                    done++;
                }
                queue.publish();
                return done;
            }
        };
        BadBackEnd disk = new BadBackEnd(
                folder, DeviceKind.BLK, FEATURES, ProtocolFeature.REPLY_ACK | ProtocolFeature.CONFIG, new byte[60]);
        assertThat(disk.failures(Set.of("SR-004", "SR-009"), lazy)).containsExactly("SR-004");
    }

    @Test
    void aFeatureWithoutWhatItNeedsIsFound() {
        CheckResult result = check("BF-004", FEATURES.with(NetFeature.HOST_TSO4), Sink.sound());
        assertThat(result.verdict()).isEqualTo(Verdict.FAIL);
        assertThat(result.seen()).contains("HOST_TSO4");
    }

    @Test
    void aMissingVersionIsFound() {
        assertThat(check("BF-025", FEATURES.without(RingFeature.VERSION_1), Sink.sound())
                        .verdict())
                .isEqualTo(Verdict.FAIL);
    }

    @Test
    void whatCannotBeSeenIsSkippedWithItsReason() {
        CheckResult result = check("BF-001", FEATURES, Sink.sound());
        assertThat(result.verdict()).isEqualTo(Verdict.SKIP);
        assertThat(result.seen()).contains("STATUS");
        assertThat(check("NT-030", FEATURES, Sink.sound()).seen()).contains("no frame comes back");
    }

    @Test
    void aBackEndThatLeavesIsReportedOnceAndTheRestSkipped() {
        ScriptedBackEnd backEnd =
                new ScriptedBackEnd(folder.resolve("s"), FEATURES, PROTOCOL, new byte[0], Sink.sound());
        Conformance conformance = Conformance.of(peer(), null, Set.of("SR-001", "SR-003"));
        backEnd.close();
        ConformReport report = conformance.run(result -> {});
        assertThat(report.results()).extracting(CheckResult::verdict).containsExactly(Verdict.FAIL, Verdict.SKIP);
        assertThat(report.results().getLast().seen()).isEqualTo("the back-end is gone");
    }

    @Test
    void anUnknownIdIsWrongUsage() {
        try (ScriptedBackEnd _ =
                new ScriptedBackEnd(folder.resolve("s"), FEATURES, PROTOCOL, new byte[0], Sink.sound())) {
            assertThatThrownBy(() -> Conformance.of(peer(), null, Set.of("XX-001")))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("XX-001");
        }
    }
}
