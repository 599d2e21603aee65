package dev.cipu.virtio.conformance;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * One demand of the specification on a device, in our words. {@code [virtio-1.4]}
 *
 * @param id stable: a group (BF basic facilities, SR split ring, PR packed ring, PC PCI transport, NT net, BK blk) and a number
 * @param level the word that gives it its weight, such as MUST NOT; STATED where the text says it as a fact
 * @param since the first version that has it
 * @param section where it is
 * @param text what is demanded
 */
public record Requirement(String id, String level, String since, String section, String text) {
    private static final String LIST = "requirements.tsv";
    private static final int FIELDS = 5;

    /** All of them, in the order of their ids within each group. */
    public static List<Requirement> all() {
        try (InputStream list = Requirement.class.getResourceAsStream(LIST)) {
            if (list == null) {
                throw new IllegalStateException(LIST + " is missing");
            }
            return new BufferedReader(new InputStreamReader(list, StandardCharsets.UTF_8))
                    .lines()
                    .map(Requirement::parse)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Requirement parse(String line) {
        String[] field = line.split("\t", FIELDS);
        return new Requirement(field[0], field[1], field[2], field[3], field[4]);
    }

    /** The group: the letters before the number. */
    public String group() {
        return id.substring(0, id.indexOf('-'));
    }
}
