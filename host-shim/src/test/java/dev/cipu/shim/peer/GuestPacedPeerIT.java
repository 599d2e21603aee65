package dev.cipu.shim.peer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A Debian guest's fio feels the latencies of a card's profile on a paced disk, and nothing of them on the disk beside it. */
@Timeout(180)
class GuestPacedPeerIT {
    private static final Duration LIMIT = Duration.ofMinutes(2);
    private static final Pattern MEDIAN = Pattern.compile("(vd. \\w+) median=(\\d+)");

    /** Microseconds: far above what the emulation takes, so that it can be told apart. */
    private static final long READ = 20_000;

    private static final long WRITE = 10_000;

    /**
     * Microseconds that a median may lie above the profile and the emulation's own time, which is that of the disk beside it: while it
     * waits, an emulated processor sleeps, and on a machine that is busy it wakes up late.
     */
    private static final long ERROR = 4_000;

    @TempDir
    Path folder;

    @BeforeAll
    static void peers() {
        Peers.require("qemu", "qemu-utils", "guest");
    }

    private String profile() throws IOException {
        Path file = folder.resolve("slow.yaml");
        Files.writeString(file, """
                name: slow
                title: A slow card
                year: 2020
                introduced: {what: nothing, mark: A, reason: made up}
                features:
                  net: {what: software, mark: A, reason: made up}
                  blk: {what: software, mark: A, reason: made up}
                figures:
                  storage:
                    read-latency: {value: %d, unit: us, mark: A, reason: made up}
                    write-latency: {value: %d, unit: us, mark: A, reason: made up}
                    tail: {value: 1, unit: times, mark: A, reason: made up}
                """.formatted(READ, WRITE));
        return file.toString();
    }

    private static long median(List<String> results, String what) {
        for (String line : results) {
            Matcher matcher = MEDIAN.matcher(line);
            if (matcher.find() && matcher.group(1).equals(what)) {
                return Long.parseLong(matcher.group(2));
            }
        }
        throw new AssertionError("no median of " + what + " in " + results);
    }

    @Test
    void medianLatenciesAreTheProfiles() throws IOException {
        Path paced = folder.resolve("disk0.sock");
        Path plain = folder.resolve("disk1.sock");
        try (CardProcess card = CardProcess.serve(
                folder,
                "--idle",
                "sleep",
                "--timing",
                profile(),
                "--blk",
                "socket=" + paced + ",store=mem:64M",
                "--blk",
                "socket=" + plain + ",store=mem:64M,timing=none")) {
            List<String> results;
            try (Guest guest = Guest.running(folder, "paced.sh")
                    .disk(paced, "num-queues=1")
                    .disk(plain, "num-queues=1")
                    .start()) {
                results = guest.finish(LIMIT);
            }
            check(results, "randread", READ);
            check(results, "randwrite", WRITE);
            assertThat(card.counters()).contains("blk0/paced0").doesNotContain("blk1/paced0");
            card.end();
        }
    }

    private static void check(List<String> results, String kind, long latency) {
        long unpaced = median(results, "vdb " + kind);
        assertThat(median(results, "vda " + kind))
                .as("microseconds of %s, of %s", kind, results)
                .isBetween(latency, latency + 2 * unpaced + ERROR);
        assertThat(unpaced).as("microseconds of %s, of %s", kind, results).isLessThan(latency);
    }
}
