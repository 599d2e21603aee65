package dev.cipu.bench.overhead;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.cipu.bench.overhead.Figure.Mark;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class LedgerTest {
    private final Ledger ledger = new Ledger();

    @Test
    void aMeasuredFigureIsTheMedianOfItsSamplesAndNamesThem() {
        ledger.measured("a", "A", "ns", new TreeMap<>(Map.of(3, 10.0, 5, 30.0, 9, 20.0)), "field");
        Figure figure = ledger.find("a");
        assertThat(figure).isNotNull();
        assertThat(figure.value()).isEqualTo(20);
        assertThat(figure.samples()).containsExactly(3, 5, 9);
        assertThat(figure.field()).isEqualTo("field");
        assertThat(figure.mark()).isEqualTo("measured");
        assertThat(figure.low()).isEqualTo(10);
        assertThat(figure.high()).isEqualTo(30);
    }

    @Test
    void aDerivedFigureIsWhatItsFormulaGives() {
        ledger.published("limit", "Limit", 1_000_000, "1/s", "somebody");
        ledger.assumed("n", "Instances", 16, "", "--instances");
        ledger.derived("all", "All", "1/s", Mark.EXTRAPOLATED, "max(n * p, 0) / 2", Map.of("n", "n", "p", "limit"));
        assertThat(ledger.value("all")).isEqualTo(8_000_000);
        assertThat(ledger.find("all")).extracting(Figure::mark).isEqualTo("extrapolated");
        assertThat(ledger.find("limit")).extracting(Figure::source).isEqualTo("somebody");
        assertThat(ledger.find("n")).extracting(Figure::source).asString().contains("--instances");
    }

    @Test
    void roundsAndBoundsAsFormulasSay() {
        ledger.assumed("x", "", 7, "", "");
        ledger.assumed("y", "", 2, "", "");
        Map<String, String> both = Map.of("x", "x", "y", "y");
        ledger.derived("up", "", "", Mark.MEASURED, "ceil(x / y)", both);
        ledger.derived("down", "", "", Mark.MEASURED, "floor(x / y)", both);
        ledger.derived("least", "", "", Mark.MEASURED, "min(x, y)", both);
        assertThat(ledger.value("up")).isEqualTo(4);
        assertThat(ledger.value("down")).isEqualTo(3);
        assertThat(ledger.value("least")).isEqualTo(2);
    }

    @Test
    void nothingGetsInTwiceOrFromNowhere() {
        ledger.published("a", "", 1, "", "somebody");
        assertThatIllegalStateException().isThrownBy(() -> ledger.published("a", "", 2, "", "somebody else"));
        assertThatIllegalStateException()
                .isThrownBy(() -> ledger.derived("b", "", "", Mark.MEASURED, "c", Map.of("c", "missing")))
                .withMessageContaining("missing");
    }
}
