package dev.cipu.shim.torture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.shim.load.ScriptedBackEnd;
import dev.cipu.shim.probe.DeviceKind;
import dev.cipu.shim.probe.LinkException;
import dev.cipu.shim.probe.Peer;
import dev.cipu.shim.vhost.ProtocolFeature;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.ring.Chain;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class TortureTest {
    private static final FeatureSet FEATURES = FeatureSet.of(RingFeature.VERSION_1);
    private static final long PROTOCOL = ProtocolFeature.REPLY_ACK | ProtocolFeature.NET_MTU;

    @TempDir
    Path folder;

    private Peer peer() {
        return Peer.of(folder.resolve("s"), Duration.ofMillis(400));
    }

    private AttackResult attack(int number) {
        return Torture.of(peer(), null, 0, Set.of(number))
                .run(result -> {})
                .results()
                .getFirst();
    }

    @Test
    void everyNumberIsThereOnceForEachTypeThatItIsFor() {
        List<Integer> numbers =
                BackEndVictim.attacks().stream().map(Attack::number).toList();
        assertThat(numbers)
                .doesNotHaveDuplicates()
                .containsExactlyElementsOf(IntStream.rangeClosed(1, 61).boxed().toList());
    }

    @Test
    void aBackEndThatGoesOnHasSurvived() {
        Chain chain = new Chain();
        try (ScriptedBackEnd backEnd =
                new ScriptedBackEnd(folder.resolve("s"), FEATURES, PROTOCOL, new byte[0], (index, queue, all) -> {
                    int done = 0;
                    while (index == 1 && queue.pop(chain)) {
                        queue.push(chain.head(), 0);
                        done++;
                    }
                    queue.publish();
                    return done;
                })) {
            assertThat(attack(30).verdict()).isEqualTo(Damage.SURVIVED);
            assertThat(backEnd.sessions()).isGreaterThan(2);
        }
    }

    @Test
    void aBackEndThatServesNoSessionAfterwardsIsWedged() {
        try (ScriptedBackEnd backEnd =
                new ScriptedBackEnd(folder.resolve("s"), FEATURES, PROTOCOL, new byte[0], (index, queue, all) -> 0)) {
            AttackResult result = attack(7);
            assertThat(result.verdict()).isEqualTo(Damage.WEDGED);
            assertThat(result.seen()).contains("a fresh session is not served");
            assertThat(backEnd.failure()).isNull();
        }
    }

    @Test
    void aBackEndThatNoLongerListensHasCrashed() {
        ScriptedBackEnd backEnd =
                new ScriptedBackEnd(folder.resolve("s"), FEATURES, PROTOCOL, new byte[0], (index, queue, all) -> 0);
        Torture<?> torture = Torture.of(peer(), DeviceKind.NET, 0, Set.of(7, 8));
        backEnd.close();
        List<AttackResult> results = torture.run(result -> {}).results();
        assertThat(results).extracting(AttackResult::verdict).containsExactly(Damage.CRASHED, Damage.SKIPPED);
        assertThat(results.getLast().seen()).isEqualTo("the back-end is gone");
    }

    @Test
    void withoutABackEndThereIsNothingToAttack() {
        assertThatThrownBy(() -> Torture.of(peer(), null, 0, Set.of())).isInstanceOf(LinkException.class);
    }
}
