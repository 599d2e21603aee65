package dev.cipu.shim.cli;

import dev.cipu.dataplane.CounterReader.Group;
import dev.cipu.dataplane.CounterReader.Snapshot;
import dev.cipu.shim.assembly.CounterFile;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The counters of a card at one moment, for people and for machines. */
final class CounterView {
    private final Path file;
    private final Snapshot snapshot;

    private CounterView(Path file, Snapshot snapshot) {
        this.file = file;
        this.snapshot = snapshot;
    }

    /** Counters of a file that has to be there. */
    static CounterView read(Path file) throws IOException {
        CounterView view = readIfThere(file);
        if (view == null) {
            throw new CommandFailure(
                    ExitCode.MISSING, "there is no counter file " + file + "; is a card running with --stats?");
        }
        return view;
    }

    /** The counters in a file, null if there is none. */
    static @Nullable CounterView readIfThere(Path file) throws IOException {
        try {
            return new CounterView(file, CounterFile.read(file));
        } catch (NoSuchFileException _) {
            return null;
        } catch (IllegalArgumentException e) {
            throw new CommandFailure(
                    ExitCode.MISSING, file + " cannot be used: " + e.getMessage() + "; give a card's counter file", e);
        }
    }

    /** Whether the card still runs. */
    boolean isAlive() {
        return CounterFile.isAlive(snapshot);
    }

    long pid() {
        return snapshot.pid();
    }

    /** Makes this the latest moment that {@code rates} knows. */
    void enter(Rates rates) {
        rates.update(snapshot, System.nanoTime());
    }

    /** A table; counters that are zero only if {@code all}. */
    void print(PrintWriter out, Rates rates, boolean all) {
        out.println("card " + snapshot.pid() + " since " + Instant.ofEpochMilli(snapshot.startMillis()) + ", " + file);
        out.printf("%-16s %-22s %20s %10s%n", "owner", "counter", "total", "per s");
        for (Group group : snapshot.groups()) {
            group.values().forEach((name, value) -> {
                if (all || value != 0) {
                    String rate = Rates.human(rates.of(group.owner(), name));
                    out.printf("%-16s %-22s %20d %10s%n", group.owner(), name, value, rate);
                }
            });
        }
        out.flush();
    }

    Map<String, Object> asJson() {
        Map<String, Object> root = new LinkedHashMap<>();
        root.put("file", file.toString());
        root.put("pid", snapshot.pid());
        root.put("running", isAlive());
        root.put("started", Instant.ofEpochMilli(snapshot.startMillis()).toString());
        root.put("unlisted", snapshot.unlisted());
        Map<String, Object> owners = new LinkedHashMap<>();
        for (Group group : snapshot.groups()) {
            owners.put(group.owner(), group.values());
        }
        root.put("counters", owners);
        return root;
    }
}
