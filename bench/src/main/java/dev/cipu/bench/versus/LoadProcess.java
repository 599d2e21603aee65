package dev.cipu.bench.versus;

import dev.cipu.bench.process.Child;
import dev.cipu.bench.process.Children;
import dev.cipu.bench.process.Program;
import dev.cipu.bench.process.RunLength;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** Our block client in a process of its own, see {@link LoadServer}. One thread uses it. */
final class LoadProcess {
    /** Beyond the length of a job: a back-end may be slow with what is in flight. */
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Child child;

    private LoadProcess(Child child) {
        this.child = child;
    }

    static LoadProcess start(Children children, int core) throws IOException, InterruptedException {
        return new LoadProcess(children.start(
                "load", core, true, Program.java(LoadServer.class.getName(), List.of(Integer.toString(core)))));
    }

    /** Runs a job against the back-end at {@code socket}; returns the figures. */
    Map<String, Double> run(BlkJob job, Path socket, RunLength length) throws IOException, InterruptedException {
        child.say(job.line(socket, length));
        return LoadServer.figures(child.nextLine(length.with(PATIENCE)));
    }
}
