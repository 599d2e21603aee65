package dev.cipu.bench.overhead;

import dev.cipu.shim.load.GuestLoad;
import dev.cipu.shim.load.GuestLoadResult;
import dev.cipu.shim.load.RunSpec;
import dev.cipu.shim.posix.CpuUsage;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * The main class of the process that stands for a guest's processor: one {@link Job} a line of its standard input, one {@link
 * Job.Answer} a line of its output. All ways are driven from here, so all meet the same compiled driver. It is pinned to the host
 * core with all its threads but the mirror's, and ends with its input.
 */
public final class GuestServer {
    /** The thread that drives, see {@link GuestLoad}. */
    private static final String DRIVER = "cipu-drive";

    static final JsonMapper JSON = JsonMapper.builder().build();

    private final int core;
    private final Mirror mirror;

    private GuestServer(int core, Mirror mirror) {
        this.core = core;
        this.mirror = mirror;
    }

    /** Takes the core to drive from, the mirror's core, and a folder for the mirror's sockets. */
    public static void main(String[] args) throws IOException {
        try (Mirror mirror = new Mirror(Integer.parseInt(args[1]), Path.of(args[2]));
                BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            GuestServer server = new GuestServer(Integer.parseInt(args[0]), mirror);
            for (String line = input.readLine(); line != null; line = input.readLine()) {
                System.out.println(JSON.writeValueAsString(server.answer(line)));
                System.out.flush();
            }
        }
    }

    private Job.Answer answer(String line) {
        try {
            return run(JSON.readValue(line, Job.class));
        } catch (JacksonException e) {
            return Job.Answer.failed("no job: " + e.getOriginalMessage());
        } catch (RuntimeException | IOException e) {
            return Job.Answer.failed(Objects.requireNonNullElse(e.getMessage(), e.toString()));
        }
    }

    private Job.Answer run(Job job) throws IOException {
        RunSpec run = RunSpec.ofSeconds(job.seconds())
                .withWarmup(job.warmup())
                .withInterrupt(job.interrupt())
                .withCore(core);
        Path net = job.net() == null ? mirror.net() : Path.of(job.net());
        Path blk = job.blk() == null ? mirror.blk() : Path.of(job.blk());
        try (Observer observer = observer(job)) {
            GuestLoadResult result = GuestLoad.run(job.work().load(net, blk, job.orders(), run), observer);
            if (!result.problem().isEmpty()) {
                return Job.Answer.failed(result.problem());
            }
            return new Job.Answer(
                    null,
                    result,
                    observer.used(),
                    observer.allocated,
                    observer.driverMisses.count(),
                    observer.deviceMisses.count(),
                    observer.hotSpots);
        }
    }

    private Observer observer(Job job) throws IOException {
        boolean bare = job.servers().isEmpty();
        long self = ProcessHandle.current().pid();
        return new Observer(
                bare ? List.of(self) : job.servers(),
                bare ? Mirror.THREAD : "",
                job.probe() == null ? null : new AllocationProbe.Client(Path.of(job.probe())),
                bare ? mirror.threadId() : -1,
                job.profile());
    }

    /** Reads the accounts of the other side when the measured time begins and ends. */
    private static final class Observer implements GuestLoad.Watch, AutoCloseable {
        private final List<Long> processes;
        private final String prefix;
        private final AllocationProbe.@Nullable Client probe;
        private final long allocator;
        private final boolean profile;
        private Map<String, CpuUsage> before = Map.of();
        private Map<String, CpuUsage> after = Map.of();
        private @Nullable HotSpots looking;
        private Map<String, Integer> hotSpots = Map.of();
        private long allocated = -1;
        private final CacheMisses driverMisses = new CacheMisses();
        private final CacheMisses deviceMisses = new CacheMisses();

        /**
         * @param processes whose threads are watched
         * @param prefix of the names of those that count
         * @param probe tells what they allocate, null if nothing does
         * @param allocator a thread of this process in place of the probe, -1 for none
         */
        Observer(
                List<Long> processes,
                String prefix,
                AllocationProbe.@Nullable Client probe,
                long allocator,
                boolean profile) {
            this.processes = processes;
            this.prefix = prefix;
            this.probe = probe;
            this.allocator = allocator;
            this.profile = profile;
        }

        @Override
        public void begins() {
            looking = profile ? new HotSpots() : null;
            driverMisses.watch(CacheMisses.THIS_THREAD);
            for (long process : processes) {
                CpuUsage.threadsOf(process).forEach((tid, name) -> {
                    if (name.startsWith(prefix)) {
                        deviceMisses.watch(tid);
                    }
                });
            }
            before = look();
            allocated = allocations();
        }

        @Override
        public void ends() {
            driverMisses.end();
            deviceMisses.end();
            long now = allocations();
            allocated = now < 0 ? -1 : now - allocated;
            after = look();
            HotSpots ending = looking;
            if (ending != null) {
                try {
                    hotSpots = ending.stop(DRIVER);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        }

        private long allocations() {
            try {
                if (probe != null) {
                    return probe.ask();
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return allocator < 0
                    ? -1
                    : ((com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean())
                            .getThreadAllocatedBytes(allocator);
        }

        private Map<String, CpuUsage> look() {
            Map<String, CpuUsage> all = new HashMap<>();
            for (long process : processes) {
                CpuUsage.ofThreads(process).forEach((name, usage) -> {
                    if (name.startsWith(prefix)) {
                        all.merge(name, usage, CpuUsage::plus);
                    }
                });
            }
            return all;
        }

        Map<String, CpuUsage> used() {
            Map<String, CpuUsage> used = new HashMap<>();
            after.forEach((name, usage) -> used.put(name, usage.since(before.getOrDefault(name, CpuUsage.NONE))));
            return used;
        }

        @Override
        public void close() throws IOException {
            if (probe != null) {
                probe.close();
            }
            if (looking != null) {
                looking.close();
            }
            driverMisses.close();
            deviceMisses.close();
        }
    }
}
