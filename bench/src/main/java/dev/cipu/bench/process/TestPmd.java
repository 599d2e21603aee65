package dev.cipu.bench.process;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * DPDK's testpmd as a front-end (virtio-user) with a port that sends back what it receives, commanded through its
 * console. Both of its threads are on one core: the one that forwards, and the one that listens to commands and sleeps
 * otherwise.
 */
public final class TestPmd {
    public static final String PROGRAM = "dpdk-testpmd";
    public static final String PACKAGE = "dpdk-dev";

    /** Makes it tell its version; the last one is wrong on purpose, so that it ends. */
    public static final List<String> VERSION_ARGUMENTS =
            List.of("-v", "--in-memory", "--no-huge", "-m", "32", "--no-pci", "--no-telemetry", "--", "--no-such");

    private static final Duration START = Duration.ofSeconds(30);
    private static final Duration ANSWER = Duration.ofSeconds(10);
    private static final int RING = 1024;

    /** Bursts of 32 that circulate: as many frames as the ring holds. */
    private static final int FIRST_BURSTS = 32;

    private final Child child;
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();

    private TestPmd(Child child) {
        this.child = child;
        Thread.ofPlatform().name("testpmd-console").daemon().start(this::listen);
    }

    /** Options that front-end and back-end share: one core, huge pages if there are any, no devices of the machine. */
    private static List<String> command(Setup setup, int core, Path folder, String name) {
        return new ArrayList<>(List.of(
                "stdbuf",
                "-oL",
                setup.program(),
                "--lcores",
                "0@" + core + ",1@" + core,
                "--main-lcore",
                "0",
                "--file-prefix=" + folder.getFileName() + name,
                setup.hugePages() ? "--in-memory" : "--no-huge",
                "--no-telemetry",
                "--single-file-segments",
                "-m",
                "256",
                "--no-pci"));
    }

    private static void addRest(List<String> command) {
        command.addAll(List.of(
                "--",
                "-i",
                "--nb-cores=1",
                "--forward-mode=io",
                "--total-num-mbufs=16384",
                "--txd=" + RING,
                "--rxd=" + RING));
    }

    /** Starts a back-end that forwards whatever comes. */
    public static Child startBackEnd(Children children, Setup setup, Path socket)
            throws IOException, InterruptedException {
        List<String> command = command(setup, setup.cardCore(), children.folder(), "back");
        command.addAll(List.of("--vdev", "net_vhost0,iface=" + socket + ",queues=1"));
        addRest(command);
        command.add("--auto-start");
        Child child = children.start("net_vhost", setup.cardCore(), false, command);
        child.awaitSocket(socket, START);
        return child;
    }

    /** Starts a front-end on whatever listens at {@code socket}, and waits until its port is up. */
    public static TestPmd startFrontEnd(Children children, Setup setup, Path socket, DriverShape shape, String name)
            throws IOException, InterruptedException {
        List<String> command = command(setup, setup.hostCore(), children.folder(), name);
        command.addAll(shape.options());
        command.addAll(List.of(
                "--vdev",
                "net_virtio_user0,path=" + socket + ",queues=1,queue_size=" + RING + "," + shape.properties()
                        + ",mac=52:54:00:00:00:01"));
        addRest(command);
        TestPmd testPmd = new TestPmd(children.start("virtio_user-" + name, setup.hostCore(), true, command));
        testPmd.stats(START);
        return testPmd;
    }

    private void listen() {
        try (BufferedReader console = child.console()) {
            for (String line = console.readLine(); line != null; line = console.readLine()) {
                lines.add(line);
            }
        } catch (IOException gone) {
            lines.add("console closed: " + gone);
        }
    }

    /** Sends frames of {@code bytes} bytes, as many as the ring holds, and then what comes back. */
    public void start(int bytes) throws IOException {
        lines.clear();
        child.say("set txpkts " + bytes);
        child.say("start tx_first " + FIRST_BURSTS);
    }

    public void stop() throws IOException, InterruptedException {
        child.say("stop");
        for (String line = next(ANSWER); !line.startsWith("Done."); ) {
            line = next(ANSWER);
        }
    }

    public PortStats stats() throws IOException, InterruptedException {
        return stats(ANSWER);
    }

    private PortStats stats(Duration patience) throws IOException, InterruptedException {
        lines.clear();
        child.say("show port stats all");
        List<String> answer = new ArrayList<>();
        String line;
        do {
            line = next(patience);
            answer.add(line);
        } while (!PortStats.isLast(line));
        return PortStats.parse(answer);
    }

    private String next(Duration patience) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        while (System.nanoTime() - deadline < 0) {
            String line = lines.poll(100, TimeUnit.MILLISECONDS);
            if (line != null) {
                return line;
            }
            if (!child.isAlive()) {
                break;
            }
        }
        throw new IOException("testpmd does not answer: " + child.lastWords());
    }
}
