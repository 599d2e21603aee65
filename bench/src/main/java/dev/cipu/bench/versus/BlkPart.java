package dev.cipu.bench.versus;

import dev.cipu.bench.process.Children;
import dev.cipu.bench.process.Program;
import dev.cipu.bench.process.ScratchFile;
import dev.cipu.bench.process.Setup;
import dev.cipu.bench.process.StorageDaemon;
import dev.cipu.bench.report.CaseResult;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Block requests against QEMU's storage daemon, on every kind of store. Our client's memory is in huge pages if there are
 * free ones, and in small ones otherwise.
 */
public final class BlkPart implements Part {
    static final Path DISK = Path.of("/var/tmp");
    static final Path MEMORY_DISK = Path.of("/dev/shm");
    private static final int FILE_MEGABYTES = 256;
    private static final int QUICK_FILE_MEGABYTES = 64;

    private final Path disk;
    private final Path memoryDisk;

    /** With the files where they go if nobody says otherwise. */
    public BlkPart() {
        this(DISK, MEMORY_DISK);
    }

    /**
     * @param disk folder of the disk cases' files
     * @param memoryDisk folder of the shm cases' files
     */
    BlkPart(Path disk, Path memoryDisk) {
        this.disk = disk;
        this.memoryDisk = memoryDisk;
    }

    @Override
    public String name() {
        return "blk";
    }

    @Override
    public List<CaseResult> measure(Run run) throws IOException, InterruptedException {
        String program = Program.find(StorageDaemon.PROGRAM, Program.searchPath(), StorageDaemon.PACKAGE);
        String version = Program.version(program, List.of("--version"));
        Setup setup = run.setup(program);
        int megabytes = run.quick() ? QUICK_FILE_MEGABYTES : FILE_MEGABYTES;
        run.progress().show("writing files");
        try (ScratchFile ourShm = ScratchFile.create(memoryDisk, megabytes);
                ScratchFile theirShm = ScratchFile.create(memoryDisk, megabytes);
                ScratchFile ourDisk = ScratchFile.create(disk, megabytes);
                ScratchFile theirDisk = ScratchFile.create(disk, megabytes);
                Children children = new Children()) {
            LoadProcess load = LoadProcess.start(children, setup.hostCore());
            return run.compare(List.of(
                            BlkNode.nothing(),
                            BlkNode.memory(),
                            BlkNode.file("shm", ourShm, theirShm, false),
                            BlkNode.file("disk", ourDisk, theirDisk, true))
                    .stream()
                    .map(node -> new BlkMatch(setup, version, node, load))
                    .toList());
        }
    }
}
