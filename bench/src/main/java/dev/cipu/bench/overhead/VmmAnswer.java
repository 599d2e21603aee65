package dev.cipu.bench.overhead;

import dev.cipu.shim.load.GuestLoadResult;
import dev.cipu.shim.load.Latency;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the load in an emulated guest says of a job, see scripts/guest/load.c.
 *
 * @param seconds measured, by the guest's clock
 * @param packets null if there were none
 * @param requests null if there were none
 */
record VmmAnswer(double seconds, GuestLoadResult.@Nullable Flow packets, GuestLoadResult.@Nullable Flow requests) {
    /** How the line begins that tells. */
    static final String DONE = "DONE ";

    /**
     * Reads that line.
     *
     * @throws IOException if it is none
     */
    static VmmAnswer parse(String line) throws IOException {
        if (!line.startsWith(DONE)) {
            throw new IOException("the guest's load says: " + line);
        }
        Map<String, String> fields = new HashMap<>();
        for (String field : line.substring(DONE.length()).strip().split(" ", -1)) {
            int at = field.indexOf('=');
            if (at > 0) {
                fields.put(field.substring(0, at), field.substring(at + 1));
            }
        }
        try {
            double seconds = Double.parseDouble(required(fields, "seconds"));
            if (!(seconds > 0)) {
                throw new IOException("the guest's clock stood still");
            }
            return new VmmAnswer(seconds, flow(fields, "packets", seconds), flow(fields, "requests", seconds));
        } catch (NumberFormatException e) {
            throw new IOException("the guest's load says: " + line, e);
        }
    }

    private static String required(Map<String, String> fields, String name) throws IOException {
        String value = fields.get(name);
        if (value == null) {
            throw new IOException("the guest's load does not tell its " + name);
        }
        return value;
    }

    private static GuestLoadResult.@Nullable Flow flow(Map<String, String> fields, String name, double seconds)
            throws IOException {
        if (!fields.containsKey(name)) {
            return null;
        }
        long ops = Long.parseLong(required(fields, name));
        List<GuestLoadResult.Point> curve = new ArrayList<>();
        for (String point : required(fields, name + "_curve").split(",", -1)) {
            int at = point.indexOf('@');
            curve.add(new GuestLoadResult.Point(
                    Long.parseLong(point.substring(0, Math.max(0, at))), Double.parseDouble(point.substring(at + 1))));
        }
        long median = Long.parseLong(required(fields, name + "_p50"));
        long p99 = Long.parseLong(required(fields, name + "_p99"));
        long p999 = Long.parseLong(required(fields, name + "_p999"));
        // the load keeps no mean and no extremes; nobody asks for them
        Latency latency = new Latency(
                ops,
                median,
                curve.getFirst().nanos(),
                median,
                p99,
                p99,
                p999,
                curve.getLast().nanos());
        return new GuestLoadResult.Flow(ops, ops / seconds, latency, List.copyOf(curve), List.of());
    }
}
