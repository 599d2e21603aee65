package dev.cipu.bench.overhead;

import dev.cipu.bench.process.CacheFolder;
import dev.cipu.bench.process.EmulatedGuest;
import dev.cipu.bench.process.Program;
import dev.cipu.bench.process.StorageDaemon;
import dev.cipu.bench.process.TestPmd;
import dev.cipu.shim.cli.CommandFailure;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
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
        EmulatedGuest guest = search.guest();
        return new Stands.Peers(stdbuf == null ? null : testpmd, daemon, guest, List.copyOf(search.missing));
    }

    private @Nullable String program(String name, String debianPackage, Way way) {
        return find(way, () -> Program.find(name, Program.searchPath(), debianPackage));
    }

    private <T> @Nullable T find(Way way, Supplier<T> what) {
        try {
            return what.get();
        } catch (CommandFailure e) {
            missing.add(way.title() + ": " + e.getMessage());
            return null;
        }
    }

    private @Nullable EmulatedGuest guest() {
        String qemu = program(EmulatedGuest.PROGRAM, EmulatedGuest.PACKAGE, Way.VMM);
        // without QEMU, too: all that is missing is told at once
        EmulatedGuest guest = find(
                Way.VMM,
                () -> EmulatedGuest.of(List.of(qemu == null ? EmulatedGuest.PROGRAM : qemu), CacheFolder.guest()));
        return qemu == null ? null : guest;
    }
}
