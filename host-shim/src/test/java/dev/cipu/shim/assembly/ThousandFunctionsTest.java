package dev.cipu.shim.assembly;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.shim.posix.OpenDescriptors;
import dev.cipu.shim.posix.UnixSocket;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** As many functions as a card of the cloud has: each of them is there, and what they take is bounded. */
@Timeout(300)
class ThousandFunctionsTest {
    private static final int FUNCTIONS = 1000;
    private static final int KINDS = 4;

    /** A listening socket and an event each, and some for the card. */
    private static final int DESCRIPTORS_EACH = 2;

    private static final int SOME = 40;
    private static final long KIB_EACH = 200;

    @TempDir
    private Path directory;

    private Path socket(int index) {
        return directory.resolve("f" + index);
    }

    private CardAssembly card() {
        CardSpecBuilder builder = new CardSpecBuilder()
                .idle("test", "backoff")
                .stats(directory.resolve("counters"))
                .control("test", directory + "/control");
        builder.store("void", new KeyValues("test", Map.of("store", "null:1G")));
        for (int i = 0; i < FUNCTIONS; i++) {
            String where = "id=f" + i + ",socket=" + socket(i) + (i % KINDS < 2 ? "" : ",transport=vfio-user");
            builder.device(
                    i % 2 == 0 ? "net" : "blk", KeyValues.parse("test", i % 2 == 0 ? where : where + ",store=void"));
        }
        CardSpec spec = builder.build();
        CardAssembly card = CardAssembly.start(spec);
        spec.devices().forEach(card::serve);
        return card;
    }

    private static long threads() {
        return status("Threads:");
    }

    private static long residentKib() {
        System.gc();
        return status("VmRSS:");
    }

    private static long status(String name) {
        try {
            return Files.readAllLines(Path.of("/proc/self/status")).stream()
                    .filter(line -> line.startsWith(name))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                    .findFirst()
                    .orElseThrow();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private long functionsWithASession() {
        try {
            return CounterFile.read(directory.resolve("counters")).groups().stream()
                    .filter(group -> group.owner().endsWith("/session"))
                    .filter(group -> Long.valueOf(1).equals(group.values().get("sessions")))
                    .count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long descriptors() {
        try {
            return OpenDescriptors.count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void eventually(LongSupplier what, long atMost) throws InterruptedException {
        long end = System.nanoTime() + 20_000_000_000L;
        while (what.getAsLong() > atMost && System.nanoTime() < end) {
            Thread.sleep(20);
        }
        assertThat(what.getAsLong()).isLessThanOrEqualTo(atMost);
    }

    @Test
    void allOfThemAreThereAndTakeLittle() throws Exception {
        long threads = threads();
        long descriptors = descriptors();
        long kib = residentKib();
        try (CardAssembly card = card()) {
            assertThat(card.spec().devices()).hasSize(FUNCTIONS);
            assertThat(threads() - threads).as("threads").isLessThan(SOME);
            assertThat(descriptors() - descriptors)
                    .as("descriptors")
                    .isLessThanOrEqualTo(FUNCTIONS * DESCRIPTORS_EACH + SOME);
            assertThat(residentKib() - kib).as("KiB").isLessThan(FUNCTIONS * KIB_EACH);
            for (int i = 0; i < FUNCTIONS; i++) {
                UnixSocket.connect(socket(i)).close();
            }
            eventually(() -> FUNCTIONS - functionsWithASession(), 0);
            eventually(ThousandFunctionsTest::threads, threads + SOME);
            assertThat(CounterFile.read(directory.resolve("counters")).unlisted())
                    .isZero();
        }
        assertThat(directory.toFile().list()).containsExactly("counters");
        eventually(ThousandFunctionsTest::descriptors, descriptors);
        eventually(ThousandFunctionsTest::threads, threads + SOME);
    }
}
