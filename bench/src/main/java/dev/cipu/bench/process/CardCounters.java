package dev.cipu.bench.process;

import dev.cipu.dataplane.CounterReader;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.TreeMap;

/** A running card's counters, all owners' of one name together. */
public final class CardCounters {
    private final Map<String, Long> values;

    private CardCounters(Map<String, Long> values) {
        this.values = values;
    }

    public static CardCounters read(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
                Arena arena = Arena.ofConfined()) {
            MemorySegment table = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
            Map<String, Long> sums = new TreeMap<>();
            for (CounterReader.Group group : CounterReader.read(table).groups()) {
                group.values().forEach((name, value) -> sums.merge(name, value, Long::sum));
            }
            return new CardCounters(sums);
        }
    }

    /** How much the counters whose names contain {@code part} have grown since. */
    public long grown(String part, CardCounters since) {
        return values.entrySet().stream()
                .filter(counter -> counter.getKey().contains(part))
                .mapToLong(counter -> counter.getValue() - since.values.getOrDefault(counter.getKey(), 0L))
                .sum();
    }
}
