package dev.cipu.bench.overhead;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedFrame;
import jdk.jfr.consumer.RecordedThread;
import jdk.jfr.consumer.RecordingFile;

/** Where the processor time of this process's threads goes: JFR samples, by the method that ran. */
final class HotSpots implements AutoCloseable {
    private static final String EVENT = "jdk.CPUTimeSample";
    private static final String RATE = "1000/s";
    private static final int MOST = 40;

    private final Recording recording = new Recording();

    HotSpots() {
        recording.enable(EVENT).with("throttle", RATE);
        recording.start();
    }

    /** Ends the recording; samples of threads whose names begin so, the most frequent method first. */
    Map<String, Integer> stop(String thread) throws IOException {
        recording.stop();
        Path file = Files.createTempFile("cipu-bench", ".jfr");
        try {
            recording.dump(file);
            Map<String, Integer> counts = new HashMap<>();
            for (RecordedEvent event : RecordingFile.readAllEvents(file)) {
                RecordedThread of = event.getThread("eventThread");
                if (of != null && of.getJavaName() != null && of.getJavaName().startsWith(thread)) {
                    counts.merge(where(event), 1, Integer::sum);
                }
            }
            Map<String, Integer> sorted = new LinkedHashMap<>();
            counts.entrySet().stream()
                    .sorted(Map.Entry.<String, Integer>comparingByValue().reversed())
                    .limit(MOST)
                    .forEach(entry -> sorted.put(entry.getKey(), entry.getValue()));
            return sorted;
        } finally {
            Files.delete(file);
        }
    }

    private static String where(RecordedEvent event) {
        if (event.getStackTrace() == null) {
            return "not attributed";
        }
        List<RecordedFrame> frames = event.getStackTrace().getFrames();
        // a method of the JDK tells less than the one of ours that called it
        return frames.stream()
                .filter(frame -> frame.getMethod().getType().getName().startsWith("dev.cipu."))
                .findFirst()
                .or(() -> frames.stream().findFirst())
                .map(frame -> frame.getMethod().getType().getName() + "."
                        + frame.getMethod().getName())
                .orElse("not attributed");
    }

    @Override
    public void close() {
        recording.close();
    }
}
