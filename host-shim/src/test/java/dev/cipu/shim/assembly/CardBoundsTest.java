package dev.cipu.shim.assembly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.virtio.FeaturePreset;
import dev.cipu.virtio.RingFeature;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CardBoundsTest {
    private static CardSpec yaml(String text) {
        CardSpecBuilder builder = new CardSpecBuilder();
        CardYaml.read("card.yaml", text, builder);
        return builder.build();
    }

    private static CardSpecBuilder card(String name) {
        return new CardSpecBuilder().card("--card", name);
    }

    private static CardSpecBuilder with(CardSpecBuilder builder, int functions) {
        for (int i = 0; i < functions; i++) {
            builder.net(KeyValues.parse("--net", "socket=/n" + i));
        }
        return builder;
    }

    @Test
    void asManyFunctionsAsTheCardHas() {
        assertThat(with(card("bm-hive"), 32).build().devices()).hasSize(32);
        assertThatThrownBy(() -> with(card("bm-hive"), 33).build())
                .isInstanceOf(CardSpecException.class)
                .hasMessageContaining("33 devices")
                .hasMessageContaining("functions.physical 32 functions [D]")
                .hasMessageContaining("Bare-metal Cloud");
        assertThat(with(new CardSpecBuilder(), 33).build().devices()).hasSize(33);
        assertThat(with(card("software-2016"), 33).build().devices()).hasSize(33);
    }

    @Test
    void asManyQueuesAsADeviceOfTheCardHas() {
        assertThat(card("nitro-like")
                        .net(KeyValues.parse("--net", "socket=/n,queues=8"))
                        .build()
                        .devices())
                .hasSize(1);
        assertThatThrownBy(() -> card("nitro-like")
                        .net(KeyValues.parse("--net", "socket=/n,queues=9"))
                        .build())
                .hasMessageContaining("net0: key 'queues' is 9")
                .hasMessageContaining("queues.net-pairs 8 pairs [R] (AWS")
                .hasMessageContaining("choose another card");
        assertThatThrownBy(() -> card("bm-hive")
                        .blk(KeyValues.parse("--blk", "socket=/b,store=mem:1M,queues=2"))
                        .build())
                .hasMessageContaining("blk0: key 'queues' is 2")
                .hasMessageContaining("queues.blk 1 queues [A] (assumed");
    }

    @Test
    void noDeviceIsFasterThanItsCard() {
        assertThat(card("cipu-1")
                        .net(KeyValues.parse("--net", "socket=/n,speed=200000"))
                        .build()
                        .devices())
                .hasSize(1);
        assertThatThrownBy(() -> card("cipu-1")
                        .net(KeyValues.parse("--net", "socket=/n,speed=200001"))
                        .build())
                .hasMessageContaining("key 'speed' is 200001")
                .hasMessageContaining("network.bandwidth 200 Gb/s [R2]");
    }

    @Test
    void whatNamesNoPresetHasTheCards() {
        CardSpec card = yaml("""
                card: cipu-1
                devices:
                  - {kind: net, socket: /a}
                  - {kind: net, socket: /b, features: +EVENT_IDX}
                  - {kind: net, socket: /c, features: software}
                  - {kind: blk, socket: /d, store: "mem:1M"}
                """);
        assertThat(card.devices())
                .extracting(device -> device.features().preset())
                .containsExactly(
                        FeaturePreset.VIRTNET, FeaturePreset.VIRTNET, FeaturePreset.SOFTWARE, FeaturePreset.SOFTWARE);
        assertThat(card.devices().get(1).features().allowed().has(RingFeature.EVENT_IDX))
                .isTrue();
        assertThat(card.devices().get(0).features().allowed().has(RingFeature.EVENT_IDX))
                .isFalse();
    }

    @Test
    void anUnknownCardIsAMistakeOfTheDescription() {
        assertThatThrownBy(() -> yaml("card: cipu-9"))
                .isInstanceOf(CardSpecException.class)
                .hasMessageStartingWith("card.yaml:1: card: there is no card 'cipu-9'")
                .hasMessageContaining("cipu-1");
        assertThatThrownBy(() -> yaml("card: [a]")).hasMessageContaining("'card' has no single value");
    }

    @Test
    void theOptionOutranksTheFile() {
        CardSpecBuilder builder = new CardSpecBuilder();
        CardYaml.read("card.yaml", "card: bm-hive", builder);
        builder.card("--card", "cipu-1");
        assertThat(with(builder, 33).build().devices()).hasSize(33);
    }

    @Test
    void aCardOfOnesOwnBoundsLikeOthers(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("mine.yaml");
        Files.writeString(file, """
                name: mine
                title: Mine
                year: 2026
                introduced: {what: little, mark: A, reason: a plan}
                features:
                  net: {what: software, mark: A, reason: a plan}
                  blk: {what: software, mark: A, reason: a plan}
                figures:
                  functions:
                    physical: {value: 1, unit: functions, mark: A, reason: a plan}
                    virtual: {value: 1, unit: functions, mark: A, reason: a plan}
                """);
        assertThat(with(card(file.toString()), 2).build().devices()).hasSize(2);
        assertThatThrownBy(() -> with(card(file.toString()), 3).build())
                .hasMessageContaining("card mine has functions.physical 1");
    }
}
