package dev.cipu.bench.versus;

import dev.cipu.bench.process.Child;
import dev.cipu.bench.process.RunLength;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/** A block back-end, driven by the client that both sides share. */
final class BlkContender implements Contender<BlkJob> {
    private final Child server;
    private final Path socket;
    private final LoadProcess load;

    BlkContender(Child server, Path socket, LoadProcess load) {
        this.server = server;
        this.socket = socket;
        this.load = load;
    }

    @Override
    public Map<String, Double> measure(BlkJob job, RunLength length) throws IOException, InterruptedException {
        server.goOn();
        Map<String, Double> figures = load.run(job, socket, length);
        server.hold();
        return figures;
    }
}
