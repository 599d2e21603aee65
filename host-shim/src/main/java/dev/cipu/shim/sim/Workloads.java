package dev.cipu.shim.sim;

import dev.cipu.sim.model.Workload;
import dev.cipu.virtio.ring.RingFormat;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** The workloads that come with the program, as a file of data. */
public final class Workloads {
    private static final String FILE = "workloads.yaml";

    /** A row of the file; what is missing is nothing special. */
    private record Row(
            String name,
            String title,
            String kind,
            int bytes,
            int queues,
            int depth,
            int batch,
            @Nullable Integer flows,
            @Nullable String format,
            @Nullable Boolean interrupts,
            @Nullable Boolean indirect) {
        NamedWorkload workload() {
            return new NamedWorkload(
                    name,
                    title,
                    new Workload(
                            Workloads.kind(kind),
                            bytes,
                            queues,
                            depth,
                            format == null ? RingFormat.SPLIT : Workloads.format(format),
                            batch,
                            0,
                            flows == null ? 1 : flows,
                            Boolean.TRUE.equals(interrupts),
                            Boolean.TRUE.equals(indirect)));
        }
    }

    private Workloads() {}

    /** All of them, in the order in which they are shown. */
    public static List<NamedWorkload> all() {
        try (InputStream in = Workloads.class.getResourceAsStream(FILE)) {
            if (in == null) {
                throw new IllegalStateException("the program lacks " + FILE);
            }
            Row[] rows = YAMLMapper.builder()
                    .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                    .disable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
                    .build()
                    .readValue(in, Row[].class);
            return Arrays.stream(rows).map(Row::workload).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * The workload of a name.
     *
     * @throws SimException if there is none; the message lists those that there are
     */
    public static NamedWorkload named(String name) {
        List<NamedWorkload> all = all();
        return all.stream()
                .filter(each -> each.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new SimException("there is no workload '" + name + "'; known are "
                        + all.stream().map(NamedWorkload::name).collect(Collectors.joining(", "))));
    }

    /** What a chain is, in small letters. */
    public static Workload.Kind kind(String text) {
        return one("kind", text, Workload.Kind.values());
    }

    /** A format of rings, in small letters. */
    public static RingFormat format(String text) {
        return one("format", text, RingFormat.values());
    }

    private static <E extends Enum<E>> E one(String what, String text, E[] all) {
        return Arrays.stream(all)
                .filter(each -> lower(each).equals(text))
                .findFirst()
                .orElseThrow(() -> new SimException(what + " is '" + text + "'; use one of "
                        + Arrays.stream(all).map(Workloads::lower).collect(Collectors.joining(", "))));
    }

    /** As users write it. */
    public static String lower(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
