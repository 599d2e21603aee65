package dev.cipu.bench.versus;

import dev.cipu.bench.process.Children;
import dev.cipu.bench.process.Program;
import dev.cipu.bench.process.ScratchFile;
import dev.cipu.bench.process.Setup;
import dev.cipu.bench.process.StorageDaemon;
import dev.cipu.bench.report.CaseResult;
import dev.cipu.bench.report.Progress;
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
    private static final int FILE_MEGABYTES = 256;
    private static final int QUICK_FILE_MEGABYTES = 64;

    @Option(
            names = "--disk",
            paramLabel = "FOLDER",
            description = "Where the files of the disk cases go (default ${DEFAULT-VALUE}).")
    private Path disk = Path.of("/var/tmp");

    @Option(
            names = "--memory-disk",
            paramLabel = "FOLDER",
            description = "Where the files of the shm cases go (default ${DEFAULT-VALUE}).")
    private Path memoryDisk = Path.of("/dev/shm");

    @Override
    List<CaseResult> compare(BenchOptions options, boolean hugePages, Progress progress)
            throws IOException, InterruptedException {
        String program = Program.find(StorageDaemon.PROGRAM, Program.searchPath(), StorageDaemon.PACKAGE);
        String version = Program.version(program, List.of("--version"));
        Setup setup = options.setup(program, hugePages);
        int megabytes = options.quick() ? QUICK_FILE_MEGABYTES : FILE_MEGABYTES;
        progress.show("writing files");
        try (ScratchFile ourShm = ScratchFile.create(memoryDisk, megabytes);
                ScratchFile theirShm = ScratchFile.create(memoryDisk, megabytes);
                ScratchFile ourDisk = ScratchFile.create(disk, megabytes);
                ScratchFile theirDisk = ScratchFile.create(disk, megabytes);
                Children children = new Children()) {
            LoadProcess load = LoadProcess.start(children, options.cores().hostCore());
            List<BlkMatch> matches = List.of(
                            BlkNode.nothing(),
                            BlkNode.memory(),
                            BlkNode.file("shm", ourShm, theirShm, false),
                            BlkNode.file("disk", ourDisk, theirDisk, true))
                    .stream()
                    .map(node -> new BlkMatch(setup, version, node, load))
                    .toList();
            return all(options.comparison(progress), matches);
        }
    }

    /** Our client's memory is in huge pages if there are free ones, and in small ones otherwise. */
    @Override
    int hugePages() {
        return 0;
    }
}
