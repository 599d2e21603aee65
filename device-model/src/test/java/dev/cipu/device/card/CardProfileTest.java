package dev.cipu.device.card;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.virtio.FeaturePreset;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CardProfileTest {
    private static final Evidence GUESS = new Evidence(Mark.ASSUMED, null, null, "a guess");

    private static CardProfile card(String name, String net, String blk) {
        Map<Parameter, Figure> figures = new LinkedHashMap<>();
        for (Parameter each : new Parameter[] {Parameter.CARD_CORES, Parameter.BANDWIDTH, Parameter.PACKET_RATE}) {
            figures.put(each, new Figure(each, 1, null, GUESS));
        }
        Statement some = new Statement("something", GUESS);
        return new CardProfile(
                name,
                "A card",
                2026,
                some,
                Map.of(ComputeForm.VM, some),
                new Statement(net, GUESS),
                new Statement(blk, GUESS),
                figures);
    }

    @Test
    void figuresComeByParameterAndInOrder() {
        CardProfile card = card("mine", "virtnet", "software");
        assertThat(card.figures().keySet())
                .containsExactly(Parameter.BANDWIDTH, Parameter.PACKET_RATE, Parameter.CARD_CORES);
        assertThat(card.figures(Section.NETWORK)).hasSize(2);
        assertThat(card.figures(Section.DMA)).isEmpty();
        assertThat(card.figure(Parameter.IOPS)).isNull();
        assertThat(card.figure(Parameter.CARD_CORES)).isNotNull();
        assertThatThrownBy(() -> card.figures().clear()).isInstanceOf(UnsupportedOperationException.class);
    }

    @Test
    void presetsArePresetsOfTheirKindOfDevice() {
        CardProfile card = card("mine", "virtnet", "software");
        assertThat(card.netPreset()).isEqualTo(FeaturePreset.VIRTNET);
        assertThat(card.blkPreset()).isEqualTo(FeaturePreset.SOFTWARE);
        assertThatThrownBy(() -> card("mine", "virtnet", "virtnet")).hasMessageContaining("another kind of device");
        assertThatThrownBy(() -> card("mine", "hardware", "software")).hasMessageContaining("no preset 'hardware'");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "My-card", "a card", "-card", "x/y"})
    void aNameIsOneWord(String name) {
        assertThatThrownBy(() -> card(name, "software", "software")).hasMessageContaining("is no name");
    }

    @Test
    void aStatementSaysSomething() {
        assertThatThrownBy(() -> new Statement(" ", GUESS)).hasMessageContaining("empty");
    }
}
