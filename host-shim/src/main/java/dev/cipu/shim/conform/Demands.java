package dev.cipu.shim.conform;

import dev.cipu.virtio.conformance.Requirement;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** Every demand by its id: those of the specification, and those of the wire. */
final class Demands {
    private static final String WIRE = "wire.tsv";

    /** What a demand says, and how much it weighs. */
    record Demand(String level, String text) {}

    private static final Map<String, Demand> ALL = read();

    private Demands() {}

    private static Map<String, Demand> read() {
        Map<String, Demand> all = new HashMap<>();
        for (Requirement requirement : Requirement.all()) {
            all.put(requirement.id(), new Demand(requirement.level(), requirement.text()));
        }
        try (InputStream list = Demands.class.getResourceAsStream(WIRE)) {
            if (list == null) {
                throw new IllegalStateException(WIRE + " is missing");
            }
            new BufferedReader(new InputStreamReader(list, StandardCharsets.UTF_8))
                    .lines()
                    .forEach(line -> {
                        String[] field = line.split("\t", 3);
                        all.put(field[0], new Demand(field[1], field[2]));
                    });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return Map.copyOf(all);
    }

    /** @throws IllegalArgumentException if there is no such demand */
    static Demand of(String id) {
        Demand demand = ALL.get(id);
        if (demand == null) {
            throw new IllegalArgumentException("there is no demand " + id);
        }
        return demand;
    }
}
