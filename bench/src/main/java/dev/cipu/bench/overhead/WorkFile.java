package dev.cipu.bench.overhead;

import dev.cipu.shim.cli.CommandFailure;
import dev.cipu.shim.cli.ExitCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DatabindException;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * A guest's works as a user writes them down, or as they come with the program.
 *
 * @param works in the order in which they are done
 */
record WorkFile(@Nullable List<Work> works) {
    /** A file as long as this is no list of works. */
    private static final int MOST_BYTES = 1 << 16;

    /** Packets large, small and one by one, I/Os deep and one by one, and both together. */
    static final List<Work> PRESET = List.of(
            new Work("packets-64B", new Work.Packets(64, 0), null),
            new Work("packets-1518B", new Work.Packets(1518, 0), null),
            new Work("packets-one-by-one", new Work.Packets(64, 1), null),
            new Work("io-4k-deep", null, new Work.Requests("randread", 4096, 32)),
            new Work("io-4k-one-by-one", null, new Work.Requests("randread", 4096, 1)),
            new Work("mixed", new Work.Packets(256, 64), new Work.Requests("randrw", 4096, 8)));

    /**
     * What a file asks for.
     *
     * @throws CommandFailure if it cannot be read, or is not what it should be
     */
    static List<Work> read(Path file) {
        try {
            if (Files.size(file) > MOST_BYTES) {
                throw new CommandFailure(ExitCode.USAGE, file + " is too long for a list of works");
            }
            List<Work> works = YAMLMapper.builder()
                    .build()
                    .readValue(Files.readString(file), WorkFile.class)
                    .works();
            if (works == null || works.isEmpty()) {
                throw new CommandFailure(
                        ExitCode.USAGE, file + " names no works; see docs/benchmarks.md for what a file looks like");
            }
            if (works.stream().map(Work::name).distinct().count() < works.size()) {
                throw new CommandFailure(ExitCode.USAGE, file + " has two works of one name; give each its own");
            }
            return works;
        } catch (IOException e) {
            throw new CommandFailure(ExitCode.USAGE, "cannot read " + file + ": " + e, e);
        } catch (JacksonException e) {
            throw new CommandFailure(ExitCode.USAGE, file + ": " + reason(e), e);
        }
    }

    private static String reason(JacksonException e) {
        String place = e.getLocation() == null ? "" : "line " + e.getLocation().getLineNr() + ": ";
        if (e instanceof DatabindException && e.getCause() instanceof IllegalArgumentException cause) {
            return place + cause.getMessage();
        }
        return place
                + String.valueOf(e.getOriginalMessage()).lines().findFirst().orElse("no YAML");
    }
}
