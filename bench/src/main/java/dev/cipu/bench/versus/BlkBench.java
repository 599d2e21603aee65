package dev.cipu.bench.versus;

import dev.cipu.bench.report.CaseResult;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code cipu bench blk}. */
@Command(
        name = "blk",
        description = {
            "Requests per second and latency of one virtio-blk queue: our polling client against QEMU's storage daemon"
                    + " and against us, one core each side, in turns."
        })
public final class BlkBench extends ComparisonCommand {
    @Option(
            names = "--disk",
            paramLabel = "FOLDER",
            description = "Where the files of the disk cases go (default ${DEFAULT-VALUE}).")
    private Path disk = BlkPart.DISK;

    @Option(
            names = "--memory-disk",
            paramLabel = "FOLDER",
            description = "Where the files of the shm cases go (default ${DEFAULT-VALUE}).")
    private Path memoryDisk = BlkPart.MEMORY_DISK;

    @Override
    protected List<CaseResult> measure(Run run) throws IOException, InterruptedException {
        return run.of(new BlkPart(disk, memoryDisk));
    }
}
