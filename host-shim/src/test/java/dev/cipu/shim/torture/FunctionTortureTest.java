package dev.cipu.shim.torture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.dataplane.IdlePolicy;
import dev.cipu.shim.assembly.BlkSpec;
import dev.cipu.shim.assembly.CardAssembly;
import dev.cipu.shim.assembly.CardSpec;
import dev.cipu.shim.assembly.DeviceSpec;
import dev.cipu.shim.assembly.EndpointSpec;
import dev.cipu.shim.assembly.StoreSpec;
import dev.cipu.shim.probe.LinkException;
import dev.cipu.shim.probe.Peer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The card's own function under attack, and a server that does not stand it. */
@Timeout(300)
class FunctionTortureTest {
    @TempDir
    Path folder;

    private Peer peer(Duration patience) {
        return Peer.of(folder.resolve("s"), patience);
    }

    private CardAssembly card() {
        EndpointSpec at = new EndpointSpec(
                EndpointSpec.Mode.SERVER, folder.resolve("s"), -1, EndpointSpec.Transport.VFIO_USER_TRAPPED);
        DeviceSpec disk = new BlkSpec("blk0", at, "disk", false, 2, "serial", 512);
        CardAssembly card = CardAssembly.start(new CardSpec(
                List.of(),
                IdlePolicy.SLEEP,
                folder.resolve("counters"),
                Map.of("disk", new StoreSpec.Memory(1 << 20)),
                List.of(),
                List.of(disk)));
        card.serve(disk);
        return card;
    }

    @Test
    void everyNumberIsThereOnce() {
        assertThat(FunctionVictim.attacks().stream().map(Attack::number))
                .containsExactlyElementsOf(IntStream.rangeClosed(62, 70).boxed().toList());
    }

    @Test
    void theCardsFunctionWithstandsAllOfIt() {
        try (CardAssembly _ = card()) {
            TortureReport report = Torture.ofFunction(
                            peer(Duration.ofSeconds(8)),
                            null,
                            ProcessHandle.current().pid(),
                            Set.of())
                    .run(result -> {});
            assertThat(report.results())
                    .filteredOn(result -> result.verdict().isHarm())
                    .isEmpty();
            assertThat(report.results())
                    .filteredOn(result -> result.verdict() == Damage.SKIPPED)
                    .extracting(AttackResult::number)
                    .containsExactly(68);
            assertThat(report.type()).isEqualTo("blk");
        }
    }

    @Test
    void aServerThatIsGoneHasCrashedAndTheRestIsSkipped() {
        CardAssembly card = card();
        Torture<?> torture = Torture.ofFunction(peer(Duration.ofMillis(300)), null, 0, Set.of(62, 64));
        card.close();
        List<AttackResult> results = torture.run(result -> {}).results();
        assertThat(results).extracting(AttackResult::verdict).containsExactly(Damage.CRASHED, Damage.SKIPPED);
        assertThat(results.getLast().seen()).isEqualTo("the server is gone");
    }

    @Test
    void aNumberThatNobodyHasIsRefused() {
        try (CardAssembly _ = card()) {
            assertThatThrownBy(() -> Torture.ofFunction(peer(Duration.ofSeconds(5)), null, 0, Set.of(1)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("no attack");
        }
        assertThatThrownBy(() -> Torture.ofFunction(peer(Duration.ofMillis(200)), null, 0, Set.of()))
                .isInstanceOf(LinkException.class);
    }
}
