package dev.cipu.bench.conformance;

import dev.cipu.virtio.conformance.Requirement;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/**
 * A list of requirements that no test shows, and why. A line is {@code ids TAB words}; the ids are one id, a span such as
 * {@code NT-116..NT-133}, or a group such as {@code PC} for all of it. Lines that begin with {@code #} are remarks.
 *
 * @param words for each id, what the list says
 * @param problems lines that cannot be meant
 */
record Excuses(SequencedMap<String, String> words, List<String> problems) {
    private static final String FOLDER = "bench/src/test/resources/dev/cipu/bench/conformance";

    /** Where a list lies in the project. */
    static Path path(Path root, String name) {
        return root.resolve(FOLDER).resolve(name);
    }

    static Excuses read(Path list, List<Requirement> requirements) {
        try {
            return parse(list.getFileName().toString(), Files.readAllLines(list), requirements);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Excuses parse(String name, List<String> lines, List<Requirement> requirements) {
        Excuses excuses = new Excuses(new LinkedHashMap<>(), new ArrayList<>());
        for (String line : lines) {
            if (!line.isBlank() && !line.startsWith("#")) {
                excuses.add(name, line, requirements);
            }
        }
        return excuses;
    }

    private void add(String name, String line, List<Requirement> requirements) {
        String[] field = line.split("\t", -1);
        if (field.length != 2 || field[1].isBlank()) {
            problems.add(name + ": not 'ids TAB words': " + line);
            return;
        }
        List<String> ids = expand(field[0], requirements);
        if (ids.isEmpty()) {
            problems.add(name + ": no requirement has the id " + field[0]);
        }
        for (String id : ids) {
            if (words.putIfAbsent(id, field[1]) != null) {
                problems.add(name + ": " + id + " is listed twice");
            }
        }
    }

    private static List<String> expand(String ids, List<Requirement> requirements) {
        List<String> known = requirements.stream().map(Requirement::id).toList();
        if (!ids.contains("-")) {
            return known.stream().filter(id -> id.startsWith(ids + "-")).toList();
        }
        String[] ends = ids.split("\\.\\.", 2);
        int first = known.indexOf(ends[0]);
        int last = known.indexOf(ends[ends.length - 1]);
        return first < 0 || last < first ? List.of() : known.subList(first, last + 1);
    }

    /** Writes what is left of a list without spans, its remarks at the top kept. */
    static void rewrite(Path list, Map<String, String> left) {
        try {
            List<String> lines = new ArrayList<>(Files.readAllLines(list).stream()
                    .takeWhile(line -> line.startsWith("#"))
                    .toList());
            left.forEach((id, words) -> lines.add(id + "\t" + words));
            Files.write(list, lines);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
