package dev.cipu.shim.sim.sweep;

import dev.cipu.shim.sim.SimException;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.MappingIterator;
import tools.jackson.dataformat.csv.CsvMapper;
import tools.jackson.dataformat.csv.CsvSchema;

/**
 * A sweep's results as CSV. Each is a line that is appended at once, so that a sweep that is stopped has lost nothing that had ended;
 * at the end all lines are put in the order of the points. Guarded by itself: threads append.
 */
final class ResultFile {
    private final Path file;
    private final CsvSchema schema;
    private final CsvMapper mapper = CsvMapper.builder().build();

    ResultFile(Path file, List<String> columns) {
        this.file = file;
        CsvSchema.Builder builder = CsvSchema.builder();
        columns.forEach(builder::addColumn);
        schema = builder.build().withLineSeparator("\n");
    }

    /**
     * What an earlier run has left, by key; a last line that was not finished is none.
     *
     * @throws SimException if the file is something else
     */
    Map<String, Row> begin() {
        try {
            if (!Files.exists(file)) {
                Files.writeString(file, header());
                return Map.of();
            }
            String text = Files.readString(file);
            String whole = text.substring(0, text.lastIndexOf('\n') + 1);
            if (!whole.equals(text)) {
                Files.writeString(file, whole);
            }
            if (whole.isEmpty()) {
                Files.writeString(file, header());
                return Map.of();
            }
            return rows(whole);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Map<String, Row> rows(String text) {
        List<String> columns = new ArrayList<>();
        schema.forEach(column -> columns.add(column.getName()));
        if (!text.startsWith(header())) {
            throw new SimException(file + " has other columns than this sweep; give another --csv, or" + " remove it");
        }
        Map<String, Row> rows = new LinkedHashMap<>();
        try (MappingIterator<Map<String, String>> lines =
                mapper.readerForMapOf(String.class).with(schema.withHeader()).readValues(text)) {
            while (lines.hasNext()) {
                Row row = new Row(lines.next());
                rows.put(row.text(Row.KEY), row);
            }
        } catch (JacksonException e) {
            throw new SimException(
                    file + " is no result of a sweep: " + e.getOriginalMessage() + "; give another --csv, or remove it",
                    e);
        }
        return rows;
    }

    private String header() {
        StringBuilder line = new StringBuilder();
        schema.forEach(column -> line.append(line.isEmpty() ? "" : ",").append(column.getName()));
        return line.append('\n').toString();
    }

    synchronized void append(Row row) {
        try {
            Files.writeString(file, line(row), StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String line(Row row) {
        StringWriter out = new StringWriter();
        mapper.writer(schema).writeValue(out, row.values());
        return out.toString();
    }

    /** Leaves these rows alone in the file, in this order. */
    void finish(List<Row> rows) {
        StringBuilder text = new StringBuilder(header());
        rows.forEach(row -> text.append(line(row)));
        Path beside = file.resolveSibling(file.getFileName() + ".new");
        try {
            Files.writeString(beside, text);
            Files.move(beside, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
