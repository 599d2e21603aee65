package dev.cipu.shim.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import org.junit.jupiter.api.Test;

class WorkloadSourceTest {
    @Test
    void sequentialBlocksAscendAndStartOver() {
        WorkloadSource source = new WorkloadSource(BlkWorkload.READ, 3, 1, null);
        for (long expected : new long[] {0, 1, 2, 0, 1}) {
            assertThat(source.next()).isEqualTo(expected);
            assertThat(source.reads()).isTrue();
        }
    }

    @Test
    void randomBlocksReachTheWholeSpanAndNothingElse() {
        WorkloadSource source = new WorkloadSource(BlkWorkload.RANDWRITE, 100, 7, null);
        BitSet seen = new BitSet();
        for (int i = 0; i < 5_000; i++) {
            seen.set((int) source.next());
            assertThat(source.reads()).isFalse();
        }
        assertThat(seen.cardinality()).isEqualTo(100);
        assertThat(seen.length()).isEqualTo(100);
    }

    @Test
    void aMixReadsAboutHalfOfTheTime() {
        WorkloadSource source = new WorkloadSource(BlkWorkload.RANDRW, 100, 7, null);
        int reads = 0;
        for (int i = 0; i < 10_000; i++) {
            source.next();
            reads += source.reads() ? 1 : 0;
        }
        assertThat(reads).isBetween(4_700, 5_300);
    }

    @Test
    void aBlockUnderWayIsPassedOver() {
        BlockLedger ledger = new BlockLedger(2);
        WorkloadSource source = new WorkloadSource(BlkWorkload.RANDWRITE, 2, 7, ledger);
        long first = source.next();
        long second = source.next();
        assertThat(second).isEqualTo(1 - first);
        assertThat(source.next()).isEqualTo(BlkSource.NONE);
        ledger.release((int) first);
        assertThat(source.next()).isEqualTo(first);
    }

    @Test
    void readsBackExactlyWhatWasWritten() {
        BlockLedger ledger = new BlockLedger(200);
        for (int block : new int[] {3, 64, 199}) {
            ledger.acknowledge(block);
        }
        ReadBackSource source = new ReadBackSource(ledger);
        assertThat(source.next()).isEqualTo(3);
        assertThat(source.next()).isEqualTo(64);
        assertThat(source.next()).isEqualTo(199);
        assertThat(source.next()).isEqualTo(BlkSource.NONE);
    }
}
