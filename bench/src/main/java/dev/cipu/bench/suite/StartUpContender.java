package dev.cipu.bench.suite;

import dev.cipu.bench.machine.Median;
import dev.cipu.bench.process.Child;
import dev.cipu.bench.process.Children;
import dev.cipu.bench.process.RunLength;
import dev.cipu.bench.versus.Contender;
import java.io.BufferedReader;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Starts the command line again and again, one process at a time. There is no warm-up: a start has none. */
final class StartUpContender implements Contender<StartUp> {
    private static final double NANOS_A_MILLI = 1e6;
    private static final double NANOS = 1e9;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Children children;
    private final Launch launch;
    private final int core;
    private final boolean cached;

    StartUpContender(Children children, Launch launch, int core, boolean cached) {
        this.children = children;
        this.launch = launch;
        this.core = core;
        this.cached = cached;
    }

    /** The median of as many starts as there is time for, at least one. */
    @Override
    public Map<String, Double> measure(StartUp what, RunLength length) throws IOException, InterruptedException {
        List<Double> millis = new ArrayList<>();
        long begin = System.nanoTime();
        do {
            millis.add(start(what));
        } while (System.nanoTime() - begin < length.seconds() * NANOS);
        return Map.of(StartUpMatch.MILLIS, Median.of(millis), "starts", (double) millis.size());
    }

    /** Milliseconds from the call that starts a process to its end, or to the line that says that it is ready. */
    private double start(StartUp what) throws IOException, InterruptedException {
        List<String> command = launch.command(what.cache(), cached, what.arguments(children.folder(), core));
        long begin = System.nanoTime();
        Child child = children.start(what.label(), core, true, command);
        try (BufferedReader console = child.console()) {
            boolean done = what.ends() ? ends(child, console) : isReady(console);
            double took = (System.nanoTime() - begin) / NANOS_A_MILLI;
            if (!done) {
                throw new IOException("cipu " + what.label() + (cached ? " with" : " without") + " its cache failed: "
                        + child.lastWords());
            }
            return took;
        } finally {
            child.end();
        }
    }

    private static boolean ends(Child child, BufferedReader console) throws IOException, InterruptedException {
        boolean spoke = false;
        while (console.readLine() != null) {
            spoke = true;
        }
        return child.awaitEnd(PATIENCE) == 0 && spoke;
    }

    private static boolean isReady(BufferedReader console) throws IOException {
        for (String line = console.readLine(); line != null; line = console.readLine()) {
            if (line.startsWith(StartUp.READY)) {
                return true;
            }
        }
        return false;
    }
}
