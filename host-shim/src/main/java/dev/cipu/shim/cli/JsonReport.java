package dev.cipu.shim.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** Writes what a subcommand found out as JSON, for machines: field names are those of the record's components. */
public final class JsonReport {
    /** Names standard output where a file is expected. */
    public static final String STANDARD_OUTPUT = "-";

    private JsonReport() {}

    /**
     * Writes {@code report} for people, unless standard output is for machines, and for machines where that was asked for.
     *
     * @param target a path, {@link #STANDARD_OUTPUT}, or null for people alone
     * @param out standard output
     * @param print writes it for people
     * @throws UncheckedIOException if the file cannot be written
     */
    public static void write(Object report, @Nullable String target, PrintWriter out, Consumer<PrintWriter> print) {
        if (!STANDARD_OUTPUT.equals(target)) {
            print.accept(out);
            out.flush();
        }
        if (target != null) {
            write(report, target, out);
        }
    }

    /**
     * Writes {@code report}, a record, to a file or to standard output.
     *
     * @param target a path, or {@link #STANDARD_OUTPUT}
     * @param out standard output
     * @throws UncheckedIOException if the file cannot be written
     */
    public static void write(Object report, String target, PrintWriter out) {
        String text = JsonMapper.builder()
                .enable(SerializationFeature.INDENT_OUTPUT)
                .disable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
                .build()
                .writeValueAsString(report);
        if (target.equals(STANDARD_OUTPUT)) {
            out.println(text);
            out.flush();
            return;
        }
        try {
            Files.writeString(Path.of(target), text + System.lineSeparator());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
