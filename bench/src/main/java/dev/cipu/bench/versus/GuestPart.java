package dev.cipu.bench.versus;

import dev.cipu.bench.process.CacheFolder;
import dev.cipu.bench.process.EmulatedGuest;
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
    @Override
    public String name() {
        return "guest";
    }

    @Override
    public List<CaseResult> measure(Run run) throws IOException, InterruptedException {
        Path exec = CacheFolder.path().resolve("trixie").resolve("exec");
        if (!Files.isReadable(exec)) {
            throw new CommandFailure(
                    ExitCode.MISSING, "QEMU 11 is missing; on Debian: scripts/trixie-tree.sh makes it");
        }
        EmulatedGuest guest = EmulatedGuest.of(List.of(exec.toString(), EmulatedGuest.PROGRAM), CacheFolder.guest());
        String version = Program.version(exec.toString(), List.of(EmulatedGuest.PROGRAM, "--version"));
        return run.compare(List.of(new GuestMatch(run.setup(""), guest, version)));
    }
}
