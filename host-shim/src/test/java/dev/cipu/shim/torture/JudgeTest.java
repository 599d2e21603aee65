package dev.cipu.shim.torture;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.shim.torture.Judge.Holdings;
import dev.cipu.shim.torture.Judge.Reaction;
import java.util.List;
import org.junit.jupiter.api.Test;

class JudgeTest {
    private static final long MAPPED = 16L << 20;

    private static Damage judge(Reaction reaction, boolean alive, boolean healthy, long... descriptors) {
        return Judge.verdict(
                reaction,
                alive,
                healthy,
                java.util.Arrays.stream(descriptors)
                        .mapToObj(count -> new Holdings(count, MAPPED))
                        .toList());
    }

    @Test
    void whoServesTheNextSessionHasWithstood() {
        assertThat(judge(Reaction.WENT_ON, true, true)).isEqualTo(Damage.SURVIVED);
        assertThat(judge(Reaction.REFUSED, true, true)).isEqualTo(Damage.REJECTED);
        assertThat(judge(Reaction.SILENT, true, true)).isEqualTo(Damage.REJECTED);
    }

    @Test
    void whoServesNobodyIsWedgedOrGone() {
        assertThat(judge(Reaction.WENT_ON, true, false)).isEqualTo(Damage.WEDGED);
        assertThat(judge(Reaction.REFUSED, false, false)).isEqualTo(Damage.CRASHED);
        assertThat(judge(Reaction.WENT_ON, false, true)).isEqualTo(Damage.CRASHED);
    }

    @Test
    void descriptorsThatGrowEveryRoundAreALeak() {
        assertThat(judge(Reaction.WENT_ON, true, true, 20, 22, 24, 26)).isEqualTo(Damage.LEAKED);
        assertThat(judge(Reaction.REFUSED, true, true, 20, 21, 22, 23)).isEqualTo(Damage.LEAKED);
    }

    @Test
    void aCacheThatFillsOnceIsNone() {
        assertThat(judge(Reaction.WENT_ON, true, true, 20, 30, 30, 30)).isEqualTo(Damage.SURVIVED);
        assertThat(judge(Reaction.WENT_ON, true, true, 20, 21, 22, 21)).isEqualTo(Damage.SURVIVED);
        assertThat(judge(Reaction.WENT_ON, true, true, 20, 21)).isEqualTo(Damage.SURVIVED);
        assertThat(judge(Reaction.WENT_ON, true, true, 20)).isEqualTo(Damage.SURVIVED);
    }

    @Test
    void memoryThatGrowsEveryRoundIsALeak() {
        List<Holdings> growing =
                List.of(new Holdings(20, MAPPED), new Holdings(20, 3 * MAPPED), new Holdings(20, 5 * MAPPED));
        assertThat(Judge.leaks(growing)).isTrue();
        List<Holdings> little = List.of(new Holdings(20, MAPPED), new Holdings(20, MAPPED + 4096));
        assertThat(Judge.leaks(little)).isFalse();
    }

    @Test
    void harmIsWhatAnOperatorWouldCallSo() {
        assertThat(Damage.values())
                .filteredOn(Damage::isHarm)
                .containsExactly(Damage.WEDGED, Damage.CRASHED, Damage.LEAKED);
    }
}
