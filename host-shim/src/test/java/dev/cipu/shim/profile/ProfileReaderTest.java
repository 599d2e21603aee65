package dev.cipu.shim.profile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.device.card.CardProfile;
import dev.cipu.device.card.ComputeForm;
import dev.cipu.device.card.Figure;
import dev.cipu.device.card.Parameter;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProfileReaderTest {
    private static final String CARD = """
            name: mine
            title: My card
            year: 2026
            introduced: {what: all of it, mark: R, source: paper, at: abstract}
            serves:
              vm: {what: functions, mark: A, reason: a plan}
            features:
              net: {what: virtnet, mark: A, reason: a plan}
              blk: {what: software, mark: A, reason: a plan}
            figures:
              network:
                bandwidth: {value: 25, unit: Gb/s, mark: R, source: paper, at: table 1}
              interrupt:
                latency: {value: 1, upTo: 2.5, unit: us, mark: D, source: paper, at: table 2, reason: the sum}
            sources:
              paper: {document: A paper, year: 2025}
            """;

    private static CardProfile read(String text) {
        return ProfileReader.read("mine.yaml", text);
    }

    @Test
    void aProfileIsRead() {
        CardProfile card = read(CARD);
        assertThat(card.name()).isEqualTo("mine");
        assertThat(card.year()).isEqualTo(2026);
        assertThat(card.serves()).containsOnlyKeys(ComputeForm.VM);
        Figure bandwidth = Objects.requireNonNull(card.figure(Parameter.BANDWIDTH));
        assertThat(bandwidth.text()).isEqualTo("25 Gb/s [R]");
        assertThat(bandwidth.evidence().text()).isEqualTo("A paper, 2025, table 1");
        assertThat(Objects.requireNonNull(card.figure(Parameter.INTERRUPT_LATENCY))
                        .most())
                .isEqualTo(2.5);
    }

    /** Each line changes the profile in one place. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "title: My card | titel: My card | unknown key 'titel' | use one of",
                "year: 2026 | | key 'year' is missing |",
                "name: mine | name: My Card | is no name |",
                "  vm: | vms: | unknown key 'serves.vms' | vm, bare-metal, container",
                "what: functions, | how: functions, | unknown key 'serves.vm.how' |",
                "what: functions, | | key 'serves.vm.what' is missing |",
                "  blk: {what | nic: {what | unknown key 'features.nic' | net, blk",
                "what: virtnet | what: hardware | no preset 'hardware' |",
                "  network: | net: | unknown key 'figures.net' | functions, queues",
                "    bandwidth: | width: | unknown key 'figures.network.width' | bandwidth, packet-rate",
                "value: 25, | | key 'figures.network.bandwidth.value' is missing |",
                "value: 25 | value: much | key 'figures.network.bandwidth.value' has a value of the wrong form |",
                "value: 25 | value: -25 | key 'figures.network.bandwidth' | -25.0 makes no sense",
                "value: 25 | amount: 25 | unknown key 'figures.network.bandwidth.amount' |",
                "unit: Gb/s | unit: Gbit | key 'figures.network.bandwidth.unit' is 'Gbit' | say it in Gb/s",
                "unit: Gb/s, | | key 'figures.network.bandwidth.unit' is missing |",
                "mark: R, source: paper, at: table 1 | source: paper | key 'figures.network.bandwidth.mark' is missing |",
                "mark: R, source: paper, at: table 1 | mark: X | unknown key 'figures.network.bandwidth.mark.X' | R, R2",
                "mark: R, source: paper, at: table 1 | mark: R | key 'figures.network.bandwidth' | needs a source",
                "mark: R, source: paper, at: table 1 | mark: R, source: paper | bandwidth' | needs 'at'",
                "mark: R, source: paper, at: table 1 | mark: A | bandwidth' | needs a reason",
                "mark: R, source: paper, at: table 1 | mark: U, source: paper, reason: so | bandwidth' | cannot cite",
                "source: paper, at: table 1 | source: book, at: table 1 | bandwidth.source' is 'book' | add it there",
                "upTo: 2.5 | upTo: 1 | key 'figures.interrupt.latency' | not above",
                "  paper: {document: A paper, year: 2025} | paper: {year: 2025} | 'sources.paper.document' is missing |",
                "year: 2025} | year: 25} | key 'sources.paper' | the year 25",
                "year: 2025} | year: 2025, page: 3} | unknown key 'sources.paper.page' | document, year",
            })
    void aMistakeIsNamedWithItsFileAndKey(String old, String changed, String what, String mend) {
        assertThat(CARD).contains(old);
        String text = CARD.replace(old.strip(), changed == null ? "" : changed.strip());
        assertThatThrownBy(() -> read(text))
                .isInstanceOf(ProfileException.class)
                .hasMessageStartingWith("mine.yaml")
                .hasMessageContaining(what)
                .hasMessageContaining(mend == null ? "" : mend);
    }

    @Test
    void aSourceThatNothingCitesIsAMistake() {
        assertThatThrownBy(() -> read(CARD + "  book: {document: A book, year: 2020}\n"))
                .hasMessageContaining("'sources.book' is cited by nothing");
    }

    @ParameterizedTest
    @CsvSource({
        "'',the file is no map",
        "~,the file is no map",
        "'[1]',the file is no map",
        "'a: {',not YAML",
        "'name: a\nname: b',not YAML"
    })
    void whatIsNoProfileIsSaidSo(String text, String what) {
        assertThatThrownBy(() -> read(text))
                .isInstanceOf(ProfileException.class)
                .hasMessageContaining(what);
    }
}
