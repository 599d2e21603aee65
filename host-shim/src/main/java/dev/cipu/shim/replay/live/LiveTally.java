package dev.cipu.shim.replay.live;

import dev.cipu.shim.load.Latency;
import dev.cipu.sim.model.Operation;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import org.HdrHistogram.Histogram;

/** What a live replay counts. Owned by its thread; allocates nothing after construction but for problems. */
final class LiveTally {
    private static final long LONGEST = 600_000_000_000L;
    private static final int DIGITS = 3;

    private final Map<Operation, Sent> sent = new EnumMap<>(Operation.class);
    private final Histogram behind = histogram();
    private String firstProblem = "";
    private long received;
    private long receivedBytes;

    /** Of one operation. */
    static final class Sent {
        private final Histogram latency = histogram();
        private long count;
        private long bytes;
        private long errors;

        long count() {
            return count;
        }

        long bytes() {
            return bytes;
        }

        long errors() {
            return errors;
        }

        Latency latency() {
            return Latency.of(latency);
        }
    }

    LiveTally() {
        for (Operation operation : Operation.values()) {
            sent.put(operation, new Sent());
        }
    }

    private static Histogram histogram() {
        return new Histogram(LONGEST, DIGITS);
    }

    /** A transaction goes to the device, so many nanoseconds after it was due. */
    void send(Operation operation, int bytes, long nanosLate) {
        Sent of = of(operation);
        of.count++;
        of.bytes += bytes;
        behind.recordValue(Math.clamp(nanosLate, 0, LONGEST));
    }

    /** The device is done with one. */
    void done(Operation operation, long nanos) {
        of(operation).latency.recordValue(Math.clamp(nanos, 0, LONGEST));
    }

    /** And it failed. */
    void failed(Operation operation, String problem) {
        of(operation).errors++;
        if (firstProblem.isEmpty()) {
            firstProblem = problem;
        }
    }

    /** The device brought a frame. */
    void receive(int bytes) {
        received++;
        receivedBytes += bytes;
    }

    Sent of(Operation operation) {
        return Objects.requireNonNull(sent.get(operation));
    }

    Latency behind() {
        return Latency.of(behind);
    }

    String firstProblem() {
        return firstProblem;
    }

    long received() {
        return received;
    }

    long receivedBytes() {
        return receivedBytes;
    }
}
