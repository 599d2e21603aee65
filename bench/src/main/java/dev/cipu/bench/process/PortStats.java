package dev.cipu.bench.process;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What testpmd's {@code show port stats} says of its one port.
 *
 * @param packets received since testpmd started
 * @param bytes received, without checksums
 * @param dropped frames missed, broken or without a buffer, both ways
 * @param packetsPerSecond received since the last time it was asked, by its own clock
 */
public record PortStats(long packets, long bytes, long dropped, double packetsPerSecond) {
    private static final Pattern FIELD = Pattern.compile("([RT]x-[a-z]+|[RT]X-[a-z]+):\\s+(\\d+)");
    private static final String LAST_FIELD = "Tx-pps";

    /** Whether a line is the last one with figures. */
    public static boolean isLast(String line) {
        return line.contains(LAST_FIELD);
    }

    /**
     * Reads the answer.
     *
     * @throws IllegalArgumentException if a figure is missing
     */
    public static PortStats parse(List<String> lines) {
        return new PortStats(
                field(lines, "RX-packets"),
                field(lines, "RX-bytes"),
                field(lines, "RX-missed")
                        + field(lines, "RX-errors")
                        + field(lines, "RX-nombuf")
                        + field(lines, "TX-errors"),
                field(lines, "Rx-pps"));
    }

    private static long field(List<String> lines, String name) {
        for (String line : lines) {
            Matcher matcher = FIELD.matcher(line);
            while (matcher.find()) {
                if (matcher.group(1).equals(name)) {
                    return Long.parseLong(matcher.group(2));
                }
            }
        }
        throw new IllegalArgumentException("testpmd's statistics have no " + name);
    }

    /** Mean bytes of the frames received since {@code earlier}. */
    public double meanBytesSince(PortStats earlier) {
        long frames = packets - earlier.packets;
        return frames == 0 ? 0 : (double) (bytes - earlier.bytes) / frames;
    }
}
