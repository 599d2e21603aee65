package dev.cipu.shim.load;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FrameLedgerTest {
    private final FrameLedger ledger = new FrameLedger();

    @Test
    void remembersWhenAFrameLeft() {
        long first = ledger.issue(10);
        long second = ledger.issue(20);
        assertThat(ledger.returned(first)).isEqualTo(10);
        assertThat(ledger.returned(second)).isEqualTo(20);
        assertThat(ledger.away()).isZero();
        assertThat(ledger.reordered()).isZero();
    }

    @Test
    void countsAFrameThatComesBackTwice() {
        long sequence = ledger.issue(1);
        ledger.returned(sequence);
        assertThat(ledger.returned(sequence)).isEqualTo(-1);
        assertThat(ledger.returned(sequence + 1)).as("never sent").isEqualTo(-1);
        assertThat(ledger.returned(-5)).isEqualTo(-1);
        assertThat(ledger.duplicated()).isEqualTo(3);
    }

    @Test
    void aFrameGivenUpMayStillComeBack() {
        long late = ledger.issue(1);
        ledger.issue(2);
        ledger.giveUp();
        assertThat(ledger.lost()).isEqualTo(2);
        assertThat(ledger.away()).isZero();
        assertThat(ledger.returned(late)).isEqualTo(1);
        assertThat(ledger.lost()).isEqualTo(1);
    }

    @Test
    void aFrameWhosePlaceIsNeededAgainIsLost() {
        for (int i = 0; i <= FrameLedger.ROOM; i++) {
            ledger.issue(i);
        }
        assertThat(ledger.lost()).isEqualTo(1);
        assertThat(ledger.away()).isEqualTo(FrameLedger.ROOM);
        assertThat(ledger.returned(0)).as("nobody knows it any more").isEqualTo(-1);
    }

    @Test
    void noticesAnotherOrder() {
        long first = ledger.issue(1);
        long second = ledger.issue(1);
        ledger.returned(second);
        ledger.returned(first);
        assertThat(ledger.reordered()).isEqualTo(1);
    }

    @Test
    void forgivenFramesAreNobodys() {
        long before = ledger.issue(1);
        ledger.giveUp();
        ledger.forgive();
        assertThat(ledger.lost()).isZero();
        assertThat(ledger.returned(before)).isEqualTo(-1);
        assertThat(ledger.returned(ledger.issue(7))).isEqualTo(7);
    }
}
