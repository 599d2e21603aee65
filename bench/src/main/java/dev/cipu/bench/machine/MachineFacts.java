package dev.cipu.bench.machine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;

/**
 * Where a comparison ran.
 *
 * @param cpu model name
 * @param cores that this process may use
 * @param hostCore the core of the load
 * @param cardCore the core of the servers
 * @param kernel name and release
 * @param jdk vendor's version
 * @param hugePages reserved on the machine during the run
 * @param hugePageKb size of one
 * @param loadBefore the kernel's load average over a minute before the run
 * @param busyBefore percent of both cores' time that others used just before the run
 * @param steal percent of both cores' time that the hypervisor took during the run
 */
public record MachineFacts(
        String cpu,
        int cores,
        int hostCore,
        int cardCore,
        String kernel,
        String jdk,
        long hugePages,
        long hugePageKb,
        double loadBefore,
        double busyBefore,
        double steal) {
    private static final long LOOK_MILLIS = 300;

    /** What must be read before the run. Then {@link #after} makes the facts. */
    public static final class Before {
        private final int hostCore;
        private final int cardCore;
        private final double load;
        private final double busy;
        private final CpuTimes start;

        private Before(int hostCore, int cardCore, double load, double busy, CpuTimes start) {
            this.hostCore = hostCore;
            this.cardCore = cardCore;
            this.load = load;
            this.busy = busy;
            this.start = start;
        }

        /** Percent of the cores' time that others used just before. */
        public double busy() {
            return busy;
        }

        /** Says so if other programs make the figures worthless. */
        public void warnIfBusy(Consumer<String> warning) {
            if (busy > HostAdvice.BUSY) {
                warning.accept("warning: other programs use " + busy
                        + " % of the machine; the figures will not be good for much");
            }
        }

        public MachineFacts after() throws IOException {
            return after(Proc.memory("HugePages_Total"));
        }

        /**
         * As {@link #after()}, for a run that has given its huge pages back.
         *
         * @param hugePages reserved during the run
         */
        public MachineFacts after(long hugePages) throws IOException {
            return new MachineFacts(
                    Proc.cpuModel(),
                    Runtime.getRuntime().availableProcessors(),
                    hostCore,
                    cardCore,
                    Proc.kernel(),
                    Runtime.version().toString(),
                    hugePages,
                    Proc.memory("Hugepagesize"),
                    load,
                    busy,
                    Median.rounded(CpuTimes.now().since(start).stealPercent(), 1));
        }
    }

    /** Looks at the machine for a moment. */
    public static Before before(int hostCore, int cardCore) throws IOException, InterruptedException {
        CpuTimes first = CpuTimes.now();
        Thread.sleep(LOOK_MILLIS);
        CpuTimes second = CpuTimes.now();
        return new Before(
                hostCore,
                cardCore,
                Proc.loadAverage(),
                Median.rounded(second.since(first).busyPercent(), 1),
                second);
    }

    /**
     * The first line of /proc/stat, in ticks.
     *
     * @param all of it
     * @param idle nothing to do, or waiting for a disk
     * @param steal taken by the hypervisor
     */
    public record CpuTimes(long all, long idle, long steal) {
        private static final int IDLE = 4;
        private static final int IO_WAIT = 5;
        private static final int STEAL = 8;

        public static CpuTimes now() throws IOException {
            return parse(Files.readAllLines(Path.of("/proc/stat")).getFirst());
        }

        public static CpuTimes parse(String line) {
            String[] fields = line.strip().split("\\s+", -1);
            long all = 0;
            for (int i = 1; i <= STEAL; i++) {
                all += Long.parseLong(fields[i]);
            }
            return new CpuTimes(
                    all, Long.parseLong(fields[IDLE]) + Long.parseLong(fields[IO_WAIT]), Long.parseLong(fields[STEAL]));
        }

        public CpuTimes since(CpuTimes earlier) {
            return new CpuTimes(all - earlier.all, idle - earlier.idle, steal - earlier.steal);
        }

        public double busyPercent() {
            return all == 0 ? 0 : 100.0 * (all - idle) / all;
        }

        public double stealPercent() {
            return all == 0 ? 0 : 100.0 * steal / all;
        }
    }
}
