package dev.cipu.bench.versus;

import dev.cipu.bench.process.CacheFolder;
import dev.cipu.bench.process.Program;
import dev.cipu.bench.report.CaseResult;
import dev.cipu.shim.cli.CommandFailure;
import dev.cipu.shim.cli.ExitCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What a guest gets over vfio-user against what it gets over vhost-user, of the same card. */
public final class GuestPart implements Part {
    private static final String QEMU = "qemu-system-x86_64";

    @Override
    public String name() {
        return "guest";
    }

    @Override
    public List<CaseResult> measure(Run run) throws IOException, InterruptedException {
        String exec = made(CacheFolder.path().resolve("trixie").resolve("exec"), "QEMU 11", "trixie-tree.sh");
        Path image = CacheFolder.path().resolve("guest");
        made(image.resolve("full.cpio"), "the guest's image", "guest-image.sh");
        String version = Program.version(exec, List.of(QEMU, "--version"));
        return run.compare(List.of(new GuestMatch(run.setup(""), List.of(exec, QEMU), version, image)));
    }

    private static String made(Path file, String what, String script) {
        if (!Files.isReadable(file)) {
            throw new CommandFailure(ExitCode.MISSING, what + " is missing; on Debian scripts/" + script + " makes it");
        }
        return file.toString();
    }
}
