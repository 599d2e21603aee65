package dev.cipu.bench.overhead;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.shim.cli.CommandFailure;
import dev.cipu.shim.cli.ExitCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WorkFileTest {
    @TempDir
    private Path folder;

    private Path file(String text) throws IOException {
        return Files.writeString(folder.resolve("works.yaml"), text);
    }

    @Test
    void worksAreReadInTheirOrder() throws IOException {
        List<Work> works = WorkFile.read(file("""
                works:
                  - name: small
                    packets: {bytes: 64}
                  - name: disk
                    requests: {kind: randrw, bytes: 8192, depth: 4}
                  - name: both
                    packets: {bytes: 512, window: 16}
                    requests: {bytes: 4096, depth: 1}
                """));
        assertThat(works).extracting(Work::name).containsExactly("small", "disk", "both");
        assertThat(works).extracting(Work::operations).containsExactly("packets", "I/Os", "packets and I/Os");
        assertThat(works.get(0).packets()).isEqualTo(new Work.Packets(64, 0));
        assertThat(works.get(1).requests()).isEqualTo(new Work.Requests("randrw", 8192, 4));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "works: []                                                        | names no works",
                "works: [{name: w}]                                               | a guest has packets or requests",
                "works: [{name: '', packets: {bytes: 64}}]                        | has a name",
                "works: [{name: w, packets: {bytes: 20}}]                         | frame size 20",
                "works: [{name: w, packets: {bytes: 9000}}]                       | the devices take 1518",
                "works: [{name: w, requests: {kind: seek, bytes: 512, depth: 1}}] | kind seek",
                "works: [{name: w, requests: {bytes: 100, depth: 1}}]             | block size 100",
                "works: [{name: w, requests: {bytes: 512, depth: 1000}}]          | depth 1000",
                "works: [{name: w, packet: {bytes: 64}}]                          | packet",
                "works: [                                                         | line",
                "'works: [{name: w, packets: {bytes: 64}}, {name: w, packets: {bytes: 128}}]' | two works of one name",
            })
    void aMistakeIsOneLineThatNamesIt(String text, String said) throws IOException {
        Path file = file(text);
        assertThatThrownBy(() -> WorkFile.read(file))
                .hasMessageContaining(said)
                .message()
                .doesNotContain("\n")
                .contains("works.yaml");
        assertThatThrownBy(() -> WorkFile.read(file))
                .asInstanceOf(InstanceOfAssertFactories.type(CommandFailure.class))
                .extracting(CommandFailure::exitCode)
                .isEqualTo(ExitCode.USAGE);
    }

    @Test
    void aFileThatIsNotThereIsAMistake() {
        assertThatThrownBy(() -> WorkFile.read(folder.resolve("none")))
                .isInstanceOf(CommandFailure.class)
                .hasMessageContaining("none");
    }

    @Test
    void thePresetHasPacketsAndRequestsAloneAndTogether() {
        assertThat(WorkFile.PRESET).extracting(Work::operations).contains("packets", "I/Os", "packets and I/Os");
        assertThat(WorkFile.PRESET).extracting(Work::name).doesNotHaveDuplicates();
    }
}
