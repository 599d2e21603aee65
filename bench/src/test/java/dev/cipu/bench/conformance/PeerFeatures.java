package dev.cipu.bench.conformance;

import dev.cipu.virtio.FeatureSet;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Which features other people's drivers have accepted from our devices in tests: peers.tsv, a line
 * {@code PEER TAB KIND TAB BITS} each. The list grows by runs of the peer tests, which note theirs below {@code target/negotiated}.
 *
 * @param bits by peer and kind of device, as {@code linux/net}
 */
record PeerFeatures(Map<String, FeatureSet> bits) {
    static PeerFeatures read(Path list) {
        PeerFeatures features = new PeerFeatures(new TreeMap<>());
        features.add(list);
        return features;
    }

    /** Adds what the tests of every module of this working copy have noted. */
    void addNoted(Path root) {
        try (Stream<Path> modules = Files.list(root)) {
            for (Path folder : modules.map(module -> module.resolve("target/negotiated"))
                    .filter(Files::isDirectory)
                    .toList()) {
                try (Stream<Path> lists = Files.list(folder)) {
                    lists.forEach(this::add);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void add(Path list) {
        try {
            Files.readAllLines(list).stream()
                    .filter(line -> !line.startsWith("#"))
                    .forEach(this::add);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void add(String line) {
        String[] field = line.split("\t", -1);
        if (field.length != 3) {
            throw new IllegalArgumentException("not 'PEER TAB KIND TAB BITS': " + line);
        }
        int[] some = Stream.of(field[2].split(",")).mapToInt(Integer::parseInt).toArray();
        bits.merge(field[0] + "/" + field[1], FeatureSet.of(some), FeatureSet::or);
    }

    void write(Path list) {
        try {
            List<String> lines = new ArrayList<>(Files.readAllLines(list).stream()
                    .filter(line -> line.startsWith("#"))
                    .toList());
            bits.forEach((key, set) -> {
                String text = set.toString();
                lines.add(key.replace('/', '\t') + "\t" + text.substring(1, text.length() - 1));
            });
            Files.write(list, lines);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether anything was ever noted of a peer. */
    boolean knows(String peer) {
        return bits.keySet().stream().anyMatch(key -> key.startsWith(peer + "/"));
    }

    /** The peers that have accepted a bit from a kind of device. */
    List<String> of(String kind, int bit) {
        return bits.entrySet().stream()
                .filter(each ->
                        each.getKey().endsWith("/" + kind) && each.getValue().has(bit))
                .map(each -> each.getKey().substring(0, each.getKey().indexOf('/')))
                .toList();
    }
}
