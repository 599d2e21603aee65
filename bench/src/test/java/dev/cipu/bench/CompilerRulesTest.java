package dev.cipu.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** A rule for a method that is not there any more would be one that nobody misses, but for the speed. */
class CompilerRulesTest {
    private static final Path RULES = Path.of("").toAbsolutePath().resolveSibling("scripts/compiler.rules");

    @Test
    void everyRuleIsAboutAMethodThatIsThere() throws IOException, ClassNotFoundException {
        List<String> rules = Files.readAllLines(RULES).stream()
                .filter(line -> !line.isEmpty() && !line.startsWith("#") && !line.equals("quiet"))
                .toList();
        assertThat(rules).isNotEmpty();
        for (String rule : rules) {
            assertThat(rule).matches("(dontinline|inline) [\\w.]+::(\\w+|\\*)");
            String[] method = rule.substring(rule.indexOf(' ') + 1).split("::", -1);
            Stream<String> there =
                    Arrays.stream(Class.forName(method[0]).getDeclaredMethods()).map(Method::getName);
            assertThat(there).as(rule).anyMatch(name -> method[1].equals("*") || name.equals(method[1]));
        }
    }
}
