package dev.cipu.bench.overhead;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class CacheMissesTest {
    @Test
    void aThreadWithoutACounterLeavesAllUnknown() {
        try (CacheMisses misses = new CacheMisses()) {
            misses.watch(CacheMisses.THIS_THREAD);
            misses.watch(Integer.MAX_VALUE);
            misses.end();
            assertThat(misses.count()).isEqualTo(-1);
        }
    }

    @Test
    void nobodyWatchedIsUnknownToo() {
        try (CacheMisses misses = new CacheMisses()) {
            misses.end();
            assertThat(misses.count()).isEqualTo(-1);
        }
    }
}
