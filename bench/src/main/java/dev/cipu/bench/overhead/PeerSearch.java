package dev.cipu.bench.overhead;

import dev.cipu.bench.process.CacheFolder;
import dev.cipu.bench.process.Program;
import dev.cipu.bench.process.StorageDaemon;
import dev.cipu.bench.process.TestPmd;
import dev.cipu.shim.cli.CommandFailure;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Looks for what the ways of others need. Nothing of it is necessary. */
final class PeerSearch {
    private final List<String> missing = new ArrayList<>();

    private PeerSearch() {}

    /** What this machine has. */
    static Stands.Peers find() {
        PeerSearch search = new PeerSearch();
        String stdbuf = search.program("stdbuf", "coreutils", Way.POLL_PEER);
        String testpmd = search.program(TestPmd.PROGRAM, TestPmd.PACKAGE, Way.POLL_PEER);
        String daemon = search.program(StorageDaemon.PROGRAM, StorageDaemon.PACKAGE, Way.POLL_PEER);
        VmmStand.Image image = search.image();
        return new Stands.Peers(stdbuf == null ? null : testpmd, daemon, image, List.copyOf(search.missing));
    }

    private @Nullable String program(String name, String debianPackage, Way way) {
        try {
            return Program.find(name, Program.searchPath(), debianPackage);
        } catch (CommandFailure e) {
            missing.add(way.title() + ": " + e.getMessage());
            return null;
        }
    }

    private VmmStand.@Nullable Image image() {
        String qemu = program("qemu-system-x86_64", "qemu-system-x86", Way.VMM);
        Path guest = CacheFolder.path().resolve("guest");
        Path kernel = guest.resolve("vmlinuz");
        Path initrd = guest.resolve("full.cpio");
        if (!Files.isReadable(kernel) || !Files.isReadable(initrd)) {
            missing.add(Way.VMM.title() + ": the guest's image is missing; on Debian: scripts/guest-image.sh makes it");
            return null;
        }
        return qemu == null ? null : new VmmStand.Image(qemu, kernel, initrd);
    }
}
