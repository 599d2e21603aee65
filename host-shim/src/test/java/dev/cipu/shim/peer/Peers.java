package dev.cipu.shim.peer;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;

/**
 * Which of other people's programs are here. {@code ./check} finds out and says so in the system property {@code cipu.peers};
 * a test that needs one names it first, and is skipped with the reason when it is missing.
 */
final class Peers {
    private static final Map<String, String> HOW = Map.of(
            "testpmd", "dpdk-testpmd is missing (Debian: dpdk-dev)",
            "qemu", "qemu-system-x86_64 is missing (Debian: qemu-system-x86)",
            "qemu-utils", "qemu-storage-daemon is missing (Debian: qemu-utils)",
            "tshark", "tshark is missing (Debian: tshark)",
            "seabios", "the firmware is missing (Debian: seabios)",
            "guest", "the guest image is missing (scripts/guest-image.sh)",
            "zoned", "the guest's newer kernel is missing (scripts/zoned-guest.sh)",
            "qemu11", "QEMU 11 is missing (scripts/trixie-tree.sh)",
            "metal", "the disks of whole machines are missing (scripts/metal-disk.sh)");

    private Peers() {}

    static void require(String... names) {
        String here = System.getProperty("cipu.peers", "");
        for (String name : names) {
            assumeTrue(Arrays.asList(here.split(",")).contains(name), HOW.getOrDefault(name, name + " is missing"));
        }
    }

    /** The folder of the guest's kernel and images. */
    static Path guest() {
        return cache().resolve("guest");
    }

    /** The folder of a kernel that knows zoned disks, and of what it needs besides the guest's image. */
    static Path zoned() {
        return cache().resolve("zoned");
    }

    /** The folder of the disks that whole machines boot from. */
    static Path metal() {
        return cache().resolve("metal");
    }

    /** The command prefix that runs a program of the newer Debian tree. */
    static Path newer() {
        return tree().resolve("exec");
    }

    /** The newer Debian tree, where firmware is. */
    static Path tree() {
        return cache().resolve("trixie");
    }

    /** Does the run use other people's back-ends in the card's place? Then a failure is not the card's. */
    static boolean reference() {
        return Boolean.getBoolean("cipu.reference");
    }

    /** The folder of everything that is downloaded or built from downloads. */
    static Path cache() {
        String folder = System.getProperty("cipu.cache");
        return folder == null ? Path.of(System.getProperty("user.home"), ".cache", "cipu") : Path.of(folder);
    }
}
