package dev.cipu.shim.sim.trace;

import dev.cipu.sim.model.Part;
import dev.cipu.sim.model.Tracer.Register;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.json.JsonMapper;

/**
 * A timeline in the Trace Event Format that Chrome's tracer and Perfetto read: a process for each queue, in it a thread for each
 * part of the way, more of them where several packets are in the same part at a time. Times are in microseconds.
 */
public final class ChromeTrace {
    /** Threads of a part have numbers beside each other. */
    private static final int LANES = 10_000;

    private static final double MICRO = 1e6;

    /** In the order in which their threads are shown. */
    private static final List<Part> PARTS = List.of(Part.values());

    private final JsonGenerator json;

    private ChromeTrace(JsonGenerator json) {
        this.json = json;
    }

    /** Writes {@code timeline} to {@code file}. */
    public static void write(Timeline timeline, Path file) {
        try (Writer out = Files.newBufferedWriter(file);
                JsonGenerator json = JsonMapper.shared().createGenerator(out)) {
            new ChromeTrace(json).write(timeline);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void write(Timeline timeline) {
        json.writeStartObject();
        json.writeStringProperty("displayTimeUnit", "ns");
        json.writeName("traceEvents");
        json.writeStartArray();
        TreeSet<Integer> queues = new TreeSet<>();
        timeline.spans().forEach(each -> queues.add(each.queue()));
        timeline.writes().forEach(each -> queues.add(each.queue()));
        queues.forEach(queue -> name("process_name", queue, 0, "queue " + queue));
        spans(timeline.spans());
        writes(timeline.writes());
        json.writeEndArray();
        json.writeEndObject();
    }

    private void spans(List<Timeline.Span> spans) {
        List<Timeline.Span> sorted = new ArrayList<>(spans);
        sorted.sort(Comparator.comparingLong(Timeline.Span::from).thenComparingLong(Timeline.Span::journey));
        Map<Long, List<Long>> lanes = new TreeMap<>();
        for (Timeline.Span span : sorted) {
            long row = (long) span.queue() * PARTS.size() + PARTS.indexOf(span.part());
            List<Long> ends = lanes.computeIfAbsent(row, _ -> new ArrayList<>());
            int lane = 0;
            while (lane < ends.size() && ends.get(lane) > span.from()) {
                lane++;
            }
            int thread = thread(PARTS.indexOf(span.part()) + 1, lane);
            if (lane == ends.size()) {
                ends.add(span.to());
                String more = lane == 0 ? "" : " " + (lane + 1);
                name("thread_name", span.queue(), thread, span.part().label() + more);
            } else {
                ends.set(lane, span.to());
            }
            begin("X", span.part().label(), span.queue(), thread, span.from());
            json.writeNumberProperty("dur", (span.to() - span.from()) / MICRO);
            argument("journey", span.journey());
            json.writeEndObject();
        }
    }

    private void writes(List<Timeline.Write> writes) {
        TreeSet<Integer> named = new TreeSet<>();
        for (Timeline.Write write : writes) {
            int thread = write.register() == Register.DOORBELL ? 1 : 2;
            String register = write.register().name().toLowerCase(Locale.ROOT);
            if (named.add(write.queue() * LANES + thread)) {
                name("thread_name", write.queue(), thread, register + "s");
            }
            begin("i", register, write.queue(), thread, write.time());
            json.writeStringProperty("s", "t");
            argument("count", write.value());
            json.writeEndObject();
        }
    }

    private static int thread(int row, int lane) {
        return row * LANES + lane;
    }

    private void begin(String phase, String name, int queue, int thread, long time) {
        json.writeStartObject();
        json.writeStringProperty("ph", phase);
        json.writeStringProperty("name", name);
        json.writeNumberProperty("pid", queue);
        json.writeNumberProperty("tid", thread);
        json.writeNumberProperty("ts", time / MICRO);
    }

    private void argument(String name, long value) {
        json.writeObjectPropertyStart("args");
        json.writeNumberProperty(name, value);
        json.writeEndObject();
    }

    /** Names a process or a thread; threads are shown in the order of their numbers. */
    private void name(String kind, int queue, int thread, String name) {
        json.writeStartObject();
        json.writeStringProperty("ph", "M");
        json.writeStringProperty("name", kind);
        json.writeNumberProperty("pid", queue);
        json.writeNumberProperty("tid", thread);
        json.writeObjectPropertyStart("args");
        json.writeStringProperty("name", name);
        json.writeEndObject();
        json.writeEndObject();
        if (kind.equals("thread_name")) {
            json.writeStartObject();
            json.writeStringProperty("ph", "M");
            json.writeStringProperty("name", "thread_sort_index");
            json.writeNumberProperty("pid", queue);
            json.writeNumberProperty("tid", thread);
            json.writeObjectPropertyStart("args");
            json.writeNumberProperty("sort_index", thread);
            json.writeEndObject();
            json.writeEndObject();
        }
    }
}
