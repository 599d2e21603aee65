package dev.cipu.shim.demo;

import dev.cipu.shim.assembly.BlkSpec;
import dev.cipu.shim.assembly.CardAssembly;
import dev.cipu.shim.assembly.CardSpec;
import dev.cipu.shim.assembly.EndpointSpec;
import dev.cipu.shim.assembly.NetSpec;
import dev.cipu.shim.assembly.StoreSpec;
import dev.cipu.shim.assembly.SwitchSpec;
import dev.cipu.shim.assembly.SwitchSpec.Uplink;
import dev.cipu.shim.load.Latency;
import dev.cipu.shim.posix.Affinity;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * A card with two network devices and a disk, and three guests in the same process that use them and check all they get.
 * The first CPU allowed stands for the card's core, the others for host cores; with one CPU they share it.
 */
public final class Demo {
    private static final String STORE = "memory";
    private static final long DISK_BYTES = 64L << 20;
    private static final int MAX_GUEST_THREADS = 3;
    private static final long TICK_MILLIS = 250;
    private static final double NANOS = 1e9;
    private static final double WARM_UP_SHARE = 0.2;
    private static final int BITS = 8;

    private final double seconds;
    private final Progress progress;
    private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    private volatile boolean stopped;

    /** Hears how far the demo is, a few times a second. */
    @FunctionalInterface
    public interface Progress {
        /**
         * @param elapsed seconds since the start
         * @param packetsPerSecond since the last time
         * @param iops since the last time
         */
        void at(double elapsed, double packetsPerSecond, double iops);
    }

    /**
     * @param seconds how long the guests work, a part of it to warm up
     */
    public Demo(double seconds, Progress progress) {
        this.seconds = seconds;
        this.progress = progress;
    }

    /** Has {@link #run} come to its end soon. Any thread. */
    public void stop() {
        stopped = true;
    }

    /** Runs the demo and says how it went. */
    public DemoReport run() throws InterruptedException {
        NetSpec first = new NetSpec("net0", EndpointSpec.EMBEDDED, "02:c1:70:00:00:01", 1, NetSpec.DEFAULT_MTU, "sw0");
        NetSpec second = new NetSpec("net1", EndpointSpec.EMBEDDED, "02:c1:70:00:00:02", 1, NetSpec.DEFAULT_MTU, "sw0");
        BlkSpec disk = new BlkSpec("blk0", EndpointSpec.EMBEDDED, STORE, false, 1, "demo", BlkSpec.DEFAULT_BLOCK_SIZE);
        CardSpec spec = new CardSpec(
                List.of(),
                null,
                null,
                Map.of(STORE, new StoreSpec.Memory(DISK_BYTES)),
                List.of(new SwitchSpec("sw0", Uplink.NONE)),
                List.of(first, second, disk));
        try (CardAssembly card = CardAssembly.start(spec);
                NetDuty one = new NetDuty(card.function(first.id()), first.macBytes());
                NetDuty other = new NetDuty(card.function(second.id()), second.macBytes());
                BlkDuty blocks = new BlkDuty(card.function(disk.id()), DISK_BYTES)) {
            one.pairWith(other);
            other.pairWith(one);
            return new Run(card, one, other, blocks).run();
        }
    }

    /** One run over guests that are plugged in. */
    private final class Run {
        private final CardAssembly card;
        private final NetDuty one;
        private final NetDuty other;
        private final BlkDuty blocks;
        private final List<Integer> hostCores;
        private final List<GuestThread> guests = new ArrayList<>();
        private final GuestThread.Phase phase = new GuestThread.Phase();

        Run(CardAssembly card, NetDuty one, NetDuty other, BlkDuty blocks) {
            this.card = card;
            this.one = one;
            this.other = other;
            this.blocks = blocks;
            List<Integer> rest = Affinity.allowed().stream()
                    .filter(cpu -> !card.cpus().contains(cpu))
                    .toList();
            boolean shared = rest.isEmpty();
            hostCores = shared ? card.cpus() : rest;
            List<Duty> duties = List.of(one, blocks, other);
            int count = Math.min(MAX_GUEST_THREADS, hostCores.size());
            for (int i = 0; i < count; i++) {
                List<Duty> share = new ArrayList<>();
                for (int j = i; j < duties.size(); j += count) {
                    share.add(duties.get(j));
                }
                guests.add(new GuestThread(i, share, hostCores, shared, phase));
            }
        }

