package dev.cipu.bench.overhead;

import dev.cipu.bench.process.Child;
import dev.cipu.bench.process.Children;
import dev.cipu.bench.process.EmulatedGuest;
import dev.cipu.bench.process.RunLength;
import dev.cipu.bench.process.StorageDaemon;
import dev.cipu.shim.load.GuestLoadResult;
import dev.cipu.shim.load.OrderPlan;
import dev.cipu.shim.posix.Affinity;
import dev.cipu.shim.posix.CpuUsage;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * QEMU with devices of its own, in its main loop as they are by default, and a Linux guest under emulation whose load is told
 * what to do through a serial port. Two network cards meet at a hub inside QEMU: what goes out of one comes in at the other.
 *
 * <p>The emulated processor's thread counts as the driver, all others as the device.
 */
final class VmmStand implements Stand {
    private static final String PROCESSOR = "CPU ";
    private static final String READY = "READY";
    private static final String BEGIN = "BEGIN";
    private static final String END = "END";
    private static final String IDLE = "IDLE";

    /** What the load has room for. */
    private static final int MOST_BLOCK_BYTES = 1 << 20;

    private static final long MOST_BYTES = 170L << 18;

    /** Beyond the length of a job, for what it waits for at its end. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    /** Frames may have a VLAN tag, as those of all other ways. */
    private static final String SCRIPT =
            "ip link set eth0 mtu 1504 up\nip link set eth1 mtu 1504 up\nexec load /dev/ttyS1\n";

    private static final List<String> DEVICES = List.of(
            "-netdev",
            "hubport,id=h0,hubid=0",
            "-netdev",
            "hubport,id=h1,hubid=0",
            "-device",
            "virtio-net-pci,netdev=h0,mac=52:54:00:00:00:01,romfile=",
            "-device",
            "virtio-net-pci,netdev=h1,mac=52:54:00:00:00:02,romfile=",
            "-blockdev",
            StorageDaemon.NULL_NODE,
            "-device",
            "virtio-blk-pci,drive=disk");

    private static final double MILLIS = 1e3;
    private static final long UNKNOWN = -1;

    private final Child child;

    private VmmStand(Child child) {
        this.child = child;
    }

    /**
     * Boots a guest and holds it.
     *
     * @param hostCore where its processor runs
     * @param deviceCore where everything else of QEMU does
     * @throws IOException if it does not get as far as its load
     */
    static Stand start(Children children, EmulatedGuest guest, int hostCore, int deviceCore)
            throws IOException, InterruptedException {
        Child child = guest.boot(children, "vmm", deviceCore, SCRIPT, READY, DEVICES);
        CpuUsage.threadsOf(child.pid()).forEach((tid, name) -> {
            if (name.startsWith(PROCESSOR)) {
                Affinity.pin(tid, List.of(hostCore));
            }
        });
        child.hold();
        return new VmmStand(child);
    }

    @Override
    public Way way() {
        return Way.VMM;
    }

    @Override
    public @Nullable String refusal(Work work) {
        Work.Requests requests = work.requests();
        boolean fits = requests == null
                || (requests.bytes() <= MOST_BLOCK_BYTES && (long) requests.bytes() * requests.depth() <= MOST_BYTES);
        return fits ? null : "the load in the guest has no room for so many requests of that size";
    }

    @Override
    public boolean takesOrders() {
        return false;
    }

    @Override
    public Measured measure(Work work, RunLength length, @Nullable OrderPlan orders, boolean profile)
            throws IOException, InterruptedException {
        if (orders != null) {
            throw new IllegalArgumentException("an emulated guest takes no orders");
        }
        child.goOn();
        try {
            child.say(job(work, length));
            Duration limit = length.with(PATIENCE);
            expect(BEGIN, limit);
            Map<String, CpuUsage> before = CpuUsage.ofThreads(child.pid());
            expect(END, limit);
            Map<String, CpuUsage> after = CpuUsage.ofThreads(child.pid());
            VmmAnswer answer = VmmAnswer.parse(child.nextLine(limit));
            expect(IDLE, limit);
            return measured(answer, before, after);
        } finally {
            child.hold();
        }
    }

    private void expect(String line, Duration limit) throws IOException, InterruptedException {
        String said = child.nextLine(limit);
        if (!said.equals(line)) {
            throw new IOException("the emulated guest's load says: " + said);
        }
    }

    private static String job(Work work, RunLength length) {
        Work.Packets packets = work.packets();
        Work.Requests requests = work.requests();
        return String.format(
                Locale.ROOT,
                "%d %d %s %d %d %d %d",
                packets == null ? 0 : packets.bytes(),
                packets == null ? 0 : packets.atOnce(),
                requests == null ? "-" : requests.workload(),
                requests == null ? 0 : requests.bytes(),
                requests == null ? 0 : requests.depth(),
                (long) (length.warmupSeconds() * MILLIS),
                (long) (length.seconds() * MILLIS));
    }

    /** The two parts of the process, and what the guest says. */
    static Measured measured(VmmAnswer answer, Map<String, CpuUsage> before, Map<String, CpuUsage> after) {
        CpuUsage driver = CpuUsage.NONE;
        Map<String, CpuUsage> device = new HashMap<>();
        for (Map.Entry<String, CpuUsage> thread : after.entrySet()) {
            CpuUsage used = thread.getValue().since(before.getOrDefault(thread.getKey(), CpuUsage.NONE));
            if (thread.getKey().startsWith(PROCESSOR)) {
                driver = driver.plus(used);
            } else {
                device.put(thread.getKey(), used);
            }
        }
        GuestLoadResult result = new GuestLoadResult(
                answer.seconds(),
                answer.packets(),
                answer.requests(),
                driver.cpuNanos(),
                1,
                driver.switches(),
                UNKNOWN,
                UNKNOWN,
                UNKNOWN,
                "");
        return Measured.of(new Job.Answer(null, result, device, UNKNOWN, UNKNOWN, UNKNOWN, Map.of()), Map.of());
    }
}
