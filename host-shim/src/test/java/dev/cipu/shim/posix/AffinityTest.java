package dev.cipu.shim.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;

class AffinityTest {
    @Test
    void pinsTheCallingThreadOnly() throws Exception {
        List<Integer> mine = Affinity.allowed();
        int last = mine.getLast();
        FutureTask<List<Integer>> pinned = new FutureTask<>(() -> {
            Affinity.pin(last);
            return Affinity.allowed();
        });
        Thread.ofPlatform().start(pinned);
        assertThat(pinned.get()).containsExactly(last);
        assertThat(Affinity.allowed()).isEqualTo(mine);
    }

    @Test
    void refusesCpusThatAreNotThere() {
        assertThatThrownBy(() -> Affinity.pin(8191)).isInstanceOf(PosixException.class);
        assertThatThrownBy(() -> Affinity.pin(-1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Affinity.pin(8192)).isInstanceOf(IllegalArgumentException.class);
    }
}
