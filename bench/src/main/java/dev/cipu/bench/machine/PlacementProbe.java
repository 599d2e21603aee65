package dev.cipu.bench.machine;

import dev.cipu.shim.posix.Affinity;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * Measures how far two cores are from each other: two pinned threads throw one cache line to and fro. The best window
 * tells the placement; a median far above it tells that something else runs on one of the cores.
 *
 * <p>One thread at a time uses it; each probe starts two threads of its own and takes some 10 to 40 ms.
 */
public final class PlacementProbe {
    private static final VarHandle BALL = ValueLayout.JAVA_LONG.varHandle().withInvokeExactBehavior();
    private static final int WINDOWS = 24;
    private static final int TRIPS = 2_000;
    private static final int WARM_UPS = 3;
    private static final int LINE_BYTES = 128;

    /** The other thread may be off its core for long on a busy machine; after this the probe gives up waiting. */
    private static final long PATIENCE_NANOS = 2_000_000_000L;

    private static final int LOOKS_PER_CLOCK = 1 << 14;
    private static final long GIVEN_UP = -1;

    private final int firstCore;
    private final int secondCore;

    /**
     * What a probe found, in nanoseconds for a round trip.
     *
     * @param best of all windows
     * @param median of all windows
     */
    public record Reading(double best, double median) {
        public Placement placement() {
            return Placement.of(best);
        }
    }

    public PlacementProbe(int firstCore, int secondCore) {
        this.firstCore = firstCore;
        this.secondCore = secondCore;
    }

    /** Lets the JVM compile the probe, which is several times slower before. */
    public void warmUp() throws InterruptedException {
        for (int i = 0; i < WARM_UPS; i++) {
            read();
        }
    }

    /** Probes once. */
    public Reading read() throws InterruptedException {
        try (Arena arena = Arena.ofShared()) {
            MemorySegment line = arena.allocate(LINE_BYTES, LINE_BYTES);
            double[] windows = new double[WINDOWS];
            Arrays.fill(windows, Double.MAX_VALUE);
            Thread echo = Thread.ofPlatform().name("probe-echo").daemon().start(() -> {
                Affinity.pin(secondCore);
                echo(line);
            });
            Thread serve = Thread.ofPlatform().name("probe-serve").daemon().start(() -> {
                Affinity.pin(firstCore);
                serve(line, windows);
            });
            serve.join();
            echo.join();
            Arrays.sort(windows);
            return new Reading(windows[0], windows[WINDOWS / 2]);
        }
    }

    private static void serve(MemorySegment line, double[] windows) {
        long ball = 0;
        for (int window = 0; window < WINDOWS; window++) {
            long start = System.nanoTime();
            for (int trip = 0; trip < TRIPS; trip++) {
                BALL.setRelease(line, 0L, ball + 1); // pairs with the echo's acquire
                ball += 2;
                if (!isThere(line, ball)) {
                    BALL.setRelease(line, 0L, GIVEN_UP); // ends the echo
                    return;
                }
            }
            windows[window] = (double) (System.nanoTime() - start) / TRIPS;
        }
    }

    private static void echo(MemorySegment line) {
        long ball = 1;
        for (long last = 2L * WINDOWS * TRIPS; ball < last && isThere(line, ball); ball += 2) {
            BALL.setRelease(line, 0L, ball + 1); // pairs with the server's acquire
        }
    }

    private static boolean isThere(MemorySegment line, long ball) {
        long deadline = 0;
        for (int looks = 1; ; looks++) {
            long now = (long) BALL.getAcquire(line, 0L); // pairs with the other side's release
            if (now == ball) {
                return true;
            }
            if (now == GIVEN_UP) {
                return false;
            }
            if (looks % LOOKS_PER_CLOCK == 0) {
                long time = System.nanoTime();
                deadline = deadline == 0 ? time + PATIENCE_NANOS : deadline;
                if (time - deadline > 0) {
                    return false;
                }
            }
        }
    }
}
