package dev.cipu.bench.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.shim.profile.CardProfiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** docs/cards.md says what the profiles say. */
class CardsPageTest {
    @Test
    void thePageIsUpToDate() throws IOException {
        GeneratedPage.check("cards.md", new CardsPage().page());
    }

    @Test
    void theExampleIsAProfile(@TempDir Path folder) throws IOException {
        Matcher example = Pattern.compile("```yaml\n(.*?)```", Pattern.DOTALL).matcher(new CardsPage().page());
        assertThat(example.find()).isTrue();
        Path file = folder.resolve("mine.yaml");
        Files.writeString(file, example.group(1));
        assertThat(CardProfiles.read(file).name()).isEqualTo("mine");
    }
}
