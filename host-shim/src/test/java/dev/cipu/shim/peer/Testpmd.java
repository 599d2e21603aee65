package dev.cipu.shim.peer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * DPDK's testpmd, driven through its command line. As a front-end it forwards on core 1, because the card polls on core 0.
 * It keeps its memory in memfds of huge pages when enough of them are free, else of small pages.
 */
final class Testpmd implements AutoCloseable {
    private static final Duration REPLY = Duration.ofSeconds(60);
    private static final Pattern COUNTER = Pattern.compile("([RT]X-[a-z]+): +(\\d+)");
    private static final AtomicInteger STARTED = new AtomicInteger();

    private final Child child;

    private Testpmd(Child child) {
        this.child = child;
    }

    /** A front-end with the given virtual devices, one port each; the extra options are testpmd's own. */
    static Testpmd frontend(List<String> devices, String... options) {
        return start("testpmd", 0, devices, List.of(options));
    }

    /** DPDK's own back-end: forwards between two net_vhost ports. */
    static Testpmd backend(List<Path> sockets, int queues, boolean client) {
        List<String> devices = new ArrayList<>();
        for (int i = 0; i < sockets.size(); i++) {
            devices.add(
                    "net_vhost" + i + ",iface=" + sockets.get(i) + ",queues=" + queues + (client ? ",client=1" : ""));
        }
        Testpmd testpmd = start(
                "net_vhost",
                1,
                devices,
                List.of("--auto-start", "--rxq=" + queues, "--txq=" + queues, "--forward-mode=io"));
        testpmd.awaitStart();
        return testpmd;
    }

    private static Testpmd start(String name, int mainCore, List<String> devices, List<String> options) {
        List<String> command = new ArrayList<>(List.of(
                "stdbuf",
                "-oL",
                "dpdk-testpmd",
                "-l",
                "0,1",
                "--main-lcore",
                Integer.toString(mainCore),
                "--in-memory",
                "--no-telemetry",
                "--single-file-segments",
                "-m",
                "256",
                "--no-pci",
                "--file-prefix=cipu" + ProcessHandle.current().pid() + "-" + STARTED.getAndIncrement()));
        if (!hugePages()) {
            command.remove("--in-memory");
            command.add("--no-huge");
        }
        for (String device : devices) {
            command.add("--vdev");
            command.add(device);
        }
        command.addAll(List.of("--", "-i", "--nb-cores=1", "--total-num-mbufs=16384", "--txd=1024", "--rxd=1024"));
        command.addAll(options);
        return new Testpmd(Child.start(name, command));
    }

    private static boolean hugePages() {
        try {
            String mounts = Files.readString(Path.of("/proc/mounts"));
            String memory = Files.readString(Path.of("/proc/meminfo"));
            Matcher free = Pattern.compile("HugePages_Free: +(\\d+)").matcher(memory);
            return mounts.contains(" hugetlbfs ") && free.find() && Integer.parseInt(free.group(1)) >= 160;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits until every port has started. */
    void awaitStart() {
        child.await("^Done$", REPLY);
    }

    /** Gives a command that says nothing worth waiting for. */
    void tell(String command) {
        child.say(command);
    }

    /** Gives a command and waits for its answer. */
    Matcher ask(String command, String answer) {
        int mark = child.mark();
        child.say(command);
        return child.await(answer, mark, REPLY);
    }

    /** A port's counters as its driver sees them, such as RX-packets and TX-errors. */
    Map<String, Long> counters(int port) {
        int mark = child.mark();
        child.say("show port stats " + port);
        child.await("Tx-bps", mark, REPLY);
        Map<String, Long> counters = new HashMap<>();
        List<String> lines = child.lines();
        for (String line : lines.subList(mark, lines.size())) {
            Matcher matcher = COUNTER.matcher(line);
            while (matcher.find()) {
                counters.put(matcher.group(1), Long.valueOf(matcher.group(2)));
            }
        }
        return counters;
    }

    /** Waits until a counter of a port has the given value, or more; false when that does not happen. */
    boolean awaitCounter(int port, String counter, long value, Duration limit) throws InterruptedException {
        long deadline = System.nanoTime() + limit.toNanos();
        while (counters(port).getOrDefault(counter, 0L) < value) {
            if (System.nanoTime() > deadline) {
                return false;
            }
            Thread.sleep(100);
        }
        return true;
    }

    /** Leaves in order: the rings are stopped, its files are closed. */
    void quit() {
        child.say("quit");
        int status = child.exit(REPLY);
        if (status != 0) {
            throw new AssertionError("testpmd left with status " + status + ": " + child.lines());
        }
    }

    void kill() {
        child.kill();
    }

    @Override
    public void close() {
        child.close();
    }
}
