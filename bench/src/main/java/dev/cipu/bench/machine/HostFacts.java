package dev.cipu.bench.machine;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What a machine can show, before anything is measured on it.
 *
 * @param cpu model name
 * @param cores numbers of those that this process may use
 * @param hostCore the core of loads
 * @param cardCore the core of servers
 * @param sharedCore whether both are threads of one physical core
 * @param kernel name and release
 * @param jdk version
 * @param virtual whether the machine is a virtual one
 * @param kvm whether guests can run at full speed
 * @param governor how the kernel clocks the card's core; empty if it does not
 * @param clockSource what the kernel reads the time from
 * @param clockNanos a reading of the clock, in nanoseconds
 * @param hugePages free ones
 * @param hugePageKb size of one
 * @param canReserveHugePages whether this process may reserve more
 * @param load the kernel's load average over a minute
 * @param busy percent of all cores' time that others used while we looked
 * @param steal percent that the hypervisor took meanwhile
 * @param roundTrips of a cache line between both cores, in nanoseconds: one for each look, in order; empty with one core
 */
public record HostFacts(
        String cpu,
        List<Integer> cores,
        int hostCore,
        int cardCore,
        boolean sharedCore,
        String kernel,
        String jdk,
        boolean virtual,
        boolean kvm,
        String governor,
        String clockSource,
        double clockNanos,
        long hugePages,
        long hugePageKb,
        boolean canReserveHugePages,
        double load,
        double busy,
        double steal,
        List<Double> roundTrips) {
    private static final Path CPUS = Path.of("/sys/devices/system/cpu");
    private static final Path CLOCK = Path.of("/sys/devices/system/clocksource/clocksource0/current_clocksource");
    private static final Path RESERVED = Path.of("/proc/sys/vm/nr_hugepages");
    private static final Path KVM = Path.of("/dev/kvm");
    private static final int CLOCK_READINGS = 200_000;
    private static final int CLOCK_ROUNDS = 7;
    private static final long QUIET_MILLIS = 500;

    /** Looks for about {@code looks} tenths of a second and a half second more. */
    public static HostFacts look(List<Integer> cores, int hostCore, int cardCore, int looks)
            throws IOException, InterruptedException {
        MachineFacts.CpuTimes start = MachineFacts.CpuTimes.now();
        Thread.sleep(QUIET_MILLIS);
        MachineFacts.CpuTimes quiet = MachineFacts.CpuTimes.now().since(start);
        List<Double> roundTrips = cores.contains(hostCore) && cores.contains(cardCore) && hostCore != cardCore
                ? roundTrips(hostCore, cardCore, looks)
                : List.of();
        return new HostFacts(
                Proc.cpuModel(),
                cores,
                hostCore,
                cardCore,
                siblings(text(CPUS.resolve("cpu" + cardCore + "/topology/thread_siblings_list")))
                        .contains(hostCore),
                Proc.kernel(),
                Runtime.version().toString(),
                Proc.field("/proc/cpuinfo", "flags", "").contains(" hypervisor"),
                Files.isReadable(KVM) && Files.isWritable(KVM),
                text(CPUS.resolve("cpu" + cardCore + "/cpufreq/scaling_governor")),
                text(CLOCK),
                clockReading(),
                Proc.memory("HugePages_Free"),
                Proc.memory("Hugepagesize"),
                Files.isWritable(RESERVED),
                Proc.loadAverage(),
                Median.rounded(quiet.busyPercent(), 1),
                Median.rounded(MachineFacts.CpuTimes.now().since(start).stealPercent(), 1),
                roundTrips);
    }

    private static List<Double> roundTrips(int hostCore, int cardCore, int looks) throws InterruptedException {
        PlacementProbe probe = new PlacementProbe(hostCore, cardCore);
        probe.warmUp();
        Double[] readings = new Double[looks];
        for (int i = 0; i < looks; i++) {
            Thread.sleep(100);
            readings[i] = Median.rounded(probe.read().best(), 1);
        }
        return List.of(readings);
    }

    /** Best of several rounds: what a reading costs when nothing disturbs. */
    private static double clockReading() {
        double best = Double.MAX_VALUE;
        long sum = 0;
        for (int round = 0; round < CLOCK_ROUNDS; round++) {
            long begin = System.nanoTime();
            for (int i = 0; i < CLOCK_READINGS; i++) {
                sum += System.nanoTime();
            }
            best = Math.min(best, (double) (System.nanoTime() - begin) / CLOCK_READINGS);
        }
        return sum == 0 ? 0 : Median.rounded(best, 1);
    }

    /** Numbers of a list such as {@code 0-3,8}. */
    public static List<Integer> siblings(String list) {
        return Arrays.stream(list.split(",", -1))
                .filter(range -> !range.isBlank())
                .flatMap(range -> {
                    String[] ends = range.strip().split("-", 2);
                    int first = Integer.parseInt(ends[0]);
                    int last = Integer.parseInt(ends[ends.length - 1]);
                    return IntStream.rangeClosed(first, last).boxed();
                })
                .toList();
    }

    /** A file's one line; empty if this kernel has none. */
    private static String text(Path file) throws IOException {
        return Files.isReadable(file)
                ? Files.readString(file, StandardCharsets.US_ASCII).strip()
                : "";
    }

    /** Looks that found the cores in this placement. */
    public long count(Placement placement) {
        return roundTrips.stream()
                .filter(nanos -> Placement.of(nanos) == placement)
                .count();
    }
}
