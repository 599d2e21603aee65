package dev.cipu.bench.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class PortStatsTest {
    private static final List<String> ANSWER = List.of(
            "testpmd> show port stats all",
            "",
            "  ######################## NIC statistics for port 0  ########################",
            "  RX-packets: 734560     RX-missed: 3          RX-bytes:  233868288",
            "  RX-errors: 1",
            "  RX-nombuf:  2         ",
            "  TX-packets: 735584     TX-errors: 4          TX-bytes:  235422720",
            "",
            "  Throughput (since last show)",
            "  Rx-pps:       122673          Rx-bps:   1489744128",
            "  Tx-pps:       122674          Tx-bps:   1489744128");

    @Test
    void readsEveryFigure() {
        assertThat(PortStats.parse(ANSWER)).isEqualTo(new PortStats(734_560, 233_868_288, 10, 122_673));
    }

    @Test
    void theAnswerEndsWithTheTransmitRate() {
        assertThat(ANSWER.stream().filter(PortStats::isLast)).containsExactly(ANSWER.getLast());
    }

    @Test
    void aMissingFigureIsAnError() {
        assertThatThrownBy(() -> PortStats.parse(ANSWER.subList(0, 5)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("RX-nombuf");
    }

    @Test
    void frameSizeIsThatOfTheFramesBetween() {
        PortStats first = new PortStats(1000, 64_000, 0, 0);
        PortStats last = new PortStats(1100, 64_000 + 151_800, 0, 0);
        assertThat(last.meanBytesSince(first)).isEqualTo(1518);
        assertThat(first.meanBytesSince(first)).isZero();
    }
}