        DemoReport run() throws InterruptedException {
            long start = System.nanoTime();
            guests.forEach(GuestThread::start);
            watch(start, (long) (seconds * WARM_UP_SHARE * NANOS));
            Mark before = mark();
            phase.measured = true;
            watch(start, (long) (seconds * NANOS));
            phase.measured = false;
            Mark after = mark();
            phase.starting = false;
            Throwable failure = null;
            for (GuestThread guest : guests) {
                Throwable thrown = guest.join();
                failure = failure == null ? thrown : failure;
            }
            return report(before, after, failure);
        }

        /** Reports progress until {@code length} nanoseconds after the start, or a guest has ended early. */
        private void watch(long start, long length) throws InterruptedException {
            Mark last = mark();
            while (!stopped
                    && System.nanoTime() - start < length
                    && guests.stream().allMatch(GuestThread::isAlive)) {
                long left = length - (System.nanoTime() - start);
                Thread.sleep(Math.clamp(left / 1_000_000, 1, TICK_MILLIS));
                Mark now = mark();
                progress.at((now.nanos - start) / NANOS, now.framesSince(last), now.requestsSince(last));
                last = now;
            }
        }

        private Mark mark() {
            return new Mark(
                    System.nanoTime(),
                    one.done() + other.done(),
                    blocks.done(),
                    cpuNanos(guests.stream().map(GuestThread::threadId).toList()),
                    cpuNanos(card.coreThreads()));
        }

        private long cpuNanos(List<Long> of) {
            return of.stream()
                    .mapToLong(id -> Math.max(0, threads.getThreadCpuTime(id)))
                    .sum();
        }

        private DemoReport report(Mark before, Mark after, @Nullable Throwable failure) {
            double measured = (after.nanos - before.nanos) / NANOS;
            long sent = one.sent() + other.sent();
            long received = one.done() + other.done();
            long lost = one.missing() + other.missing();
            String problem = problem(failure, lost);
            Histogram frames = new Histogram(one.latency);
            frames.add(one.latency);
            frames.add(other.latency);
            double packets = after.framesSince(before);
            double bytesPerFrame = received == 0 ? 0 : (double) (one.bytes() + other.bytes()) / received;
            double iops = after.requestsSince(before);
            return new DemoReport(
                    problem.isEmpty(),
                    problem,
                    measured,
                    card.cpus(),
                    hostCores,
                    guests.size(),
                    new DemoReport.Net(
                            sent, received, lost, packets, packets * bytesPerFrame * BITS, Latency.of(frames)),
                    new DemoReport.Blk(
                            blocks.checkedReads(),
                            blocks.writes(),
                            BlkDuty.BLOCK_BYTES,
                            iops,
                            iops * BlkDuty.BLOCK_BYTES,
                            Latency.of(blocks.latency)),
                    (after.hostCpu - before.hostCpu) / NANOS,
                    (after.cardCpu - before.cardCpu) / NANOS,
                    one.kicks() + other.kicks() + blocks.kicks(),
                    one.calls() + other.calls() + blocks.calls());
        }

        private String problem(@Nullable Throwable failure, long lost) {
            if (failure != null) {
                return "a guest failed: " + failure;
            }
            for (Duty duty : List.of(one, other, blocks)) {
                String problem = duty.problem();
                if (problem != null) {
                    return problem;
                }
            }
            if (lost != 0) {
                return lost + " frames were lost";
            }
            if (!blocks.isQuiet()) {
                return "requests to the disk were never completed";
            }
            return one.done() == 0 || other.done() == 0 || blocks.done() == 0 ? "a guest got nothing done" : "";
        }
    }

    /** How far everything was at some time. */
    private record Mark(long nanos, long frames, long requests, long hostCpu, long cardCpu) {
        double framesSince(Mark before) {
            return (frames - before.frames) * NANOS / Math.max(1, nanos - before.nanos);
        }

        double requestsSince(Mark before) {
            return (requests - before.requests) * NANOS / Math.max(1, nanos - before.nanos);
        }
    }
}
