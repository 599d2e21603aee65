package dev.cipu.device.card;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FigureTest {
    private static Figure figure(Parameter parameter, double value, @Nullable Double upTo) {
        return new Figure(parameter, value, upTo, new Evidence(Mark.ASSUMED, null, null, "a guess"));
    }

    @Test
    void aNumberIsWrittenAsPeopleWriteIt() {
        assertThat(figure(Parameter.PACKET_RATE, 40, null).text()).isEqualTo("40 Mpps [A]");
        assertThat(figure(Parameter.PACKET_RATE, 2.25, null).number()).isEqualTo("2.25");
        assertThat(figure(Parameter.IOPS, 10_000_000, null).number()).isEqualTo("10000000");
        assertThat(figure(Parameter.INTERRUPT_LATENCY, 0, 1.0).text()).isEqualTo("0..1 us [A]");
    }

    @Test
    void aRangeAllowsItsUpperEnd() {
        assertThat(figure(Parameter.INTERRUPT_LATENCY, 5, 12.0).most()).isEqualTo(12);
        assertThat(figure(Parameter.INTERRUPT_LATENCY, 5, null).most()).isEqualTo(5);
        assertThatThrownBy(() -> figure(Parameter.INTERRUPT_LATENCY, 5, 5.0)).hasMessageContaining("not above");
    }

    @ParameterizedTest
    @ValueSource(doubles = {-1, Double.NaN, Double.POSITIVE_INFINITY})
    void aNumberThatNothingCanHaveIsRefused(double value) {
        assertThatThrownBy(() -> figure(Parameter.PACKET_RATE, value, null)).hasMessageContaining("makes no sense");
        assertThatThrownBy(() -> figure(Parameter.PACKET_RATE, 0, value)).hasMessageContaining("makes no sense");
    }

    @Test
    void thingsAreWhole() {
        assertThatThrownBy(() -> figure(Parameter.NET_PAIRS, 1.5, null)).hasMessageContaining("whole number of pairs");
    }

    @Test
    void everyParameterHasAPathOfItsOwn() {
        assertThat(Arrays.stream(Parameter.values()).map(Parameter::path)).doesNotHaveDuplicates();
    }
}
