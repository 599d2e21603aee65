package dev.cipu.shim.assembly;

import dev.cipu.dataplane.CounterReader;
import dev.cipu.shim.posix.OpenDescriptors;
import dev.cipu.shim.probe.Pause;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** A card whose devices are functions over vfio-user, and what can be seen of it from outside. */
final class RunningCard implements AutoCloseable {
    private static final Duration SETTLED = Duration.ofSeconds(10);

    private final Path folder;
    final CardAssembly card;

    /**
     * @param devices each a kind, a space, and its keys but for transport and socket: that is the id
     */
    RunningCard(Path folder, String... devices) {
        this(folder, new CardSpecBuilder(), devices);
    }

    RunningCard(Path folder, CardSpecBuilder builder, String... devices) {
        this.folder = folder;
        builder.idle("test", "backoff").stats(folder.resolve("counters")).control("test", folder + "/control");
        for (String each : devices) {
            int space = each.indexOf(' ');
            String keys = each.substring(space + 1);
            String id = keys.replaceAll(".*id=([^,]*).*", "$1");
            builder.device(
                    each.substring(0, space),
                    KeyValues.parse("test", keys + ",transport=vfio-user,socket=" + socket(id)));
        }
        CardSpec spec = builder.build();
        card = CardAssembly.start(spec);
        spec.devices().forEach(card::serve);
    }

    /** Where a device is. */
    Path socket(String id) {
        int dot = id.indexOf(".vf");
        return folder.resolve(dot < 0 ? id + ".s" : id.substring(0, dot) + ".s" + id.substring(dot));
    }

    NetGuest net(String id) {
        return new NetGuest(socket(id));
    }

    BlkGuest blk(String id) {
        return new BlkGuest(socket(id));
    }

    /** What a device counts, by counter. */
    Map<String, Long> counted(String owner) {
        return counters().getOrDefault(owner, Map.of());
    }

    /** Who counts. */
    Set<String> owners() {
        return counters().keySet();
    }

    private Map<String, Map<String, Long>> counters() {
        try {
            return CounterFile.read(card.counters()).groups().stream()
                    .collect(Collectors.toMap(
                            CounterReader.Group::owner, group -> new TreeMap<>(group.values()), (a, b) -> a));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What this process holds: descriptors, mappings of guests' memory, threads of sessions. */
    record Held(long descriptors, long mappings, long sessions) {
        static Held now() {
            try {
                return new Held(
                        OpenDescriptors.count(),
                        OpenDescriptors.mappings("memfd:"),
                        Thread.getAllStackTraces().keySet().stream()
                                .filter(thread -> thread.getName().startsWith("session-"))
                                .count());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        boolean isWithin(Held other) {
            return descriptors <= other.descriptors && mappings <= other.mappings && sessions <= other.sessions;
        }

        /** As it is once no session is closing any more that was to close; or as it stays. */
        static Held settled(Held expected) {
            Pause.until(() -> now().equals(expected), SETTLED);
            return now();
        }
    }

    @Override
    public void close() {
        card.close();
    }
}
