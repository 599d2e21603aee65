package dev.cipu.bench.overhead;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A made-up machine on which every figure can be reckoned by hand. */
class AccountsTest {
    private static final Work PACKETS = new Work("packets", new Work.Packets(64, 0), null);
    private static final Work READS = new Work("reads", null, new Work.Requests("randread", 4096, 32));
    private static final double NEAR = 60;

    private final Ledger ledger = new Ledger();
    private final TurnLog log = new TurnLog();

    private void turn(Work work, Way way, double driver, double waiting, double device, double rate) {
        String kind = work.packets() == null ? Measured.REQUEST_RATE : Measured.PACKET_RATE;
        Map<String, Double> figures = Map.of(
                Measured.DRIVER_WORK,
                driver,
                Measured.DRIVER_CPU,
                driver + waiting,
                Measured.DEVICE_CPU,
                device,
                Measured.DRIVER_CORES,
                driver * rate / 1e9,
                Measured.DEVICE_CORES,
                device * rate / 1e9,
                Measured.OPS_RATE,
                rate,
                kind,
                rate);
        log.add(
                Turn.Kind.ROUND,
                work,
                way,
                1,
                new Measured(figures, List.of(), List.of(), Map.of(), Map.of()),
                NEAR,
                NEAR);
    }

    @BeforeEach
    void measure() {
        turn(PACKETS, Way.BARE, 100, 5, 50, 9e6);
        turn(PACKETS, Way.CARD, 110, 20, 60, 8e6);
        turn(PACKETS, Way.INTERRUPT, 400, 0, 710, 1e6);
        turn(READS, Way.BARE, 200, 5, 50, 4e6);
        turn(READS, Way.CARD, 190, 20, 60, 3e6);
        turn(READS, Way.INTERRUPT, 5_200, 0, 5_000, 1e5);
        for (int percent : Levels.PERCENTS) {
            // a tenth of the rate costs an interrupt ten times as much, and a card nothing more
            double rate = 10_000.0 * percent;
            level(PACKETS, Way.BARE, percent, rate, rate * 100 / 1e9, 0);
            level(PACKETS, Way.CARD, percent, rate, rate * 110 / 1e9, 1);
            level(PACKETS, Way.INTERRUPT, percent, rate, 0.5, 0.5 + rate * 100 / 1e9);
            level(READS, Way.BARE, percent, rate, rate * 200 / 1e9, 0);
            level(READS, Way.CARD, percent, rate, rate * 190 / 1e9, 1);
            level(READS, Way.INTERRUPT, percent, rate, 0.5, 0.5 + rate * 200 / 1e9);
        }
        new Accounts(ledger, log).enter(List.of(PACKETS, READS));
        Levels.enter(ledger, log, List.of(PACKETS, READS));
    }

    private void level(Work work, Way way, int percent, double rate, double driver, double device) {
        Map<String, Double> figures =
                Map.of(Measured.OPS_RATE, rate, Measured.DRIVER_CORES, driver, Measured.DEVICE_CORES, device);
        log.add(
                Turn.Kind.LEVEL,
                work,
                way,
                percent,
                new Measured(figures, List.of(), List.of(), Map.of(), Map.of()),
                NEAR,
                NEAR);
    }

    private double value(Work work, Way way, String figure) {
        return ledger.value(Accounts.id(work, way, figure));
    }

    @Test
    void aHostPaysForTheDriverAndForADeviceThatIsNoCards() {
        assertThat(value(PACKETS, Way.CARD, Accounts.HOST)).isEqualTo(110);
        assertThat(value(PACKETS, Way.CARD, Accounts.CARD)).isEqualTo(60);
        assertThat(value(PACKETS, Way.CARD, Accounts.HOST_TOTAL)).isEqualTo(130);
        assertThat(value(PACKETS, Way.POLL, Accounts.HOST))
                .as("the same samples")
                .isEqualTo(170);
        assertThat(ledger.has(Accounts.id(PACKETS, Way.POLL, Accounts.CARD))).isFalse();
        assertThat(value(PACKETS, Way.INTERRUPT, Accounts.HOST)).isEqualTo(1_110);
        assertThat(value(PACKETS, Way.INTERRUPT, Accounts.HOST_SECONDS)).isEqualTo(1.11, within(1e-9));
    }

    @Test
    void costIsWhatTheHostPaysBeyondTheDriversOwnWork() {
        assertThat(value(PACKETS, Way.CARD, Accounts.COST)).isEqualTo(10);
        assertThat(value(PACKETS, Way.INTERRUPT, Accounts.COST)).isEqualTo(1_010);
        assertThat(value(PACKETS, Way.CARD, Accounts.COST_SHARE)).isEqualTo(100.0 * 10 / 1_010, within(1e-9));
        assertThat(value(READS, Way.CARD, Accounts.COST))
                .as("noise stays visible")
                .isEqualTo(-10);
        assertThat(ledger.has(Accounts.id(PACKETS, Way.BARE, Accounts.COST))).isFalse();
        assertThat(ledger.has(Accounts.id(PACKETS, Way.VMM, Accounts.HOST))).isFalse();
    }

    @Test
    void aServerPaysByTheOperationOrForWholePollers() {
        Published published = Published.read();
        published.enter(ledger);
        new ServerModel(ledger, published.instance(2)).enter(32, PACKETS, READS);
        assertThat(ledger.value("server/instances")).isEqualTo(16);
        double packets = 16 * 1_000_000.0;
        double reads = 16 * 20_000.0;
        // a core for a million operations a second at the limit, and for a tenth of that at a tenth
        assertThat(ledger.value(ServerModel.id("interrupt", 100, "burned")))
                .isEqualTo((packets + reads) / 1e6, within(1e-6));
        assertThat(ledger.value(ServerModel.id("interrupt", 10, "burned")))
                .isEqualTo((packets + reads) / 1e6, within(1e-6));
        assertThat(ledger.value(ServerModel.id("card", 100, "burned")))
                .as("a cost below nothing is none")
                .isEqualTo(packets * 10 / 1e9, within(1e-6));
        assertThat(ledger.value(Levels.id(PACKETS, Way.INTERRUPT, "25", Accounts.COST)))
                .isEqualTo(4_000, within(1e-6));
        assertThat(ledger.value(ServerModel.id("poll", 10, "burned")))
                .as("two pollers for 16 million packets, one for the reads")
                .isEqualTo(2 + 1);
        assertThat(ledger.value(ServerModel.id("poll", 100, "left"))).isEqualTo(29);
        assertThat(ledger.value(ServerModel.id(ServerModel.PUBLISHED, 100, "burned")))
                .isEqualTo(packets / 1.5e6 + reads * 3.4 / 440_000, within(1e-6));
        assertThat(ledger.value("published/2016-percent")).isEqualTo(37.5);
        assertThat(ledger.has(ServerModel.id("vmm", 100, "burned"))).isFalse();
    }
}
