package dev.cipu.bench.versus;

import dev.cipu.bench.process.RunLength;
import dev.cipu.shim.load.BlkLoadSpec;
import dev.cipu.shim.load.BlkWorkload;
import dev.cipu.shim.load.RunSpec;
import dev.cipu.shim.load.Target;
import java.nio.file.Path;
import java.util.Locale;

/**
 * What a block back-end is asked to do.
 *
 * @param workload which blocks, read or written
 * @param blockBytes bytes of a request
 * @param depth requests under way
 */
record BlkJob(BlkWorkload workload, int blockBytes, int depth) {
    private static final int KILO = 1024;
    private static final int FIELDS = 6;

    /** {@code 4k-randread/qd32}. */
    String label() {
        return blockBytes / KILO + "k-" + workload.name().toLowerCase(Locale.ROOT) + "/qd" + depth;
    }

    /** The line that tells a {@link LoadServer} to run this. */
    String line(Path socket, RunLength length) {
        return String.join(
                " ",
                socket.toString(),
                workload.name(),
                Integer.toString(blockBytes),
                Integer.toString(depth),
                Double.toString(length.warmupSeconds()),
                Double.toString(length.seconds()));
    }

    /** The load that such a line asks for, in polling mode on one queue. */
    static BlkLoadSpec parse(String line, int core) {
        String[] fields = line.split(" ", -1);
        if (fields.length != FIELDS) {
            throw new IllegalArgumentException("a job has " + FIELDS + " fields: " + line);
        }
        RunSpec run = RunSpec.ofSeconds(Double.parseDouble(fields[5]))
                .withWarmup(Double.parseDouble(fields[4]))
                .withCore(core);
        return BlkLoadSpec.of(
                Target.of(Path.of(fields[0])),
                BlkWorkload.valueOf(fields[1]),
                Integer.parseInt(fields[2]),
                Integer.parseInt(fields[3]),
                run);
    }
}
