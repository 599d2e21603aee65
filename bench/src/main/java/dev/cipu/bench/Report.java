package dev.cipu.bench;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import tools.jackson.databind.ObjectWriter;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * All that a comparison found, as the JSON report has it.
 *
 * @param machine where
 * @param cases what
 */
record Report(MachineFacts machine, List<CaseResult> cases) {
    private static final ObjectWriter WRITER = JsonMapper.builder()
            .enable(SerializationFeature.INDENT_OUTPUT)
            .build()
            .writer();
    private static final String STANDARD_OUTPUT = "-";

    String json() {
        return WRITER.writeValueAsString(this);
    }

    /** Writes the report to a file, or to {@code out} if the name is {@code -}. */
    void write(String file, PrintWriter out) throws IOException {
        if (file.equals(STANDARD_OUTPUT)) {
            out.println(json());
            out.flush();
        } else {
            Files.writeString(Path.of(file), json() + System.lineSeparator());
        }
    }

    /** The table for people. */
    void print(PrintWriter out) {
        out.printf("%-36s %14s %14s %8s  %-6s %s%n", "case", "ours", "peer", "ratio", "cores", "unit");
        for (CaseResult one : cases) {
            out.printf(
                    "%-36s %,14.1f %,14.1f %8.2f  %-6s %s%n",
                    one.name(), one.ours(), one.peer(), one.ratio(), one.placement(), one.unit());
        }
        out.flush();
    }
}
