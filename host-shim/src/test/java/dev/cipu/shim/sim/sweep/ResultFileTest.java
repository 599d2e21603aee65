package dev.cipu.shim.sim.sweep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.shim.sim.SimException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResultFileTest {
    private static final List<String> COLUMNS = List.of("a", "error", "key");

    @TempDir
    private Path folder;

    private static Row row(String a, String error, String key) {
        return new Row(Map.of("a", a, "error", error, "key", key));
    }

    @Test
    void whatIsAppendedIsKnownLaterAndALineThatWasCutIsNot() throws Exception {
        Path file = folder.resolve("r.csv");
        ResultFile first = new ResultFile(file, COLUMNS);
        assertThat(first.begin()).isEmpty();
        first.append(row("1", "", "k1"));
        first.append(row("2", "wrong, \"so\" it is", "k2"));
        Files.writeString(file, Files.readString(file) + "3,,k");
        ResultFile second = new ResultFile(file, COLUMNS);
        assertThat(second.begin()).containsOnlyKeys("k1", "k2");
        second.append(row("4", "", "k4"));
        assertThat(new ResultFile(file, COLUMNS).begin())
                .containsOnlyKeys("k1", "k2", "k4")
                .containsEntry("k2", row("2", "wrong, \"so\" it is", "k2"));
        second.finish(List.of(row("4", "", "k4")));
        assertThat(file).hasContent("a,error,key\n4,,k4\n");
    }

    @Test
    void aFileOfSomethingElseIsNotTouched() throws Exception {
        Path file = folder.resolve("other.csv");
        Files.writeString(file, "x,y\n1,2\n");
        assertThatThrownBy(() -> new ResultFile(file, COLUMNS).begin())
                .isInstanceOf(SimException.class)
                .hasMessageContaining("other columns");
        assertThat(file).hasContent("x,y\n1,2\n");
    }
}
