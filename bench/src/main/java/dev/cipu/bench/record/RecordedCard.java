package dev.cipu.bench.record;

import dev.cipu.dataplane.CounterReader.Group;
import dev.cipu.dataplane.IdlePolicy;
import dev.cipu.dataplane.journal.Capture;
import dev.cipu.shim.assembly.CardAssembly;
import dev.cipu.shim.assembly.CardSpec;
import dev.cipu.shim.assembly.CounterFile;
import dev.cipu.shim.assembly.EndpointSpec;
import dev.cipu.shim.assembly.NetSpec;
import dev.cipu.shim.assembly.RecordSpec;
import dev.cipu.shim.assembly.SwitchSpec;
import dev.cipu.shim.assembly.TimingSpec;
import dev.cipu.shim.load.NetLoad;
import dev.cipu.shim.load.NetLoadResult;
import dev.cipu.shim.load.NetLoadSpec;
import dev.cipu.shim.load.RunSpec;
import dev.cipu.shim.load.Target;
import dev.cipu.shim.trace.TraceRecorder;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A card with one network device before an uplink that reflects, and a guest in the same process that sends 64-byte frames, for one
 * {@link Turn}. Used by one thread.
 */
final class RecordedCard implements AutoCloseable {
    private static final String DEVICE = "net0";
    private static final int FRAME_BYTES = 64;
    private static final double WARM_UP_SECONDS = 0.5;
    private static final double NANOS = 1e9;
    private static final long PATIENCE_NANOS = 60_000_000_000L;
    private static final long LOOK_MILLIS = 5;

    private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    private final Target target;
    private final int hostCore;
    private final boolean recording;
    private final CardAssembly card;

    /** What the card has counted, and its recording thread's time. */
    private record Counts(
            long busyNanos, long transactions, long lost, long journaled, long written, long writerNanos) {}

    /**
     * Starts it.
     *
     * @param socket where nothing is yet
     * @param trace an empty directory to record into, null for none
     */
    RecordedCard(Path socket, @Nullable Path trace, int hostCore, int cardCore) {
        target = Target.of(socket);
        this.hostCore = hostCore;
        recording = trace != null;
        card = CardAssembly.start(new CardSpec(
                List.of(cardCore),
                IdlePolicy.SPIN,
                null,
                Map.of(),
                List.of(new SwitchSpec(SwitchSpec.DEFAULT_NAME, SwitchSpec.Uplink.LOOPBACK)),
                List.of(new NetSpec(
                        DEVICE,
                        EndpointSpec.server(socket),
                        "02:00:00:00:00:01",
                        1,
                        NetSpec.DEFAULT_MTU,
                        SwitchSpec.DEFAULT_NAME)),
                List.of(),
                null,
                trace == null ? null : new RecordSpec(trace, Capture.HEADERS, TraceRecorder.DEFAULT_RING_BYTES),
                null,
                TimingSpec.NONE));
        card.spec().devices().forEach(card::serve);
    }

    /** Runs a load, after a short one to warm up. */
    Turn run(long rate, double seconds) throws IOException, InterruptedException {
        load(rate, WARM_UP_SECONDS);
        settle();
        Counts before = counts();
        NetLoadResult result = load(rate, seconds);
        Counts then = counts();
        double behind = settle();
        Counts after = counts();
        long transactions = after.transactions - before.transactions;
        return new Turn(
                rate,
                recording,
                result.sent(),
                result.ops(),
                result.pps(),
                (double) (then.busyNanos - before.busyNanos) / Math.max(1, result.ops()),
                transactions,
                after.lost - before.lost,
                (then.writerNanos - before.writerNanos) / NANOS / result.seconds(),
                (double) (after.writerNanos - before.writerNanos) / Math.max(1, transactions),
                behind);
    }

    private NetLoadResult load(long rate, double seconds) {
        RunSpec run = new RunSpec(seconds, 0, 0, false, hostCore);
        return NetLoad.run(NetLoadSpec.of(target, FRAME_BYTES, run).withRate(rate));
    }

    /** Waits until all that was recorded is written; returns for how long that took. */
    private double settle() throws IOException, InterruptedException {
        long begin = System.nanoTime();
        for (Counts now = counts(); now.written < now.journaled; now = counts()) {
            if (System.nanoTime() - begin > PATIENCE_NANOS) {
                throw new IOException("the recording thread has stopped writing; is there room where the trace is?");
            }
            Thread.sleep(LOOK_MILLIS);
        }
        return (System.nanoTime() - begin) / NANOS;
    }

    private Counts counts() throws IOException {
        List<Group> groups = CounterFile.read(card.counters()).groups();
        return new Counts(
                value(groups, "worker0", "busy_ns"),
                value(groups, "journal/worker0", "records"),
                value(groups, "journal/worker0", "lost"),
                value(groups, "journal/worker0", "bytes"),
                value(groups, "journal", "bytes"),
                RecordingThread.cpuNanos(threads));
    }

    private static long value(List<Group> groups, String owner, String name) {
        return groups.stream()
                .filter(group -> group.owner().equals(owner))
                .mapToLong(group -> group.values().getOrDefault(name, 0L))
                .sum();
    }

    @Override
    public void close() {
        card.close();
    }
}
