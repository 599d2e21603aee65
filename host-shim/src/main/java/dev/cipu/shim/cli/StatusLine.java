package dev.cipu.shim.cli;

import dev.cipu.dataplane.CounterReader.Group;
import dev.cipu.dataplane.CounterReader.Snapshot;
import dev.cipu.shim.assembly.CounterFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;

/** A running card in one line: what all its devices do together. */
final class StatusLine {
    private static final Set<String> FRAMES = Set.of("tx_packets", "rx_packets");
    private static final Set<String> REQUESTS = Set.of("reads", "writes", "flushes", "discards", "write_zeroes");

    private final Path counters;
    private final Rates rates = new Rates();

    StatusLine(Path counters) {
        this.counters = counters;
    }

    /** The line as of now; rates are those since the line before. */
    String next() {
        Snapshot snapshot;
        try {
            snapshot = CounterFile.read(counters);
        } catch (IOException | IllegalArgumentException e) {
            return "no counters: " + e.getMessage();
        }
        rates.update(snapshot, System.nanoTime());
        double frames = 0;
        double requests = 0;
        double busy = 0;
        int workers = 0;
        for (Group group : snapshot.groups()) {
            for (String name : group.values().keySet()) {
                double rate = rates.of(group.owner(), name);
                if (Double.isNaN(rate)) {
                    continue;
                }
                if (FRAMES.contains(name)) {
                    frames += rate;
                } else if (REQUESTS.contains(name)) {
                    requests += rate;
                } else if (name.equals("busy_ns")) {
                    busy += rate;
                    workers++;
                }
            }
        }
        return "frames " + Rates.human(frames) + "/s  requests " + Rates.human(requests) + "/s  busy "
                + Math.round(workers == 0 ? 0 : busy / workers / 1e7) + " %";
    }
}
